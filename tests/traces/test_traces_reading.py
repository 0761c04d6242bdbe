"""Reading: every way of writing OTLP gives the same spans; what is no OTLP is told, and nothing of it is kept."""

import gzip
import io
import json
import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.json_format import MessageToDict
from hypothesis import given, settings
from hypothesis import strategies as st
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, Span, TracesData

from tracegen.traces import BadSpan, CannotReadTraces, Store, decode, read, read_json
from tracegen.traces.files import read_stream
from tracegen.traces.values import message_of, plain
from traces.made import as_json, data, json_lines, made, resource_spans, stored, with_four_bytes, with_varints

words = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
int64 = st.integers(-(2**63), 2**63 - 1)
numbers = st.floats(allow_nan=False, allow_infinity=False)
scalars = st.one_of(words, st.booleans(), int64, numbers, st.binary(max_size=8))
values = st.recursive(
    scalars | st.none(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=6,
)
attributes = st.dictionaries(words, values, max_size=5)


@st.composite
def spans(draw: st.DrawFn) -> Span:
    start = draw(st.integers(0, 100))
    return made(
        draw(words),
        draw(st.integers(1, 2**64 - 1)),
        draw(st.integers(0, 5)),
        trace=draw(st.integers(1, 4)),
        kind=draw(st.sampled_from(["internal", "server", "client", "producer", "consumer"])),
        start=start,
        end=draw(st.integers(0, 200)),
        error=draw(st.none() | words),
        attributes=draw(attributes),
        links=draw(st.lists(st.tuples(st.integers(1, 4), st.integers(1, 9)), max_size=2)),
    )


@st.composite
def services(draw: st.DrawFn) -> ResourceSpans:
    return resource_spans(draw(words), *draw(st.lists(spans(), max_size=4)), **draw(attributes))


traces = st.lists(services(), max_size=3).map(lambda of: data(*of))


def content(batches: Any) -> Counter[tuple[bytes, str, bytes]]:
    """What was read: spans with their resource and scope, in no order."""
    return Counter(
        (batch.resource.SerializeToString(deterministic=True), batch.scope.name, span.SerializeToString(True))
        for batch in batches
        for _, written in batch.spans
        for span in [_Canonical(written)]
    )


class _Canonical:
    """A span in one form, whichever order its fields were written in."""

    def __init__(self, written: bytes) -> None:
        self._span = Span.FromString(written)

    def SerializeToString(self, deterministic: bool) -> bytes:
        return self._span.SerializeToString(deterministic=deterministic)


def snake(value: Any) -> Any:
    """The names as protobuf has them."""
    if isinstance(value, dict):
        return {"".join(f"_{c.lower()}" if c.isupper() else c for c in key): snake(v) for key, v in value.items()}
    return [snake(each) for each in value] if isinstance(value, list) else value


def backwards(value: Any) -> Any:
    """Objects with their keys in the other order: spans come before their resource."""
    if isinstance(value, dict):
        return {key: backwards(value[key]) for key in reversed(value)}
    return [backwards(each) for each in value] if isinstance(value, list) else value


WAYS: dict[str, Callable[[TracesData], bytes]] = {
    "protobuf": lambda of: of.SerializeToString(),
    "protobuf of the file exporter": lambda of: (
        with_four_bytes(of, data(), TracesData()) if of.resource_spans else b""
    ),
    "protobuf with varints": lambda of: with_varints(of) if of.resource_spans else b"",
    "gzip": lambda of: gzip.compress(of.SerializeToString()) if of.resource_spans else b"",
    "JSON": lambda of: json.dumps(as_json(of)).encode() if of.resource_spans else b"",
    "JSON with spaces and a mark": lambda of: (
        b"\xef\xbb\xbf \n" + json.dumps(as_json(of), indent=3, ensure_ascii=False).encode()
        if of.resource_spans
        else b""
    ),
    "JSON lines": lambda of: json_lines(*(data(each) for each in of.resource_spans)),
    "JSON with protobuf's names": lambda of: json.dumps(snake(as_json(of))).encode() if of.resource_spans else b"",
    "JSON in the other order": lambda of: json.dumps(backwards(as_json(of))).encode() if of.resource_spans else b"",
    "a list of documents": lambda of: json.dumps([as_json(of)]).encode() if of.resource_spans else b"",
    "as Jaeger's /api/v3 has it": lambda of: (
        json.dumps({"result": as_json(of)}).encode() if of.resource_spans else b""
    ),
}


@pytest.mark.parametrize("way", WAYS)
@given(of=traces)
@settings(max_examples=15, deadline=None)
def test_every_way_of_writing_gives_the_same_spans(way: str, of: TracesData) -> None:
    written = WAYS[way](of)
    if written:
        with tempfile.TemporaryFile() as stream:
            stream.write(written)
            stream.seek(0)
            assert content(read_stream(stream)) == content(decode(of.SerializeToString()))


@given(values)
@settings(max_examples=60, deadline=None)
def test_a_value_survives_being_a_message(value: Any) -> None:
    assert plain(message_of(value)) == value


@given(of=traces)
@settings(max_examples=25, deadline=None)
def test_the_store_gives_back_all_that_was_said(of: TracesData) -> None:
    with Store() as store:
        number = store.add(decode(of.SerializeToString()))
        kept = [span for trace in store.traces() for span in trace.spans]
    said = [
        (each.resource.attributes[0].value.string_value, span)
        for each in of.resource_spans
        for scope in each.scope_spans
        for span in scope.spans
    ]
    assert number == len(said)
    by_id = {(service, span.trace_id.hex(), span.span_id.hex(), span.kind): span for service, span in said}
    # Of spans with one id the first is kept; which of them is not told here.
    assert {(span.service, span.trace_id, span.span_id, span.kind) for span in kept} == set(by_id)
    for span in kept:
        assert {each.key for each in span.message.attributes} == set(span.attributes)
        assert span.duration >= 0


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"{", "is expected at character"),
        (b'{"resourceSpans": [', "is expected"),
        (b'{"resourceSpans": 7}', "'['"),
        (b'{"resourceSpans": [{"scopeSpans": [{"spans": [7]}]}]}', "an object is expected"),
        (b'{"resourceSpans": [{"scopeSpans": [{"spans": [{"traceId": "xyz"}]}]}]}', "no id of 16 bytes"),
        (b'{"a": 1}', "neither OTLP nor"),
        (b'{"resourceSpans": ' + b"[" * 100_000, "expected"),
        (b'{"x": ' + b"[" * 100_000, "nested too deeply"),
        (b"hello there, this is no trace", "neither JSON nor OTLP"),
        (b"\x0a\x05\x0a\x00", "neither JSON nor OTLP"),
        (b"\x1f\x8bnothing", "gzip is damaged"),
        (b'{"result": {"error": {"message": "no such service"}}}', "no such service"),
    ],
)
def test_what_is_no_otlp_is_told_with_its_name(content: bytes, words: str, tmp_path: Path) -> None:
    path = tmp_path / "traces"
    path.write_bytes(content)
    with Store() as store, pytest.raises(CannotReadTraces) as told:
        store.add(read(str(path)))
    assert words in str(told.value)
    assert str(path) in str(told.value)


@pytest.mark.parametrize("cut", [1, 7, 30, 200])
def test_nothing_is_kept_of_a_request_whose_end_is_missing(cut: int) -> None:
    written = data(resource_spans("web", *(made(f"s{n}", n) for n in range(1, 9)))).SerializeToString()
    with Store() as store:
        store.add(decode(written))
        with pytest.raises(BadSpan):
            store.add(decode(written[:-cut]))
        assert store.counts().held == 8
        assert len(list(store.spans())) == 8
        store.add(decode(written))
        assert {span.service for span in store.spans()} == {"web"}


@given(st.binary(max_size=300))
@settings(max_examples=80, deadline=None)
def test_any_bytes_are_read_or_told_to_be_bad(written: bytes) -> None:
    for read_them in (decode, lambda of: read_json(io.BytesIO(of))):
        with Store() as store:
            try:
                store.add(read_them(written))
            except BadSpan:
                assert store.counts().held == 0


def test_an_empty_file_has_no_spans(tmp_path: Path) -> None:
    path = tmp_path / "empty"
    path.write_bytes(b"\n")
    assert list(read(str(path))) == []


def test_a_missing_file_is_told() -> None:
    with pytest.raises(CannotReadTraces, match=r"cannot read nowhere\.json: No such file"):
        list(read("nowhere.json"))


def test_logs_and_metrics_beside_traces_are_passed_over() -> None:
    lines = b'{"resourceLogs": [{"scopeLogs": []}]}\n' + json_lines(data(resource_spans("web", made("a", 1))))
    assert sum(len(batch.spans) for batch in read_json(io.BytesIO(lines))) == 1


JAEGER = {
    "data": [
        {
            "traceID": "1",
            "spans": [
                {
                    "traceID": "1",
                    "spanID": "a",
                    "operationName": "GET /",
                    "references": [],
                    "startTime": 1_790_000_000_000_000,
                    "duration": 1500,
                    "tags": [
                        {"key": "span.kind", "type": "string", "value": "server"},
                        {"key": "otel.scope.name", "type": "string", "value": "flask"},
                        {"key": "http.response.status_code", "type": "int64", "value": 500},
                        {"key": "otel.status_code", "type": "string", "value": "ERROR"},
                        {"key": "error", "type": "bool", "value": True},
                        {"key": "otel.status_description", "type": "string", "value": "no money"},
                    ],
                    "logs": [
                        {
                            "timestamp": 1_790_000_000_000_700,
                            "fields": [
                                {"key": "event", "value": "exception"},
                                {"key": "exception.type", "value": "Broke"},
                            ],
                        }
                    ],
                    "processID": "p1",
                },
                {
                    "traceID": "1",
                    "spanID": "b",
                    "operationName": "pay",
                    "references": [
                        {"refType": "CHILD_OF", "traceID": "1", "spanID": "a"},
                        {"refType": "FOLLOWS_FROM", "traceID": "2", "spanID": "c"},
                    ],
                    "startTime": 1_790_000_000_000_100,
                    "duration": 300,
                    "tags": [],
                    "processID": "p2",
                },
            ],
            "processes": {
                "p1": {"serviceName": "web", "tags": [{"key": "service.version", "value": "1.4"}]},
                "p2": {"serviceName": "pay"},
            },
        }
    ]
}


def test_jaegers_older_json_is_what_otlp_said() -> None:
    with Store() as store:
        store.add(read_json(io.BytesIO(json.dumps(JAEGER).encode())))
        trace = store.trace("1".zfill(32))
    assert trace is not None
    web, pay = trace.spans
    assert (web.service, web.name, web.kind_name, web.status_name) == ("web", "GET /", "server", "error")
    assert (web.status_message, web.scope, web.resource.version) == ("no money", "flask", "1.4")
    assert web.attributes == {"http.response.status_code": 500}
    assert [(event.name, event.attributes) for event in web.events] == [("exception", {"exception.type": "Broke"})]
    assert (web.start, web.duration) == (1_790_000_000_000_000_000, 1_500_000)
    assert trace.parent_of(pay) is web
    assert [(link.trace_id, link.span_id) for link in pay.links] == [("2".zfill(32), "c".zfill(16))]


def test_tempos_json_has_ids_in_base64() -> None:
    of = data(resource_spans("web", made("a", 7, 3)))
    said = MessageToDict(of)
    written = json.dumps({"trace": {"batches": said["resourceSpans"]}}).encode()
    assert content(read_json(io.BytesIO(written))) == content(decode(of.SerializeToString()))


def test_half_of_a_surrogate_pair_does_not_stop_a_file() -> None:
    line = json_lines(data(resource_spans("web", made("NAME", 1)))).replace(b"NAME", rb"\ud800x")
    with Store() as store:
        store.add(read_json(io.BytesIO(line)))
        assert [span.name for span in store.spans()] == ["?x"]


def test_the_same_spans_are_found_by_what_they_are() -> None:
    store = stored(resource_spans("web", made("a", 1)), resource_spans("pay", made("b", 2, 1)))
    assert store.services() == [("pay", ""), ("web", "")]
