"""Traces made for tests: messages of OTLP, and what writers of files make of them."""

import base64
import json
import struct
from collections.abc import Iterable, Mapping
from typing import Any

from google.protobuf.json_format import MessageToDict
from opentelemetry.proto.common.v1.common_pb2 import InstrumentationScope, KeyValue
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, ScopeSpans, Span, Status, TracesData

from tracegen.traces import Store, decode
from tracegen.traces.values import message_of

MILLISECOND = 1_000_000
START = 1_790_000_000_000_000_000
KINDS = {"internal": 1, "server": 2, "client": 3, "producer": 4, "consumer": 5}


def attributes_of(said: Mapping[str, Any]) -> list[KeyValue]:
    return [KeyValue(key=key, value=message_of(value)) for key, value in said.items()]


def made(
    name: str,
    number: int,
    parent: int = 0,
    *,
    trace: int = 1,
    kind: str = "internal",
    start: float = 0,
    end: float = 10,
    error: str | None = None,
    attributes: Mapping[str, Any] | None = None,
    links: Iterable[tuple[int, int]] = (),
) -> Span:
    """A span; numbers are its ids, times are milliseconds after START."""
    span = Span(
        trace_id=trace.to_bytes(16, "big"),
        span_id=number.to_bytes(8, "big"),
        parent_span_id=parent.to_bytes(8, "big") if parent else b"",
        name=name,
        kind=KINDS[kind],  # type: ignore[arg-type]
        start_time_unix_nano=START + round(start * MILLISECOND),
        end_time_unix_nano=START + round(end * MILLISECOND),
        attributes=attributes_of(attributes or {}),
    )
    if error is not None:
        span.status.CopyFrom(Status(code=2, message=error))  # type: ignore[arg-type]
    for other_trace, other in links:
        span.links.add(trace_id=other_trace.to_bytes(16, "big"), span_id=other.to_bytes(8, "big"))
    return span


def resource_spans(service: str, *spans: Span, **resource: Any) -> ResourceSpans:
    """The spans of a service."""
    said = attributes_of({"service.name": service, **resource})
    scope = InstrumentationScope(name="made", version="1")
    return ResourceSpans(resource=Resource(attributes=said), scope_spans=[ScopeSpans(scope=scope, spans=spans)])


def data(*of: ResourceSpans) -> TracesData:
    return TracesData(resource_spans=of)


def stored(*of: ResourceSpans, most: int | None = None) -> Store:
    """A store with these spans."""
    store = Store(most=most)
    store.add(decode(data(*of).SerializeToString()))
    return store


def as_json(traces: TracesData) -> dict[str, Any]:
    """As OTLP's JSON has it: protobuf's JSON with ids in hexadecimal and enumerations as numbers."""
    found: dict[str, Any] = MessageToDict(traces, use_integers_for_enums=True)
    for each in found.get("resourceSpans", ()):
        for scope in each.get("scopeSpans", ()):
            for span in scope.get("spans", ()):
                for said in (span, *span.get("links", ())):
                    for key in {"traceId", "spanId", "parentSpanId"} & set(said):
                        said[key] = base64.b64decode(said[key]).hex()
    return found


def json_lines(*of: TracesData) -> bytes:
    return b"".join(json.dumps(as_json(each)).encode() + b"\n" for each in of)


def with_four_bytes(*of: TracesData) -> bytes:
    """As the Collector's file exporter writes protobuf."""
    found = [each.SerializeToString() for each in of]
    return b"".join(struct.pack(">I", len(each)) + each for each in found)


def with_varints(*of: TracesData) -> bytes:
    """As `writeDelimitedTo` of Java and others writes protobuf."""
    return b"".join(varint(len(each)) + each for each in (one.SerializeToString() for one in of))


def varint(number: int) -> bytes:
    found = bytearray()
    while number > 0x7F:
        found.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*found, number])
