"""Jaeger's older JSON (`/api/traces`, "Download as JSON") to batches, as Jaeger's own translation to OTLP has it.

What Jaeger writes as tags goes back to where OTLP has it: span.kind, otel.status_code, otel.scope.name, …
https://opentelemetry.io/docs/specs/otel/trace/sdk_exporters/jaeger/ (of before its removal)
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from opentelemetry.proto.common.v1.common_pb2 import InstrumentationScope, KeyValue
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from tracegen.traces.batches import Batch, batches
from tracegen.traces.otlp_json import identity, nanoseconds
from tracegen.traces.records import KINDS, STATUSES
from tracegen.traces.values import BadSpan, message_of, text

_MICROSECOND = 1_000
_NAMES_OF_SCOPES = ("otel.scope.name", "otel.library.name")
_VERSIONS_OF_SCOPES = ("otel.scope.version", "otel.library.version")


def of_trace(said: Any) -> Iterator[Batch]:
    """The batches of one element of `data`. Raises BadSpan."""
    try:
        resources = {name: _resource(process) for name, process in (said.get("processes") or {}).items()}
        together: dict[tuple[str, str, str], list[tuple[Span, bytes]]] = {}
        for each in said.get("spans") or ():
            tags = _tags(each.get("tags"))
            name, version = _first(tags, _NAMES_OF_SCOPES), _first(tags, _VERSIONS_OF_SCOPES)
            span = _span(each, tags)
            place = (each.get("processID") or "", name, version)
            if "process" in each:  # as Elasticsearch has it: each span with its own
                resources[place[0]] = _resource(each["process"])
            together.setdefault(place, []).append((span, span.SerializeToString()))
    except (AttributeError, TypeError, KeyError, OverflowError) as error:
        raise BadSpan(f"this is no trace as Jaeger writes it: {error}") from error
    for (process, name, version), spans in together.items():
        scope = InstrumentationScope(name=name, version=version)
        yield from batches(resources.get(process) or Resource(), scope, spans)


def _resource(process: Mapping[str, Any]) -> Resource:
    found = _tags(process.get("tags"))
    return Resource(attributes=_pairs({"service.name": process.get("serviceName") or "", **found}.items()))


def _span(said: Mapping[str, Any], tags: dict[str, Any]) -> Span:
    start = nanoseconds(said.get("startTime")) * _MICROSECOND
    span = Span(
        trace_id=_identity(said["traceID"], 16),
        span_id=_identity(said["spanID"], 8),
        name=text(said.get("operationName") or ""),
        start_time_unix_nano=start,
        end_time_unix_nano=start + nanoseconds(said.get("duration")) * _MICROSECOND,
    )
    kind = str(tags.pop("span.kind", "internal"))
    span.kind = KINDS.index(kind) if kind in KINDS else 0  # type: ignore[assignment]
    failed = tags.get("error") in (True, "true")
    code = str(tags.pop("otel.status_code", "error" if failed else "")).lower()
    description = text(tags.pop("otel.status_description", ""))
    if failed:
        tags.pop("error")
    if code in STATUSES or description:
        number = STATUSES.index(code) if code in STATUSES else 0
        span.status.CopyFrom(Status(code=number, message=description))  # type: ignore[arg-type]
    span.trace_state = text(tags.pop("w3c.tracestate", ""))
    _references(span, said.get("references") or ())
    if parent := said.get("parentSpanID"):
        span.parent_span_id = _identity(parent, 8)
    span.attributes.extend(_pairs(tags.items()))
    for log in said.get("logs") or ():
        fields = _tags(log.get("fields"))
        name = text(fields.pop("event", ""))
        time = nanoseconds(log.get("timestamp")) * _MICROSECOND
        span.events.add(time_unix_nano=time, name=name, attributes=_pairs(fields.items()))
    return span


def _references(span: Span, references: Iterable[Mapping[str, Any]]) -> None:
    """The first CHILD_OF of the same trace is the parent; all others are links."""
    for each in references:
        trace, other = _identity(each["traceID"], 16), _identity(each["spanID"], 8)
        if each.get("refType") == "CHILD_OF" and trace == span.trace_id and not span.parent_span_id:
            span.parent_span_id = other
        else:
            span.links.add(trace_id=trace, span_id=other)


def _tags(tags: Any) -> dict[str, Any]:
    """Tags as a dict; a list, which Jaeger has as JSON in text, stays text."""
    return {str(tag["key"]): tag.get("value") for tag in tags or ()}


def _pairs(items: Iterable[tuple[str, Any]]) -> list[KeyValue]:
    return [KeyValue(key=text(key), value=message_of(value)) for key, value in items]


def _first(tags: dict[str, Any], names: Iterable[str]) -> str:
    """Take the tags of these names away; the first that is said."""
    found = [tags.pop(name, None) for name in names]
    return text(next((each for each in found if each), ""))


def _identity(value: Any, length: int) -> bytes:
    """An id; Jaeger leaves zeros in front of it out."""
    return identity(str(value).zfill(2 * length), length)
