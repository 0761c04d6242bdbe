"""OTLP as JSON: a request, a document of any size, or JSON lines, to batches.

A document is walked through as far as the lists of spans; each span is parsed alone, so memory stays small. Names
may be written as in JSON (`resourceSpans`) or as in protobuf (`resource_spans`); ids are hexadecimal, and base64
where Tempo wrote them.
"""

import base64
import binascii
import struct
from collections.abc import Iterator, Mapping
from typing import Any

from opentelemetry.proto.common.v1.common_pb2 import InstrumentationScope
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from tracegen.traces.batches import Batch, Log, batches, batches_of_logs
from tracegen.traces.json_text import JsonText
from tracegen.traces.peers import CLIENTS
from tracegen.traces.records import KINDS, STATUSES
from tracegen.traces.values import Attributes, BadSpan, length, messages, text

#: Objects around the lists of spans: TracesData itself, what Jaeger (`result`) and Tempo (`trace`) put around it.
_AROUND = {"result", "trace"}
_RESOURCE_SPANS = {"resourceSpans", "resource_spans", "batches"}
_RESOURCE_LOGS = {"resourceLogs", "resource_logs"}
_SCOPE_LOGS = {"scopeLogs", "scope_logs"}
_LOG_RECORDS = {"logRecords", "log_records"}
_SCOPE_SPANS = {"scopeSpans", "scope_spans", "instrumentationLibrarySpans"}

_MOST = (1 << 64) - 1


class OtlpJson:
    """Reads documents of OTLP's JSON from a text; metrics are passed over."""

    def __init__(self, source: JsonText) -> None:
        self._text = source
        self._attributes = Attributes()

    def document(self) -> Iterator[Batch]:
        """The batches of the object that the text stands before. Raises BadSpan."""
        for key in self._text.members():
            yield from self.member(key)

    def member(self, key: str) -> Iterator[Batch]:
        """The batches in one member of the outer object, whose value the text stands before."""
        if key in _RESOURCE_SPANS:
            for _ in self._text.elements():
                yield from self._resource_spans()
        elif key in _RESOURCE_LOGS:
            for _ in self._text.elements():
                yield from self._resource_logs()
        elif key in _AROUND and self._text.peek() == "{":
            yield from self.document()
        elif key == "error":
            raise BadSpan(f"an error was answered: {str(self._text.value())[:200]}")
        else:
            self._text.value()

    def _resource_logs(self) -> Iterator[Batch]:
        resource = Resource()
        for key in self._text.members():
            if key == "resource":
                resource.MergeFrom(Resource(attributes=messages(_mapping(self._text.value()).get("attributes"))))
            elif key in _SCOPE_LOGS:
                for _ in self._text.elements():
                    for inner in self._text.members():
                        if inner in _LOG_RECORDS:
                            yield from batches_of_logs(resource, map(log_of, self._text.values()))
                        else:
                            self._text.value()
            else:
                self._text.value()

    def _resource_spans(self) -> Iterator[Batch]:
        resource: Resource | None = None
        early: list[Batch] = []
        for key in self._text.members():
            if key == "resource":
                resource = Resource(attributes=messages(_mapping(self._text.value()).get("attributes")))
            elif key in _SCOPE_SPANS:
                for _ in self._text.elements():
                    if resource is None:
                        early.extend(self._scope_spans(Resource()))
                    else:
                        yield from self._scope_spans(resource)
            else:
                self._text.value()
        for batch in early:  # the resource was said behind its spans
            yield Batch(resource or batch.resource, batch.scope, batch.spans)

    def _scope_spans(self, resource: Resource) -> Iterator[Batch]:
        scope: InstrumentationScope | None = None
        early: list[Batch] = []
        for key in self._text.members():
            if key in ("scope", "instrumentationLibrary"):
                said = _mapping(self._text.value())
                name, version = text(said.get("name") or ""), text(said.get("version") or "")
                scope = InstrumentationScope(name=name, version=version)
            elif key == "spans" and scope is None:
                early.extend(batches(resource, InstrumentationScope(), self._spans()))
            elif key == "spans" and scope is not None:
                yield from batches(resource, scope, self._spans())
            else:
                self._text.value()
        for batch in early:  # the scope was said behind its spans, or not at all
            yield Batch(resource, scope or batch.scope, batch.spans)

    def _spans(self) -> Iterator[tuple[Span, bytes]]:
        for said in self._text.values():
            yield span_of(_mapping(said), self._attributes)


def log_of(said: Any) -> Log:
    """A log record in JSON. Raises BadSpan."""
    record = _mapping(said)
    record = _camelled(record) if "trace_id" in record or "time_unix_nano" in record else record
    trace_id = record.get("traceId")
    time = nanoseconds(record.get("timeUnixNano")) or nanoseconds(record.get("observedTimeUnixNano"))
    return time, identity(trace_id, 16) if trace_id else b""


def span_of(said: Mapping[str, Any], attributes: Attributes) -> tuple[Span, bytes]:
    """The message of a span in JSON, and its bytes; attributes are in the bytes alone. Raises BadSpan.

    What every span has is written as protobuf has it, and decoded: a message that is filled field by field takes
    twice as long. Messages in protobuf may be written one behind the other.
    """
    said = _camelled(said) if "trace_id" in said else said
    get = said.get
    try:
        parent = get("parentSpanId")
        name = text(get("name") or "").encode()
        plain = b"".join(
            (
                b"\x0a\x10",
                identity(get("traceId"), 16),
                b"\x12\x08",
                identity(get("spanId"), 8),
                b"\x22\x08" + identity(parent, 8) if parent else b"",
                b"\x2a" + length(name) + name,
                _KIND_BYTES[_number(get("kind"), "SPAN_KIND_", KINDS)],
                _TIMES(0x39, nanoseconds(get("startTimeUnixNano")), 0x41, nanoseconds(get("endTimeUnixNano"))),
                _details(said),
            )
        )
        written = plain + attributes.written(get("attributes"))
    except (ValueError, TypeError, AttributeError, OverflowError) as error:
        if isinstance(error, BadSpan):
            raise
        raise BadSpan(f"span {str(get('name'))[:60]!r}: {error}") from error
    # Only what a client calls is read from attributes when a span is stored: others need not have them.
    span = Span.FromString(plain)
    return (Span.FromString(written) if span.kind in CLIENTS else span), written


#: The kind of a span as protobuf has it, by its number, and both times with their tags.
_KIND_BYTES = tuple(bytes((0x30, number)) if number else b"" for number in range(len(KINDS)))
_TIMES = struct.Struct("<BQBQ").pack


def _details(said: Mapping[str, Any]) -> bytes:
    """What few spans have: flags, state, a status, events, links and what was dropped."""
    status = said.get("status")
    if (status and (status.get("message") or status.get("code") not in (0, None))) or not _RARE.isdisjoint(said):
        span = Span()
        if flags := said.get("flags"):
            span.flags = int(flags)
        if state := said.get("traceState"):
            span.trace_state = text(state)
        _add_details(span, said)
        return span.SerializeToString()
    return b""


def _add_details(span: Span, said: Mapping[str, Any]) -> None:
    """Add status, events, links and what was dropped."""
    if status := said.get("status"):
        span.status.CopyFrom(
            Status(
                code=_number(status.get("code"), "STATUS_CODE_", STATUSES),  # type: ignore[arg-type]
                message=text(status.get("message") or ""),
            )
        )
    for event in said.get("events") or ():
        span.events.add(
            time_unix_nano=nanoseconds(event.get("timeUnixNano")),
            name=text(event.get("name") or ""),
            attributes=messages(event.get("attributes")),
        )
    for link in said.get("links") or ():
        span.links.add(
            trace_id=identity(link.get("traceId"), 16),
            span_id=identity(link.get("spanId"), 8),
            attributes=messages(link.get("attributes")),
        )
    for key, field in _DROPPED.items():
        if count := said.get(key):
            setattr(span, field, int(count))


_DROPPED = {
    "droppedAttributesCount": "dropped_attributes_count",
    "droppedEventsCount": "dropped_events_count",
    "droppedLinksCount": "dropped_links_count",
}
_RARE = {"flags", "traceState", "events", "links", *_DROPPED}


def identity(value: Any, length: int) -> bytes:
    """An id of so many bytes: hexadecimal as OTLP says, base64 as protobuf's own JSON has it. Raises BadSpan."""
    try:
        if len(value) == 2 * length:
            return bytes.fromhex(value)
        if len(value) == 4 * ((length + 2) // 3):
            return base64.b64decode(value, validate=True)
    except (TypeError, ValueError, binascii.Error):
        pass
    raise BadSpan(f"{str(value)[:60]!r} is no id of {length} bytes")


def nanoseconds(value: Any) -> int:
    """A time as text or number; nothing is 0. Raises BadSpan for what does not fit 64 bits."""
    number = int(value or 0)
    if not 0 <= number <= _MOST:
        raise BadSpan(f"{number} is no time in nanoseconds since 1970")
    return number


def _number(value: Any, prefix: str, names: tuple[str, ...]) -> int:
    """An enumeration as number or name; what is unknown is its zero."""
    if isinstance(value, int):
        return value if 0 <= value < len(names) else 0
    word = str(value or "").removeprefix(prefix).lower()
    return names.index(word) if word in names else 0


def _mapping(value: Any) -> Mapping[str, Any]:
    if isinstance(value, Mapping):
        return value
    if value is None:
        return {}
    raise BadSpan(f"an object is expected, not {str(value)[:40]!r}")


def _camelled(said: Mapping[str, Any]) -> dict[str, Any]:
    """A span with names as in protobuf, with those of JSON; its events and links too."""
    found = {_camel(key): value for key, value in said.items()}
    for key in ("events", "links"):
        found[key] = [{_camel(name): value for name, value in each.items()} for each in found.get(key) or ()]
    return found


def _camel(key: str) -> str:
    first, *rest = key.split("_")
    return first + "".join(word.capitalize() for word in rest)
