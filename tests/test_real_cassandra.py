"""Rendered files over a real Cassandra: tables with the retention of the spec, spans in, out, and still there."""

import socket
import struct
from pathlib import Path
from typing import Any

import pytest

from programs.running import Span, StoredSpan, read_trace, send_spans, wait_until
from programs.system import System
from support import compiled

DAY = 24 * 3600


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """The folder of what runs."""
    folder = tmp_path / "run"
    folder.mkdir()
    return folder


def system(run: Path, address: str, keyspace: str, **storage: Any) -> System:
    """The node that is rendered, at the address of the one that runs."""
    backend: dict[str, Any] = {"type": "jaeger", "storage": {"type": "cassandra", "keyspace": keyspace, **storage}}
    if storage.get("manage", True):
        backend["retention"] = "3d"
    described = {
        "tracegen": 1,
        "name": "shop",
        "targets": ["compose"],
        "backend": backend,
        "services": {"api": {"language": "go"}},
    }
    outside = {"cassandra:9042": address, "store.example.com:9042": address}
    return System(compiled(run.parent, described), run, outside=outside)


def stored(rendered: System, trace_id: str) -> list[StoredSpan]:
    """The spans of a trace, once the API has them."""
    return wait_until(lambda: read_trace(f"http://{rendered.address('jaeger', 'ui')}", trace_id))


def send(rendered: System, name: str) -> Span:
    """A span that the collector has acknowledged."""
    span = Span(name, attributes={"http.route": "/cart"})
    send_spans(f"http://{rendered.address('otel-gateway', 'otlp-http')}", {"service.name": "api"}, [span])
    return span


def test_spans_go_in_at_the_collector_and_come_out_of_the_api(
    run: Path, jaeger: Path, collector: Path, cassandra_server: Any
) -> None:
    rendered = system(run, cassandra_server.address, "in_and_out")
    with rendered.up("jaeger", jaeger), rendered.up("otel-gateway", collector):
        found = stored(rendered, send(rendered, "GET /cart").trace_id)
        assert [each.span.name for each in found] == ["GET /cart"]
        assert found[0].span.attributes["http.route"] == "/cart"
        assert found[0].resource["service.name"] == "api"


def test_spans_are_still_there_when_jaeger_was_killed_and_those_sent_meanwhile_come_too(
    run: Path, jaeger: Path, collector: Path, cassandra_server: Any
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


def test_tables_are_made_with_the_retention_of_the_spec(run: Path, jaeger: Path, cassandra_server: Any) -> None:
    rendered = system(run, cassandra_server.address, "retention")
    with rendered.up("jaeger", jaeger):
        for table in ("traces", "service_names", "dependencies_v2"):
            query = (
                "SELECT default_time_to_live FROM system_schema.tables"
                f" WHERE keyspace_name = 'retention' AND table_name = '{table}'"
            )
            assert number(cassandra_server.address, query) == 3 * DAY, table


def test_nothing_is_made_in_somebody_elses_keyspace(run: Path, jaeger: Path, cassandra_server: Any) -> None:
    """With `manage: false` Jaeger ends when the keyspace is not there, and says so."""
    storage = {"servers": ["store.example.com:9042"], "manage": False}
    rendered = system(run, cassandra_server.address, "not_there", **storage)
    backend = rendered.prepare("jaeger", jaeger)
    backend.start()
    wait_until(lambda: not backend.alive)
    assert "not_there" in backend.output()
    query = "SELECT count(*) FROM system_schema.keyspaces WHERE keyspace_name = 'not_there'"
    assert number(cassandra_server.address, query) == 0


def number(address: str, query: str) -> int:
    """What a query for one number finds, asked in Cassandra's own protocol, version 4."""
    options = {"CQL_VERSION": "3.0.0"}
    start = struct.pack(">h", len(options)) + b"".join(_text(each) for pair in options.items() for each in pair)
    asked = struct.pack(">i", len(query)) + query.encode() + struct.pack(">hb", 1, 0)  # consistency ONE, no flags
    host, _, port = address.rpartition(":")
    with socket.create_connection((host, int(port)), timeout=10) as client:
        _call(client, 1, start)
        answer = _call(client, 7, asked)
    # The answer ends with the one row: the length of its one value, and the value.
    length = 8 if answer[-12:-8] == struct.pack(">i", 8) else 4
    return int.from_bytes(answer[-length:], "big", signed=True)


def _text(text: str) -> bytes:
    return struct.pack(">h", len(text)) + text.encode()


def _call(client: socket.socket, operation: int, body: bytes) -> bytes:
    client.sendall(struct.pack(">bbhbi", 4, 0, 0, operation, len(body)) + body)
    head = _read(client, 9)
    content = _read(client, int.from_bytes(head[5:9], "big"))
    assert head[4] != 0, content  # 0: an error
    return content


def _read(client: socket.socket, count: int) -> bytes:
    content = b""
    while len(content) < count:
        more = client.recv(count - len(content))
        assert more, "the server hung up"
        content += more
    return content
