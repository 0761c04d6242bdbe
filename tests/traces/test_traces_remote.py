"""Addresses: Tempo's answers as its documentation has them (no Tempo runs here), and servers that are neither.

https://grafana.com/docs/tempo/latest/api_docs/
"""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest

from tracegen.traces import CannotReadTraces, Store, Wanted, read
from traces.made import data, made, resource_spans, varint

TRACES = {f"{number:032x}": data(resource_spans("web", made("GET /", number, trace=number))) for number in (1, 2)}


@contextmanager
def server(answers: object) -> Iterator[tuple[str, list[tuple[str, dict[str, list[str]], dict[str, str]]]]]:
    """Answers by path: (status, content); and what was asked."""
    asked: list[tuple[str, dict[str, list[str]], dict[str, str]]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            address = urlsplit(self.path)
            asked.append((address.path, parse_qs(address.query), dict(self.headers)))
            status, content = answers(address.path)  # type: ignore[operator]
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as serving:
        threading.Thread(target=serving.serve_forever, args=(0.05,), daemon=True).start()
        yield f"http://127.0.0.1:{serving.server_address[1]}", asked
        serving.shutdown()


def tempo(path: str, *, version: str = "/v2") -> tuple[int, bytes]:
    found = {"traces": [{"traceID": each.lstrip("0")} for each in TRACES]}
    if path == "/api/search":
        return 200, json.dumps(found).encode()
    identity = path.rpartition("/")[2].zfill(32)
    if path.startswith(f"/api{version}/traces/") and identity in TRACES:
        trace = TRACES[identity].SerializeToString()
        # TraceByIDResponse has the trace as its first field; before the second version it is the whole answer.
        return 200, b"\x0a" + varint(len(trace)) + trace if version else trace
    return 404, b"not found"


@pytest.mark.parametrize("version", ["/v2", ""])
def test_what_a_tempo_has_is_read(version: str) -> None:
    wanted = Wanted(traces=7, service='we"b', headers=(("X-Scope-OrgID", "team"),))
    with server(lambda path: tempo(path, version=version)) as (address, asked), Store() as store:
        store.add(read(address, wanted))
        assert {span.trace_id for span in store.spans()} == set(TRACES)
    search = next(query for path, query, _ in asked if path == "/api/search")
    assert search["limit"] == ["7"]
    assert search["q"] == ['{resource.service.name="we\\"b"}']
    assert all(headers["X-Scope-Orgid"] == "team" for _, _, headers in asked)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ((404, b""), "neither Jaeger's query address"),
        ((200, b"<html>a page</html>"), "neither Jaeger's query address"),
        ((401, b"who are you?"), "answered 401: who are you?"),
        ((200, b'{"services": ["web"], "data": ["web"]}'), "cannot read traces from"),
    ],
)
def test_what_answers_otherwise_is_told(answer: tuple[int, bytes], words: str) -> None:
    with server(lambda path: answer) as (address, _), Store() as store:
        with pytest.raises(CannotReadTraces, match=words.replace("?", r"\?")):
            store.add(read(address))
        assert store.counts().held == 0
