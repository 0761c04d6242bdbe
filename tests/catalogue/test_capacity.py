"""What is rendered so that a full queue, a bad span, a full disk or one tenant do not stop the rest."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from support import compiled, one_service
from tracegen.system.units import size_in_bytes

_TEMPO = {"type": "tempo", "tenants": ["red", "blue"]}
_TWO = {"a": {"language": "go", "tenant": "red"}, "b": {"language": "go", "tenant": "blue"}}


def tree(folder: Path, **said: Any) -> Any:
    """A reader of the rendered YAML files of a spec."""
    rendered = compiled(folder, one_service(**said))
    return lambda path: yaml.safe_load(rendered.tree[path])


def queues(config: Any) -> dict[str, Any]:
    return {name: each["sending_queue"] for name, each in config["exporters"].items() if "sending_queue" in each}


@pytest.mark.parametrize("destinations", [1, 2, 5])
def test_queues_together_fit_their_volume(tmp_path: Path, destinations: int) -> None:
    """Six queues were each sized for the whole of it: 10 GB on 2 GiB."""
    also = [
        {"name": f"vendor-{number}", "endpoint": "https://otlp.example.com"} for number in range(destinations - 1)
    ]
    config = tree(tmp_path, collector={"also": also})("collector/gateway.yaml")
    spans = [each["queue_size"] for each in queues(config).values()]
    assert len(spans) == destinations and sum(spans) * 1_000 <= 0.8 * size_in_bytes("2Gi")
    storage = config["extensions"]["file_storage"]
    assert 0.8 * size_in_bytes("2Gi") < storage["max_size"] * destinations < size_in_bytes("2Gi")
    assert storage["compaction"]["rebound_needed_threshold_mib"] * 2**20 <= storage["max_size"]


def test_spans_in_memory_are_counted_at_what_they_take_there(tmp_path: Path) -> None:
    config = tree(tmp_path, collector={"queue": "memory", "resources": {"memory": "1Gi"}})("collector/gateway.yaml")
    (queue,) = queues(config).values()
    assert queue["queue_size"] * 2_500 <= 2**30 / 4


def test_fsync_is_a_choice(tmp_path: Path) -> None:
    for fsync in (True, False):
        said = {"queue": {"type": "persistent", "fsync": fsync}}
        storage = tree(tmp_path, collector=said)("collector/gateway.yaml")["extensions"]["file_storage"]
        assert storage.get("fsync", False) is fsync


def test_agents_keep_tenants_apart(tmp_path: Path) -> None:
    """One queue for all made a throttled tenant stop the others, whose spans were stored again and again."""
    collector = {"topology": "agent+gateway"}
    config = tree(tmp_path, backend=_TEMPO, services=_TWO, collector=collector)("collector/agent.yaml")
    assert set(queues(config)) == {"otlp_grpc/gateway-red", "otlp_grpc/gateway-blue"}
    pipelines = config["service"]["pipelines"]
    assert pipelines["traces/red"]["exporters"] == ["otlp_grpc/gateway-red"]
    assert "filter/blue" in pipelines["traces/blue"]["processors"]


def test_what_lies_before_the_balancer_is_redacted(tmp_path: Path) -> None:
    collector = {"replicas": 2, "redact": {"patterns": ["email"]}}
    tail = {"tail": {"keep": ["errors"]}}
    read = tree(tmp_path, collector=collector, sampling=tail)
    processors = read("collector/balancer.yaml")["service"]["pipelines"]["traces"]["processors"]
    assert "redaction/email" in processors
    assert "redaction/email" not in read("collector/gateway.yaml")["processors"]


@pytest.mark.parametrize("also", [False, True])
def test_behind_tail_sampling_a_full_queue_waits_unless_others_would_too(tmp_path: Path, also: bool) -> None:
    others = [{"name": "vendor", "endpoint": "https://otlp.example.com"}] if also else []
    said = {"sampling": {"tail": {"keep": ["errors"]}}, "collector": {"also": others}}
    config = tree(tmp_path, **said)("collector/gateway.yaml")
    assert all(each.get("block_on_overflow", False) is not also for each in queues(config).values())


def test_every_process_is_watched(tmp_path: Path) -> None:
    """Alerts looked at the gateway alone, which behind a balancer refuses nobody who would be lost."""
    said = {"collector": {"replicas": 2}, "sampling": {"tail": {"keep": ["errors"]}}, "metrics": True}
    read = tree(tmp_path, **said)
    rules = {each["alert"]: each["expr"] for each in read("prometheus/pipeline.rules.yaml")["groups"][0]["rules"]}
    jobs = {each["job_name"] for each in read("prometheus/prometheus.yml")["scrape_configs"]} - {"span-metrics"}
    assert jobs == {"otel-balancer", "otel-gateway", "jaeger"}
    assert all(job in rules["ProcessAway"] for job in jobs)
    assert "otel-balancer" in rules["SpansRefused"] and "jaeger" in rules["SpansRefusedInside"]
    for alert in ("QueueNearlyFull", "QueueFull", "SpansLostInSending", "NothingIsTaken"):
        assert "otel-balancer|otel-gateway" in rules[alert]
    assert "/etc/prometheus/pipeline.rules.yaml" in read("prometheus/prometheus.yml")["rule_files"]


def test_tempo_in_one_process_drops_no_live_traces_in_silence(tmp_path: Path) -> None:
    config = tree(tmp_path, backend={"type": "tempo"})("tempo/tempo.yaml")
    assert config["overrides"]["defaults"]["ingestion"]["max_traces_per_user"] == 0
    assert config["live_store"]["max_live_traces_bytes"] <= size_in_bytes("1Gi") / 5


def test_tempo_takes_the_traffic_that_is_stated(tmp_path: Path) -> None:
    services = {"api": {"language": "go", "traffic": {"requests_per_second": 10_000, "spans_per_trace": 4}}}
    config = tree(tmp_path, backend={"type": "tempo"}, services=services)("tempo/tempo.yaml")
    assert config["overrides"]["defaults"]["ingestion"]["rate_limit_bytes"] == 80_000_000


@pytest.mark.parametrize("kind", ["elasticsearch", "opensearch"])
def test_one_document_does_not_stop_a_batch_and_small_indices_have_one_shard(tmp_path: Path, kind: str) -> None:
    """With five for each of four kinds, two nodes were full of shards after 66 days."""
    storage = {"type": kind, "urls": ["https://a.example.com:9200", "https://b.example.com:9200"], "shards": 5}
    rendered = compiled(tmp_path, one_service(backend={"type": "jaeger", "storage": storage}))
    config = yaml.safe_load(rendered.tree["jaeger/config.yaml"])
    main = config["extensions"]["jaeger_storage"]["backends"]["main"][kind]
    assert main["poison_pill_handling"] == "drop"
    shards = {name: each["shards"] for name, each in main["indices"].items() if isinstance(each, dict)}
    assert shards == {"spans": 5, "services": 1, "dependencies": 1, "sampling": 1}
    cleaner = rendered.system.components["jaeger-index-cleaner"]
    assert set(storage["urls"]) < set(cleaner.args)


@pytest.mark.parametrize("kind", ["elasticsearch", "opensearch"])
def test_a_red_cluster_is_not_healthy(tmp_path: Path, kind: str) -> None:
    rendered = compiled(tmp_path, one_service(backend={"type": "jaeger", "storage": kind}))
    health = rendered.system.components[kind].health
    assert health and "wait_for_status=yellow" in health.command[-1]


def test_kafka_deletes_before_its_volume_is_full(tmp_path: Path) -> None:
    backend = {"type": "jaeger", "mode": "scalable", "storage": "opensearch", "kafka": {"size": "20Gi"}}
    parts = compiled(tmp_path, one_service(backend=backend)).system.components
    (script,) = parts["kafka-topic"].entrypoint[-1:]
    kept, segment = (int(script.split(f"{key}=")[1].split()[0]) for key in ("retention.bytes", "segment.bytes"))
    assert 3 * (kept + segment) <= 0.8 * size_in_bytes("20Gi")
    assert "-loggc" not in "".join(parts["kafka"].environment["EXTRA_ARGS"])
