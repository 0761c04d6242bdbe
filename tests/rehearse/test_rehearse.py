"""Traffic made from a spec: the same for the same seed, as services would send it, and predicted."""

import json
import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from support import ROOT, compiled, one_service, tracegen
from tracegen.rehearse.facts import Facts, facts_of
from tracegen.rehearse.otlp import Part, request
from tracegen.rehearse.predict import expected, interval
from tracegen.rehearse.target import BadAddress, parse
from tracegen.rehearse.traces import CLIENT, INTERNAL, MILLISECOND, SERVER, Rehearsal, Span, Trace

GOLD = {"attribute": {"key": "customer.tier", "values": ["gold", "platinum"]}}


def shop(**more: Any) -> dict[str, Any]:
    return one_service(
        services={
            "web": {
                "language": "node",
                "calls": ["cart", "pay"],
                "traffic": {"requests_per_second": 50, "errors": 0.1, "slow": 0.1, "tagged": 0.2},
            },
            "cart": {"language": "python", "calls": ["pay"], "version": "1.4", "attributes": {"team": "a b"}},
            "pay": {"language": "go", "replicas": 3},
        },
        **more,
    )


def facts(folder: Path, spec: Mapping[str, Any], environment: str | None = None) -> Facts:
    return facts_of(compiled(folder, spec, environment))


def made(found: Facts, seed: int = 1, seconds: float = 4) -> list[Trace]:
    return list(Rehearsal(found, seed).traces(seconds))


def test_the_same_seed_makes_the_same_traces_and_another_seed_others(tmp_path: Path) -> None:
    found = facts(tmp_path, shop())
    assert made(found) == made(found)
    ids = {trace.trace_id for trace in made(found)}
    assert not ids & {trace.trace_id for trace in made(found, seed=2)}
    assert len(ids) == 200


def test_a_longer_rehearsal_begins_like_a_shorter_one(tmp_path: Path) -> None:
    found = facts(tmp_path, shop())
    assert made(found, seconds=3) == made(found, seconds=9)[: len(made(found, seconds=3))]


def test_only_the_start_differs_between_two_sendings(tmp_path: Path) -> None:
    rehearsal = Rehearsal(facts(tmp_path, shop()), 1)
    parts = [Part(trace, service) for trace in rehearsal.traces(0.2) for service in trace.delays]
    first, second = request(rehearsal, parts, 1_000), request(rehearsal, parts, 5_000)

    def shape(message: ExportTraceServiceRequest, moved: int) -> list[object]:
        return [
            (span.span_id, span.name, span.start_time_unix_nano - moved, span.end_time_unix_nano - moved)
            for each in message.resource_spans
            for span in each.scope_spans[0].spans
        ]

    assert shape(first, 1_000) == shape(second, 5_000)


def test_spans_have_parents_and_lie_inside_them(tmp_path: Path) -> None:
    for trace in made(facts(tmp_path, shop())):
        by_id = {span.span_id: span for span in trace.spans}
        assert len(by_id) == len(trace.spans)
        roots = [span for span in trace.spans if not span.parent_id]
        assert [root.kind for root in roots] == [SERVER] and roots[0].service == trace.origin
        for span in trace.spans:
            assert span.start < span.end
            if span.parent_id:
                parent = by_id[span.parent_id]
                assert parent.start <= span.start and span.end <= parent.end
                fits(span, parent)


def fits(span: Span, parent: Span) -> None:
    """A server span answers a client span of another service; all else stays in its own."""
    if span.kind == SERVER:
        assert parent.kind == CLIENT and parent.attributes["server.address"] == span.service
        assert parent.attributes["http.response.status_code"] == span.attributes["http.response.status_code"]
        assert parent.error == span.error
    else:
        assert parent.service == span.service and parent.kind == SERVER


def test_every_declared_call_is_made_and_no_other(tmp_path: Path) -> None:
    rendered = compiled(tmp_path, shop())
    for trace in made(facts_of(rendered), seconds=0.5):
        names = {span.span_id: span.service for span in trace.spans}
        seen = Counter(
            (names[span.parent_id], span.service) for span in trace.spans if span.kind == SERVER and span.parent_id
        )
        assert seen == dict.fromkeys(rendered.system.edges(), 1)


def test_a_trace_is_what_its_class_says(tmp_path: Path) -> None:
    tail = {"tail": {"keep": ["errors", {"slower_than": "200ms"}, {"slower_than": "900ms"}, GOLD]}}
    kinds = Counter[str]()
    for trace in made(facts(tmp_path, shop(sampling=tail)), seconds=20):
        error = any(span.error for span in trace.spans)
        slow = trace.duration > 900 * MILLISECOND
        tagged = any(span.attributes.get("customer.tier") in ("gold", "platinum") for span in trace.spans)
        expected_kind = "error" if error else "slow" if slow else "tagged" if tagged else "normal"
        assert trace.kind == expected_kind
        assert slow or trace.duration < 200 * MILLISECOND
        kinds[trace.kind] += 1
    assert kinds.total() == 1_000
    low, high = interval(1_000, 0.1)
    assert low <= kinds["error"] <= high
    low, high = interval(1_000, 0.9 * 0.9 * 0.8)
    assert low <= kinds["normal"] <= high


def test_an_error_has_an_exception_where_it_began(tmp_path: Path) -> None:
    failed = [trace for trace in made(facts(tmp_path, shop()), seconds=20) if trace.kind == "error"]
    assert len(failed) > 50
    for trace in failed:
        events = [span for span in trace.spans if span.event]
        assert len(events) == 1 and events[0].error and events[0].kind == SERVER
        assert {"exception.type", "exception.message", "exception.stacktrace"} == set(events[0].event or {})
        for span in trace.spans:
            assert span.error == ("error.type" in span.attributes)


@pytest.mark.parametrize(
    ("key", "values"),
    [("http.response.status_code", ["200", "500"]), ("http.route", ["/web/{id}"]), ("http.request.method", ["GET"])],
)
def test_what_a_policy_asks_for_is_only_on_traces_that_are_meant_to_have_it(
    tmp_path: Path, key: str, values: list[str]
) -> None:
    keep = [{"attribute": {"key": key, "values": values}}]
    found = facts(tmp_path, shop(sampling={"tail": {"keep": keep}}))
    for trace in made(found, seconds=10):
        has = any(str(span.attributes.get(key)) in values for span in trace.spans)
        assert has or trace.kind != "tagged"
        assert not has or trace.kind != "normal"


def test_resources_are_as_the_spec_gives_them(tmp_path: Path) -> None:
    spec = {**shop(), "environments": {"prod": {"attributes": {"owner": "x=y,z"}}}}
    rehearsal = Rehearsal(facts(tmp_path, spec, "prod"), 1)
    found = rehearsal.resource("cart", "1")
    wanted = {
        "service.name": "cart",
        "service.namespace": "shop",
        "service.version": "1.4",
        "deployment.environment.name": "prod",
        "team": "a b",
        "owner": "x=y,z",
    }
    assert wanted.items() <= found.items()
    trace = next(rehearsal.traces(1))
    assert len({each.instances["pay"] for each in rehearsal.traces(9)}) == 3
    assert set(trace.instances) == {"web", "cart", "pay"}


def test_baggage_is_on_every_span_and_is_asked_for_only_where_it_is_meant(tmp_path: Path) -> None:
    tail = {"tail": {"keep": [GOLD]}}
    found = facts(tmp_path, shop(sampling=tail, baggage={"to_attributes": ["customer.tier"]}))
    for trace in made(found, seconds=10):
        values = {span.attributes.get("customer.tier") for span in trace.spans}
        assert len(values) == 1 and None not in values
        assert (values <= {"gold", "platinum"}) == (trace.kind == "tagged") or trace.kind in ("error", "slow")


def test_head_samplers_keep_their_share(tmp_path: Path) -> None:
    found = facts(tmp_path, shop(sampling={"head": {"type": "ratio", "ratio": 0.25}}))
    kept = sum(trace.sampled for trace in made(found, seconds=40))
    low, high = interval(2_000, 0.25)
    assert low <= kept <= high
    limited = shop(sampling={"head": {"type": "rate_limit", "traces_per_second": 5}})
    limited["services"] = {name: {**each, "language": "go"} for name, each in limited["services"].items()}
    kept = sum(trace.sampled for trace in made(facts(tmp_path, limited), seconds=40))
    assert 5 * 40 <= kept <= 5 * 41 + 1


def test_without_traffic_a_trace_a_second_starts_where_nobody_calls(tmp_path: Path) -> None:
    services = {"a": {"language": "go", "calls": ["b"]}, "b": {"language": "go"}, "c": {"language": "go"}}
    found = facts(tmp_path, one_service(services=services))
    assert {name: each.rate for name, each in found.services.items()} == {"a": 1.0, "b": 0.0, "c": 1.0}
    circle = {"a": {"language": "go", "calls": ["b"]}, "b": {"language": "go", "calls": ["a"]}}
    trace = made(facts(tmp_path, one_service(services=circle)))[0]
    assert [span.service for span in trace.spans if span.kind == SERVER] == ["a", "b", "a"]


def test_a_trace_has_the_spans_that_are_stated(tmp_path: Path) -> None:
    spec = shop()
    spec["services"]["web"]["traffic"]["spans_per_trace"] = 20
    found = facts(tmp_path, spec)
    assert {len(trace.spans) for trace in made(found)} == {20}
    assert Rehearsal(found, 1).spans() == {"web": 20}
    assert sum(span.kind == INTERNAL for span in made(found)[0].spans) == 13


def test_a_long_chain_and_a_great_crowd_end(tmp_path: Path) -> None:
    names = [f"s{number}" for number in range(300)]
    chain = {name: {"language": "go", "calls": [after]} for name, after in pairwise(names)}
    chain[names[-1]] = {"language": "go"}
    trace = made(facts(tmp_path, one_service(services=chain)), seconds=2)[0]
    assert 200 <= len(trace.spans) < 2_000


@settings(max_examples=50, deadline=None)
@given(st.integers(1, 400), st.floats(0.001, 0.999))
def test_an_interval_holds_what_is_expected(count: int, share: float) -> None:
    low, high = interval(count, share)
    assert 0 <= low <= count * share + 1 and count * share - 1 <= high <= count


def test_prediction_is_the_arithmetic_of_explain(tmp_path: Path) -> None:
    keep = ["errors", GOLD, {"ratio": 0.1}]
    found = facts(tmp_path, shop(sampling={"tail": {"keep": keep}}))
    rehearsal = Rehearsal(found, 1)
    shares = {each.kind: each for each in expected(found, rehearsal.traces(10), rehearsal.spans())}
    said = json.loads(tracegen("explain", tmp_path / "tracegen.yaml", "sampling", "--format", "json").out)
    assert {kind: each.share for kind, each in shares.items()} == pytest.approx(
        {kind: each["kept"] for kind, each in said["services"]["web"]["classes"].items()}
    )
    assert (shares["error"].low, shares["error"].high) == (shares["error"].sent, shares["error"].sent)


class Receiver(BaseHTTPRequestHandler):
    """Takes OTLP over HTTP, and says "later" as often as it is told to."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        server: Any = self.server
        later = server.later > 0
        server.later -= later
        if not later:
            server.came.append((dict(self.headers), ExportTraceServiceRequest.FromString(body)))
        self.send_response(503 if later else server.status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def receiving(later: int = 0, status: int = 200) -> Iterator[Any]:
    server: Any = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    server.came, server.later, server.status = [], later, status
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_it_sends_what_it_says_and_repeats_what_is_refused(tmp_path: Path) -> None:
    compiled(tmp_path, shop())
    with receiving(later=2) as server:
        address = f"127.0.0.1:{server.server_port}"
        ran = tracegen(
            "rehearse", tmp_path / "tracegen.yaml", "--to", address, "--duration", "1s", "--format", "json"
        )
    assert ran.code == 0, ran.err
    said = json.loads(ran.out)
    spans = [span for _, each in server.came for part in each.resource_spans for span in part.scope_spans[0].spans]
    assert len(spans) == said["sent"]["acknowledged"] == said["made"]["spans"] == 50 * 12
    assert said["sent"]["refusals"] == 2


def test_credentials_are_for_the_collector_here_and_for_nobody_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tracegen.cli import rehearse

    compiled(tmp_path, shop(security={"ingest_auth": {"bearer": {"env": "TOKEN"}}}))
    (tmp_path / ".env").write_text("TOKEN='secret+plus'\n", encoding="utf-8")
    with receiving() as server:
        address = f"127.0.0.1:{server.server_port}"
        assert tracegen("rehearse", tmp_path / "tracegen.yaml", "--to", address, "--duration", "200ms").code == 0
    assert {headers["authorization"] for headers, _ in server.came} == {"Bearer secret+plus"}
    found = facts_of(compiled(tmp_path, shop(security={"ingest_auth": {"bearer": {"env": "TOKEN"}}})))
    elsewhere = rehearse._target(found, "http://collector.example.com", (), None, tmp_path)
    assert elsewhere.headers == {}


@pytest.mark.parametrize(
    ("status", "words"), [(401, "refuses these credentials"), (404, "answers 404"), (415, "answers 415")]
)
def test_an_answer_that_is_no_yes_has_words(tmp_path: Path, status: int, words: str) -> None:
    compiled(tmp_path, shop())
    with receiving(status=status) as server:
        address = f"127.0.0.1:{server.server_port}"
        ran = tracegen("rehearse", tmp_path / "tracegen.yaml", "--to", address, "--duration", "200ms")
    assert ran.code == 1 and words in ran.err and "hint" in ran.err


def test_nobody_there_has_words(tmp_path: Path) -> None:
    compiled(tmp_path, shop())
    for scheme in ("http", "grpc"):
        ran = tracegen("rehearse", tmp_path / "tracegen.yaml", "--to", f"{scheme}://127.0.0.1:9", "--duration", "1s")
        assert ran.code == 1 and "nothing listens on 127.0.0.1:9" in ran.err


@pytest.mark.parametrize("text", ["ftp://x", "http://x:99999", "http://", "://"])
def test_a_bad_address_is_wrong_usage(text: str) -> None:
    with pytest.raises(BadAddress):
        parse(text)
    assert tracegen("rehearse", ROOT / "examples/01-hello/tracegen.yaml", "--to", text).code == 2


@pytest.mark.parametrize("text", ["10", "0s", "-1s", "2h", "1.5s", "s"])
def test_a_bad_duration_is_wrong_usage(text: str) -> None:
    spec = ROOT / "examples/01-hello/tracegen.yaml"
    assert tracegen("rehearse", spec, "--dry-run", "--duration", text).code == 2


@pytest.mark.parametrize("example", sorted(path.parent.name for path in ROOT.glob("examples/*/tracegen.yaml")))
def test_every_example_can_be_rehearsed(example: str) -> None:
    ran = tracegen("rehearse", ROOT / "examples" / example / "tracegen.yaml", "--dry-run", "--duration", "1s")
    assert ran.code == 0, ran.err
