"""Rendered files over a real Cassandra: tables with the retention of the spec, spans in, out, and still there."""

from pathlib import Path
from typing import Any

import pytest

from programs.running import Span, StoredSpan, read_trace, send_spans, wait_until
from programs.servers.cassandra import CassandraServer
from programs.system import System
from sizes import scrape
from support import compiled, one_service

DAY = 24 * 3600


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """The folder of what runs."""
    return tmp_path / "run"


def system(run: Path, address: str, keyspace: str, **storage: Any) -> System:
    """The node that is rendered, at the address of the one that runs."""
    backend: dict[str, Any] = {"type": "jaeger", "storage": {"type": "cassandra", "keyspace": keyspace, **storage}}
    if storage.get("manage", True):
        backend["retention"] = "3d"
    outside = {"cassandra:9042": address, "store.example.com:9042": address}
    return System(compiled(run.parent, one_service(backend=backend)), run, outside=outside)


def stored(rendered: System, trace_id: str) -> list[StoredSpan]:
    """The spans of a trace, once the API has them."""
    return wait_until(lambda: read_trace(f"http://{rendered.address('jaeger', 'ui')}", trace_id))


def send(rendered: System, name: str) -> Span:
    """A span that the collector has acknowledged."""
    span = Span(name, attributes={"http.route": "/cart"})
    send_spans(f"http://{rendered.address('otel-gateway', 'otlp-http')}", {"service.name": "api"}, [span])
    return span


def test_spans_go_in_at_the_collector_and_come_out_of_the_api(
    run: Path, jaeger: Path, collector: Path, cassandra_server: CassandraServer
) -> None:
    rendered = system(run, cassandra_server.address, "in_and_out")
    with rendered.up("jaeger", jaeger), rendered.up("otel-gateway", collector):
        found = stored(rendered, send(rendered, "GET /cart").trace_id)
        assert [each.span.name for each in found] == ["GET /cart"]
        assert found[0].span.attributes["http.route"] == "/cart"
        assert found[0].resource["service.name"] == "api"


def test_spans_are_still_there_when_jaeger_was_killed_and_those_sent_meanwhile_come_too(
    run: Path, jaeger: Path, collector: Path, cassandra_server: CassandraServer
) -> None:
    rendered = system(run, cassandra_server.address, "killed")
    backend = rendered.start("jaeger", jaeger)
    with rendered.up("otel-gateway", collector):
        before = send(rendered, "before")
        stored(rendered, before.trace_id)
        backend.kill9()
        meanwhile = send(rendered, "meanwhile")
        with backend:
            assert stored(rendered, before.trace_id) and stored(rendered, meanwhile.trace_id)


def test_tables_are_made_with_the_retention_of_the_spec(
    run: Path, jaeger: Path, cassandra_server: CassandraServer
) -> None:
    rendered = system(run, cassandra_server.address, "retention")
    with rendered.up("jaeger", jaeger):
        for table in ("traces", "service_names", "dependencies_v2"):
            where = f"keyspace_name = 'retention' AND table_name = '{table}'"
            rows = cassandra_server.rows(f"SELECT default_time_to_live FROM system_schema.tables WHERE {where}")
            assert rows == [{"default_time_to_live": 3 * DAY}], table


def test_nothing_is_made_in_somebody_elses_keyspace(
    run: Path, jaeger: Path, cassandra_server: CassandraServer
) -> None:
    """With `manage: false` Jaeger ends when the keyspace is not there, and says so."""
    storage = {"servers": ["store.example.com:9042"], "manage": False}
    rendered = system(run, cassandra_server.address, "not_there", **storage)
    backend = rendered.prepare("jaeger", jaeger)
    backend.start()
    wait_until(lambda: not backend.alive)
    assert "not_there" in backend.output()
    assert not cassandra_server.rows("SELECT * FROM system_schema.keyspaces WHERE keyspace_name = 'not_there'")


def test_what_waited_is_stored_once_and_the_queue_empties(
    run: Path, jaeger: Path, collector: Path, cassandra_server: CassandraServer
) -> None:
    """With the exporter's default of 5 s and 3 MB a request everything was sent again, and nothing acknowledged."""
    rendered, count = system(run, cassandra_server.address, "waited"), 1_000
    address = f"http://{rendered.address('otel-gateway', 'otlp-http')}"
    # An exporter that finds nobody waits longer each time: the address is given before anything runs there.
    with rendered.up("otel-gateway", collector):
        for _ in range(count // 100):
            spans = [Span("GET /cart", attributes={"text": "x" * 600}) for _ in range(100)]
            send_spans(address, {"service.name": "api"}, spans)
        with rendered.up("jaeger", jaeger):
            gateway, backend = (
                f"http://{rendered.address(each, 8888)}/metrics" for each in ("otel-gateway", "jaeger")
            )
            sent = "otelcol_exporter_sent_spans_total"
            wait_until(lambda: scrape(gateway).get(sent) == count or None, 240)
            assert scrape(gateway)["otelcol_exporter_queue_size"] == 0
            assert scrape(backend)["otelcol_receiver_accepted_spans_total"] == count, "some were sent again"
