"""Jaeger on OpenSearch and behind Kafka, with real servers and the rendered files: spans in, spans out, none lost."""

import os
import secrets
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from programs.jaeger_words import as_the_judge_knows_it
from programs.running import Span, StoredSpan, fetch, free_port, read_trace, send_spans, wait_until
from programs.servers.kafka import KafkaServer
from programs.servers.search import SearchServer
from programs.servers.web import request
from programs.system import System
from support import compiled, one_service

#: Searchable after the bulk request (200 ms) and the refresh of the index (1 s); a loaded machine is slower.
_SECONDS = 60


def system(tmp_path: Path, outside: dict[str, str], **backend: Any) -> System:
    spec = one_service(backend={"type": "jaeger", **backend})
    return System(compiled(tmp_path, spec), tmp_path / "run", outside=outside, adapt=as_the_judge_knows_it)


def split(tmp_path: Path, kafka: KafkaServer, search: SearchServer, topic: str, **options: Any) -> System:
    """Collector, ingester and query around a new topic of Kafka, which is made with these options."""
    kafka.create_topic(topic, **options)
    return system(
        tmp_path,
        {"opensearch:9200": search.address, "kafka:9092": kafka.address},
        mode="scalable",
        storage={"type": "opensearch", "index_prefix": topic},
        kafka={"topic": topic, "brokers": ["kafka:9092"]},
    )


def sent(rendered: System, count: int) -> list[Span]:
    """Traces of one span that the rendered collector has acknowledged."""
    spans = [Span(f"GET /{number}") for number in range(count)]
    address = f"http://{rendered.address('otel-gateway', 'otlp-http')}"
    for start in range(0, count, 50):
        send_spans(address, {"service.name": "api"}, spans[start : start + 50])
    return spans


def stored(rendered: System, component: str, span: Span) -> list[StoredSpan]:
    ui = f"http://{rendered.address(component, 'ui')}"
    return wait_until(lambda: read_trace(ui, span.trace_id), _SECONDS)


def test_spans_reach_opensearch_and_come_out_of_the_api(
    tmp_path: Path, jaeger: Path, collector: Path, opensearch_server: SearchServer
) -> None:
    come_out(tmp_path, jaeger, collector, "opensearch", opensearch_server)


def test_spans_reach_elasticsearch_and_come_out_of_the_api(
    tmp_path: Path, jaeger: Path, collector: Path, elasticsearch_server: SearchServer
) -> None:
    come_out(tmp_path, jaeger, collector, "elasticsearch", elasticsearch_server)


def come_out(tmp_path: Path, jaeger: Path, collector: Path, kind: str, server: SearchServer) -> None:
    """Also with a retention so long that Jaeger asks for a year of indices."""
    prefix = f"shop{time.time_ns()}"
    storage = {"type": kind, "index_prefix": prefix}
    rendered = system(tmp_path, {f"{kind}:9200": server.address}, storage=storage, retention="365d")
    with rendered.up("jaeger", jaeger), rendered.up("otel-gateway", collector):
        for span in sent(rendered, 20):
            assert stored(rendered, "jaeger", span)[0].span.name == span.name
        services = f"http://{rendered.address('jaeger', 'ui')}/api/v3/services"
        wait_until(lambda: b"api" in fetch(services).body, _SECONDS)
    today = time.strftime("%Y-%m-%d", time.gmtime())
    assert f"{prefix}-jaeger-span-{today}" in server.indices(), "the names that the cleaner looks for"


def test_the_split_loses_nothing_when_the_ingester_is_killed(
    tmp_path: Path, jaeger: Path, collector: Path, kafka_server: KafkaServer, opensearch_server: SearchServer
) -> None:
    topic = f"split{time.time_ns()}"
    rendered = split(tmp_path, kafka_server, opensearch_server, topic, partitions=3)
    with (
        rendered.up("jaeger-collector", jaeger),
        rendered.up("jaeger-query", jaeger),
        rendered.up("otel-gateway", collector),
    ):
        ingester = rendered.start("jaeger-ingester", jaeger)
        first = sent(rendered, 100)
        stored(rendered, "jaeger-query", first[0])
        ingester.kill9()
        second = sent(rendered, 100)
        wait_until(lambda: sum(kafka_server.end_offsets(topic).values()) > 0)
        with ingester:
            for span in (*first, *second):
                assert stored(rendered, "jaeger-query", span)


def test_a_collector_without_kafka_refuses_and_the_gateway_keeps_the_spans(
    tmp_path: Path, jaeger: Path, collector: Path, kafka_server: KafkaServer, opensearch_server: SearchServer
) -> None:
    """Nothing is acknowledged to the gateway that Kafka does not have: its queue holds what came meanwhile."""
    rendered = split(tmp_path, kafka_server, opensearch_server, f"late{time.time_ns()}")
    with rendered.up("otel-gateway", collector), rendered.up("jaeger-query", jaeger):
        spans = sent(rendered, 50)
        with rendered.up("jaeger-collector", jaeger), rendered.up("jaeger-ingester", jaeger):
            for span in spans:
                assert stored(rendered, "jaeger-query", span)


def test_brokers_of_others_take_what_the_gateway_sends(
    tmp_path: Path, jaeger: Path, collector: Path, kafka_server: KafkaServer, opensearch_server: SearchServer
) -> None:
    """With Kafka's own limit of 1 MiB: a larger message is refused for good, and what is in it would be dropped."""
    settings = {"max.message.bytes": "1048588"}
    rendered = split(tmp_path, kafka_server, opensearch_server, f"large{time.time_ns()}", settings=settings)
    # What cannot be compressed, three times the limit, in one request.
    spans = [Span("GET /", attributes={"blob": secrets.token_urlsafe(1_500)}) for _ in range(1_500)]
    with (
        rendered.up("jaeger-collector", jaeger),
        rendered.up("jaeger-ingester", jaeger),
        rendered.up("jaeger-query", jaeger),
        rendered.up("otel-gateway", collector),
    ):
        address = f"http://{rendered.address('otel-gateway', 'otlp-http')}"
        send_spans(address, {"service.name": "api"}, spans)
        for span in spans[::50]:
            assert stored(rendered, "jaeger-query", span)


def test_what_is_no_trace_does_not_stop_its_partition(
    tmp_path: Path, jaeger: Path, kafka_server: KafkaServer, opensearch_server: SearchServer
) -> None:
    """The receiver's default is to pause the partition until somebody restarts the ingester."""
    topic = f"poison{time.time_ns()}"
    rendered = split(tmp_path, kafka_server, opensearch_server, topic)
    kafka_server.send(topic, b"this is no trace\n")
    with (
        rendered.up("jaeger-collector", jaeger),
        rendered.up("jaeger-query", jaeger),
        rendered.up("jaeger-ingester", jaeger),
    ):
        span = Span("after it")
        send_spans(f"http://{rendered.address('jaeger-collector', 'otlp-http')}", {"service.name": "api"}, [span])
        assert stored(rendered, "jaeger-query", span)


@pytest.mark.parametrize("retention", ["90d", "110d", "130d"])
def test_services_are_listed_however_long_spans_live(
    tmp_path: Path, jaeger: Path, opensearch_server: SearchServer, retention: str
) -> None:
    """The servers refuse a request whose first line names more than about a hundred days."""
    storage = {"type": "opensearch", "index_prefix": f"long{time.time_ns()}"}
    outside = {"opensearch:9200": opensearch_server.address}
    rendered = system(tmp_path, outside, storage=storage, retention=retention)
    with rendered.up("jaeger", jaeger):
        send_spans(f"http://{rendered.address('jaeger', 'otlp-http')}", {"service.name": "api"}, [Span("GET /")])
        services = f"http://{rendered.address('jaeger', 'ui')}/api/v3/services"
        wait_until(lambda: b"api" in fetch(services).body, _SECONDS)


def test_an_archived_trace_is_found_when_retention_has_taken_the_rest(
    tmp_path: Path, jaeger: Path, opensearch_server: SearchServer
) -> None:
    """Twenty days old: Jaeger's default looks three days back, in an archive too."""
    prefix = f"archived{time.time_ns()}"
    storage = {"type": "opensearch", "index_prefix": prefix}
    outside = {"opensearch:9200": opensearch_server.address}
    rendered = system(tmp_path, outside, storage=storage, retention="30d", archive=True)
    old = Span("old", start=time.time_ns() - 20 * 86_400 * 10**9)
    with rendered.up("jaeger", jaeger):
        send_spans(f"http://{rendered.address('jaeger', 'otlp-http')}", {"service.name": "api"}, [old])
        stored(rendered, "jaeger", old)
        archive = f"http://{rendered.address('jaeger', 'ui')}/api/archive/{old.trace_id}"
        assert request("POST", archive, None, {}).status == 200
        for index in opensearch_server.indices(f"{prefix}-jaeger-span-*"):
            opensearch_server.call("DELETE", index)
        assert stored(rendered, "jaeger", old)[0].span.name == "old"


def test_the_cleaner_deletes_what_is_old_and_nobody_elses(
    tmp_path: Path, jaeger: Path, jaeger_index_cleaner: Path, opensearch_server: SearchServer
) -> None:
    """It goes by the day on which an index was made, so here its number of days stands for time that passes."""
    prefix = f"clean{time.time_ns()}"
    outside = {"opensearch:9200": opensearch_server.address}
    rendered = system(tmp_path, outside, storage={"type": "opensearch", "index_prefix": prefix}, archive=True)
    span = Span("GET /")
    with rendered.up("jaeger", jaeger):
        send_spans(f"http://{rendered.address('jaeger', 'otlp-http')}", {"service.name": "api"}, [span])
        stored(rendered, "jaeger", span)
        archive = f"http://{rendered.address('jaeger', 'ui')}/api/archive/{span.trace_id}"
        assert request("POST", archive, None, {}).status == 200
        wait_until(lambda: opensearch_server.indices(f"{prefix}-archive-*"), _SECONDS)
    today = time.strftime("%Y-%m-%d", time.gmtime())
    opensearch_server.create_index(f"other-{prefix}-jaeger-span-{today}")
    before = opensearch_server.indices(f"*{prefix}*")
    part = rendered.components["jaeger-index-cleaner"]
    days, server = part.args
    assert int(days) > 7 and server == "http://opensearch:9200"
    environment = {**os.environ, **{name: "".join(map(str, value)) for name, value in part.environment.items()}}

    def cleaned(days: str) -> list[str]:
        command = [jaeger_index_cleaner, days, opensearch_server.url]
        subprocess.run(command, env=environment, check=True, capture_output=True, timeout=60)
        left = opensearch_server.indices(f"*{prefix}*")
        return [name for name in before if name not in left]

    assert not cleaned(days), "what is younger than the retention stays"
    assert cleaned("0") == [f"{prefix}-jaeger-service-{today}", f"{prefix}-jaeger-span-{today}"]


def test_the_rendered_broker_starts_and_makes_its_topic(tmp_path: Path, kafka_server: KafkaServer) -> None:
    """The rendered server.properties under the same Kafka, with ports and folders of this machine."""
    rendered = system(tmp_path, {}, mode="scalable", storage={"type": "opensearch"})
    port, controller = free_port(), free_port()
    properties = rendered.rendered.tree["kafka/server.properties"].decode()
    for old, new in (
        ("PLAINTEXT://0.0.0.0:9092", f"PLAINTEXT://127.0.0.1:{port}"),
        ("PLAINTEXT://kafka:9092", f"PLAINTEXT://127.0.0.1:{port}"),
        ("127.0.0.1:9093", f"127.0.0.1:{controller}"),
        ("/var/lib/kafka", str(tmp_path / "kafka")),
    ):
        assert old in properties
        properties = properties.replace(old, new)
    file = tmp_path / "server.properties"
    file.write_text(properties, encoding="utf-8")
    script = rendered.components["kafka"].entrypoint[2]
    cluster = script.split("--cluster-id ")[1].split()[0]
    java = [str(kafka_server.java), "-Xmx256m", "-cp", kafka_server.classpath]
    for _ in range(2):  # the second time it is formatted already, as after a restart
        command = [*java, "kafka.tools.StorageTool", "format", "--ignore-formatted", "-t", cluster, "-c", str(file)]
        subprocess.run(command, check=True, capture_output=True, timeout=60)
    with (tmp_path / "log").open("wb") as log:
        broker = subprocess.Popen([*java, "kafka.Kafka", str(file)], stdout=log, stderr=log)
    try:
        own = KafkaServer(
            kafka_server.version,
            "127.0.0.1",
            port,
            broker.pid,
            tmp_path / "log",
            java=kafka_server.java,
            classpath=kafka_server.classpath,
        )
        words = rendered.components["kafka-topic"].entrypoint[2].split(" && ")[0].split()
        arguments = words[words.index("--topic") :]
        wait_until(lambda: own.tool("org.apache.kafka.tools.TopicCommand", "--list") is not None, 60)
        own.tool("org.apache.kafka.tools.TopicCommand", *arguments)
        own.tool("org.apache.kafka.tools.TopicCommand", *arguments)
        assert own.end_offsets("shop-spans") == {0: 0, 1: 0, 2: 0}
    finally:
        broker.terminate()
        broker.wait(30)
