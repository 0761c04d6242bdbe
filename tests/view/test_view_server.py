"""The receiver and what it answers, without a browser: protocols, refusals, bounds, who may ask, and the commands."""

import gzip
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support import ROOT
from tracegen.layout import layout, without_circles
from tracegen.traces import Store, decode, statistics
from tracegen.view import CannotListen, Declared, Viewer, edge_states
from tracegen.view.answers import Answers
from tracegen.view.receiver import LARGEST
from tracegen.view.service_map import service_map
from traces.made import as_json, data, made, resource_spans
from view.shop import DECLARED, HOSTILE, hostile, shop

PROTOBUF, JSON = "application/x-protobuf", "application/json"
ONE = data(resource_spans("web", made("GET /", 1, kind="server")))


@pytest.fixture
def viewer() -> Iterator[Viewer]:
    with Store() as store, Viewer(store, DECLARED, http_port=0, grpc_port=0) as viewer:
        yield viewer


def post(viewer: Viewer, content: bytes, path: str = "/v1/traces", **headers: str) -> tuple[int, bytes]:
    said = {"Content-Type": PROTOBUF, **{key.replace("_", "-"): value for key, value in headers.items()}}
    try:
        with urllib.request.urlopen(urllib.request.Request(viewer.http + path, content, said), timeout=20) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def get(viewer: Viewer, path: str, **headers: str) -> tuple[int, bytes, Any]:
    try:
        with urllib.request.urlopen(
            urllib.request.Request(viewer.page + path, headers=headers), timeout=20
        ) as answer:
            return answer.status, answer.read(), answer.headers
    except urllib.error.HTTPError as error:
        return error.code, error.read(), error.headers


def asked(viewer: Viewer, path: str) -> Any:
    status, content, _ = get(viewer, f"api/{path}")
    assert status == 200, content
    return json.loads(content)


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("kind", [PROTOBUF, JSON, f"{JSON}; charset=utf-8"])
def test_otlp_over_http_is_taken(viewer: Viewer, kind: str, packed: bool) -> None:
    content = ONE.SerializeToString() if kind == PROTOBUF else json.dumps(as_json(ONE)).encode()
    headers = {"Content_Type": kind, **({"Content_Encoding": "gzip"} if packed else {})}
    status, answer = post(viewer, gzip.compress(content) if packed else content, **headers)
    assert (status, answer) == (200, b"" if kind == PROTOBUF else b"{}")
    assert [span.name for span in viewer.store.spans()] == ["GET /"]


@pytest.mark.parametrize("kind", [PROTOBUF, JSON])
def test_an_empty_request_is_taken(viewer: Viewer, kind: str) -> None:
    assert post(viewer, b"" if kind == PROTOBUF else b"{}", Content_Type=kind)[0] == 200
    assert viewer.store.counts().held == 0


def test_a_request_in_chunks_is_taken(viewer: Viewer) -> None:
    connection = http.client.HTTPConnection(viewer.http.removeprefix("http://"), timeout=20)
    content = ONE.SerializeToString()
    parts = iter([content[:10], content[10:]])
    connection.request("POST", "/v1/traces", body=parts, headers={"Content-Type": PROTOBUF}, encode_chunked=True)
    assert connection.getresponse().status == 200
    assert viewer.store.counts().held == 1


@pytest.mark.parametrize(
    ("content", "headers", "status", "words"),
    [
        (b"nonsense", {}, 400, "no OTLP"),
        (b"{", {"Content_Type": JSON}, 400, "no JSON"),
        (b"x", {"Content_Encoding": "gzip"}, 400, "gzip is damaged"),
        (b"x", {"Content_Encoding": "br"}, 400, "not known"),
        (b"x", {"Content_Type": "text/plain"}, 415, "not text/plain"),
        (gzip.compress(bytes(LARGEST + 1), mtime=0), {"Content_Encoding": "gzip"}, 413, "more than 64 MiB"),
        (b"x", {"Content_Length": str(LARGEST + 1)}, 413, "more than 64 MiB"),
    ],
)
def test_what_is_no_otlp_is_refused_and_noted(
    viewer: Viewer, content: bytes, headers: dict[str, str], status: int, words: str
) -> None:
    found, answer = post(viewer, content, **headers)
    assert found == status
    assert words in answer.decode()
    assert viewer.store.counts().held == 0
    assert asked(viewer, "map")["services"]


def test_metrics_and_logs_that_cannot_be_read_are_taken_and_passed_over(viewer: Viewer) -> None:
    assert post(viewer, b"anything", "/v1/metrics") == (200, b"")
    assert "metrics are received and passed over" in asked(viewer, "state")["notices"][0]


def test_logs_that_cannot_be_read_are_taken_and_passed_over(viewer: Viewer) -> None:
    assert post(viewer, b"anything", "/v1/logs") == (200, b"")
    assert "logs are received and passed over" in asked(viewer, "state")["notices"][0]
    assert post(viewer, b"", "/v1/other")[0] == 404


@pytest.mark.parametrize("compression", [grpc.Compression.NoCompression, grpc.Compression.Gzip])
def test_otlp_over_grpc_is_taken(viewer: Viewer, compression: grpc.Compression) -> None:
    with grpc.insecure_channel(viewer.grpc.removeprefix("http://"), compression=compression) as channel:
        export = channel.unary_unary("/opentelemetry.proto.collector.trace.v1.TraceService/Export")
        assert export(ONE.SerializeToString(), timeout=20) == b""
        assert (
            channel.unary_unary("/opentelemetry.proto.collector.logs.v1.LogsService/Export")(b"", timeout=20) == b""
        )
        with pytest.raises(grpc.RpcError) as refused:
            export(b"nonsense", timeout=20)
    assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert viewer.store.counts().held == 1


def test_grpc_on_the_port_of_http_is_told(viewer: Viewer) -> None:
    host, port = viewer.http.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=20) as connection:
        connection.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
        connection.recv(1_000)
    assert "gRPC came to the port" in asked(viewer, "state")["notices"][0]


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "10.0.0.1:4318", "", "localhost.evil.example"]
)
@pytest.mark.parametrize("path", ["", "api/state", "events", "app.js"])
def test_the_page_is_given_only_under_a_name_of_this_machine(viewer: Viewer, host: str, path: str) -> None:
    status, content, _ = get(viewer, path, Host=host)
    assert status == 403
    assert b"this machine" in content


@pytest.mark.parametrize("host", ["localhost:9", "127.0.0.1", "[::1]:4318", "LOCALHOST"])
def test_names_of_this_machine_are_known(viewer: Viewer, host: str) -> None:
    assert get(viewer, "api/state", Host=host)[0] == 200


def test_the_page_may_load_only_its_own(viewer: Viewer) -> None:
    status, content, headers = get(viewer, "")
    assert status == 200
    assert b"<script" in content and b"http" not in content.replace(b"http-equiv", b"")
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "unsafe" not in policy and "frame-ancestors 'none'" in policy
    for path in ("../__init__.py", "%2e%2e/viewer.py", "/etc/passwd", "page", "__init__.py", "nothing.js"):
        assert get(viewer, path)[0] == 404


def test_pages_of_this_machine_may_send_and_no_other_may_read(viewer: Viewer) -> None:
    for origin, allowed in (("http://localhost:3000", True), ("https://evil.example", False), ("null", False)):
        request = urllib.request.Request(f"{viewer.http}/v1/traces", method="OPTIONS", headers={"Origin": origin})
        with urllib.request.urlopen(request, timeout=20) as answer:
            assert (answer.headers["Access-Control-Allow-Origin"] == origin) == allowed
        assert get(viewer, "api/state", Origin=origin)[2]["Access-Control-Allow-Origin"] is None


@pytest.mark.parametrize(
    ("path", "status"),
    [("nothing", 404), ("trace?id=77", 404), ("trace?id=xyz", 404), ("span?id=1&number=9", 404), ("map?start=x", 400),
     ("map?start=1e999", 400), ("traces?order=best", 400), ("traces?has=%3D", 400), ("traces?status=bad", 400)],
)  # fmt: skip
def test_questions_that_say_nothing_are_refused(viewer: Viewer, path: str, status: int) -> None:
    found, content, _ = get(viewer, f"api/{path}")
    assert found == status
    assert json.loads(content)["error"]


def test_ports_that_are_taken_are_left_and_told() -> None:
    with Store() as store, Viewer(store, http_port=0, grpc_port=0) as first:
        port = int(first.http.rpartition(":")[2])
        with pytest.raises(CannotListen):
            Viewer(store, http_port=port, grpc_port=0)
        grpc_port = int(first.grpc.rpartition(":")[2])
        with pytest.raises(CannotListen):
            Viewer(store, http_port=0, grpc_port=grpc_port)
    with Store() as store, Viewer(store) as one, Viewer(store) as other:
        assert one.page != other.page
        assert any("4318" in words for words in other.moved)
        assert any("4317" in words for words in other.moved)


def test_five_thousand_spans_a_second_are_taken_in_while_a_page_is_open(viewer: Viewer) -> None:
    """Within the processor time that a second has, on half of a machine's speed."""
    events = urllib.request.urlopen(f"{viewer.page}events", timeout=20)
    stop = threading.Event()

    def page() -> None:  # what an open page asks, as often as it does
        while not stop.wait(1.5):
            asked(viewer, "map")

    thread = threading.Thread(target=page)
    thread.start()
    try:
        requests = [data(*shop(40, first=1 + 40 * each)).SerializeToString() for each in range(40)]
        began = time.process_time()
        for request in requests:
            assert post(viewer, request)[0] == 200
        took = time.process_time() - began
    finally:
        stop.set()
        thread.join()
    held = viewer.store.counts().held
    assert held > 19_000
    assert held / took > 5_000
    assert b"data: " in events.readline()
    events.close()


def test_the_map_lays_what_was_seen_over_what_is_declared() -> None:
    with Store() as store:
        store.add(decode(data(*shop(30)).SerializeToString()))
        found = statistics(store)
        states = edge_states(DECLARED, found)
        undeclared = edge_states(Declared(), found)
    assert {state: sorted(pair for pair in states if states[pair] == state) for state in set(states.values())} == {
        "seen": [("checkout", "payment"), ("frontend", "catalogue"), ("frontend", "checkout"), ("payment", "ledger")],
        "silent": [("checkout", "mail")],
        "undeclared": [("catalogue", "discounts")],
        "outside": [("catalogue", "postgresql"), ("ledger", "postgresql")],
    }
    assert set(undeclared.values()) == {"seen", "outside"}


def test_a_call_to_a_declared_service_that_sends_nothing_is_seen() -> None:
    client = made("GET", 1, kind="client", attributes={"server.address": "pay"})
    with Store() as store:
        store.add(decode(data(resource_spans("web", client)).SerializeToString()))
        known = Declared("shop", ("web", "pay"), (("web", "pay"),), known=True)
        from tracegen.view.service_map import Layouts

        found = service_map(known, statistics(store), Layouts())
    assert {each["name"]: each["state"] for each in found["services"]} == {"web": "seen", "pay": "silent"}
    assert [each["state"] for each in found["edges"]] == ["seen"]


graphs = st.lists(st.tuples(st.integers(0, 12), st.integers(0, 12)), max_size=30)


@given(graphs)
@settings(max_examples=150, deadline=None)
def test_any_graph_has_a_place_for_each_service(edges: list[tuple[int, int]]) -> None:
    pairs = [(f"s{caller}", f"s{callee}") for caller, callee in edges]
    names = {name for pair in pairs for name in pair} | {"alone", "alone too"}
    places = layout(names, pairs)
    assert set(places) == names
    found = list(places.values())
    for number, (layer, place) in enumerate(found):
        for other_layer, other in found[:number]:
            assert abs(layer - other_layer) > 0.45 or abs(place - other) > 0.9


@given(graphs)
def test_circles_are_opened(edges: list[tuple[int, int]]) -> None:
    graph = without_circles(edges)
    assert {frozenset(pair) for pair in graph} == {frozenset(pair) for pair in edges if pair[0] != pair[1]}
    left = set(graph)
    while left:
        callees = {callee for _, callee in left}
        free = {pair for pair in left if pair[0] not in callees}
        assert free, "a circle"
        left -= free


def test_pages_that_ask_the_same_share_the_answer() -> None:
    with Store() as store:
        store.add(decode(ONE.SerializeToString()))
        answers = Answers(store, DECLARED)
        first = answers.answer("map", {})
        assert answers.answer("map", {}) is first
        store.add(decode(ONE.SerializeToString()))
        assert answers.answer("map", {}) is not first


def command(*arguments: str, folder: Path, **more: Any) -> "subprocess.Popen[str]":
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src"), "DISPLAY": "", "WAYLAND_DISPLAY": "", "BROWSER": ""}
    words = [sys.executable, "-m", "tracegen", *arguments]
    return subprocess.Popen(
        words, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **more
    )


def ran(*arguments: str, folder: Path) -> tuple[int, str, str]:
    with command(*arguments, folder=folder) as process:
        out, err = process.communicate(timeout=60)
        return process.returncode, out, err


SPEC = """tracegen: 1
name: tiny
backend: {type: jaeger}
services:
  web: {language: python, calls: [pay, lost]}
  pay: {language: python}
  lost: {language: python}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "tracegen.yaml").write_text(SPEC)
    spans = data(
        resource_spans("web", made("GET /", 1, kind="server", end=50), made("GET", 2, 1, kind="client", end=40)),
        resource_spans("pay", made("pay", 3, 2, kind="server", end=30, error="no money")),
    )
    (tmp_path / "traces.json").write_text(json.dumps(as_json(spans)))
    (tmp_path / "hostile.pb").write_bytes(hostile().SerializeToString())
    return tmp_path


def test_view_receives_and_ends_with_ctrl_c(folder: Path) -> None:
    with command(
        "view", "--from", "traces.json", "--listen", "127.0.0.1:0", "--grpc-port", "0", folder=folder
    ) as process:
        assert process.stdout and process.stderr
        said = dict(line.split(": ", 1) for line in (process.stdout.readline() for _ in range(3)))
        page = said["page"].strip()
        with urllib.request.urlopen(f"{page}api/map", timeout=30) as answer:
            found = json.loads(answer.read())
        assert {each["name"]: each["state"] for each in found["services"]} == {
            "web": "seen",
            "pay": "seen",
            "lost": "silent",
        }
        with urllib.request.urlopen(f"{page}api/state", timeout=30) as answer:
            assert json.loads(answer.read())["sources"] == ["traces.json"]
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=30) == 130
        assert "read: 3 spans" in process.stderr.read()


def test_traces_answers_on_the_terminal(folder: Path) -> None:
    code, out, err = ran("traces", "--from", "traces.json", folder=folder)
    assert (code, err) == (0, "3 spans\n")
    lines = {" ".join(line.split()) for line in out.splitlines()}
    assert "web lost silent - - - - - - -" in lines
    assert any(line.startswith("pay pay no money 1 ") for line in lines)


def test_traces_answers_as_json(folder: Path) -> None:
    code, out, _ = ran("traces", "--from", "traces.json", "--format", "json", folder=folder)
    found = json.loads(out)
    assert code == 0
    edges = {(each["caller"], each["callee"]): each for each in found["dependencies"]}
    assert (edges["web", "pay"]["requests"], edges["web", "pay"]["p95"]) == (1, 30.0)
    assert edges["web", "lost"]["declared"] == "silent"
    assert found["slow"][0]["waits_for"].startswith("pay: pay")
    trace = found["slow"][0]["trace"]
    code, out, _ = ran("traces", "--from", "traces.json", "--trace", trace, "--format", "json", folder=folder)
    assert [each["span"].strip() for each in json.loads(out)["trace"]] == ["web: GET /", "web: GET", "pay: pay"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "name where traces are"),
        (["--from", "nowhere.json"], "No such file"),
        (["--from", "tracegen.yaml"], "neither JSON nor OTLP"),
        (["--from", "traces.json", "--slower-than", "fast"], "is no duration"),
        (["--from", "traces.json", "--attribute", "=x"], "is no condition"),
        (["--from", "traces.json", "--trace", "12"], "there is no trace 12"),
        (["--from", "traces.json", "--compare", "a", "b"], "neither version=VERSION nor TIME..TIME"),
        (["--from", "traces.json", "--compare", "25:00..", ".."], "is no time"),
        (["--from", "http://127.0.0.1:9"], "cannot read traces from http://127.0.0.1:9"),
        (["--store", "tracegen.yaml"], "store"),
    ],
)
def test_what_cannot_be_answered_is_told(folder: Path, arguments: list[str], words: str) -> None:
    code, out, err = ran("traces", *arguments, folder=folder)
    assert (code, out) == (2, "")
    assert words in err
    assert "Traceback" not in err


def test_names_of_spans_cannot_move_the_cursor(folder: Path) -> None:
    spans = data(resource_spans("web\x1b[2J", made("a\r\n\u202eb", 1, kind="server")))
    (folder / "odd.pb").write_bytes(spans.SerializeToString())
    code, out, _ = ran("traces", "--from", "odd.pb", "--from", "hostile.pb", folder=folder)
    assert code == 0
    assert not {"\x1b", "\r", "\u202e"} & set(out)
    assert HOSTILE[:30] in out


def test_a_store_in_a_file_is_asked_later(folder: Path) -> None:
    with Store(folder / "kept") as store:
        store.add(decode(ONE.SerializeToString()))
    code, out, _ = ran("traces", "--store", "kept", "--show", "services", "--format", "json", folder=folder)
    assert code == 0
    assert [each["service"] for each in json.loads(out)["services"] if each.get("requests")] == ["web"]


def test_grpc_is_imported_only_by_who_receives() -> None:
    code = (
        "import sys, tracegen.cli.view, tracegen.cli.traces, tracegen.traces; "
        "print(*sorted({name.split('.')[0] for name in sys.modules} & {'grpc', 'fast_sugiyama', 'jinja2', 'copier'}))"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert not done.stdout.split()
