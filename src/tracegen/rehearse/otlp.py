"""Spans as OTLP: https://opentelemetry.io/docs/specs/otlp/ by the official messages."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans
from opentelemetry.proto.trace.v1.trace_pb2 import Span as Message

from tracegen import __version__
from tracegen.rehearse.conventions import Value
from tracegen.rehearse.traces import Rehearsal, Span, Trace

SCOPE = "tracegen.rehearse"
_ERROR = 2
#: W3C flags of a span that is sampled, whose parent is known to be local or remote: bits 0, 8 and 9.
_SAMPLED, _KNOWN, _REMOTE = 0x1, 0x100, 0x200
_SERVER = 2


@dataclass(frozen=True, slots=True)
class Part:
    """What one service sends of one trace."""

    trace: Trace
    service: str

    @property
    def spans(self) -> int:
        """How many."""
        return sum(span.service == self.service for span in self.trace.spans)


def request(rehearsal: Rehearsal, parts: Iterable[Part], begin: int) -> ExportTraceServiceRequest:
    """One request with these parts; `begin` is the rehearsal's, in nanoseconds since 1970."""
    message = ExportTraceServiceRequest()
    resources: dict[tuple[str, str], ResourceSpans] = {}
    for part in parts:
        key = (part.service, part.trace.instances[part.service])
        if key not in resources:
            resources[key] = message.resource_spans.add()
            resources[key].resource.attributes.extend(_attributes(rehearsal.resource(*key)))
            scope = resources[key].scope_spans.add().scope
            scope.name, scope.version = SCOPE, __version__
        spans = resources[key].scope_spans[0].spans
        for span in part.trace.spans:
            if span.service == part.service:
                _fill(spans.add(), span, part.trace, begin + part.trace.offset)
    return message


def _fill(message: Message, span: Span, trace: Trace, began: int) -> None:
    message.trace_id, message.span_id, message.parent_span_id = trace.trace_id, span.span_id, span.parent_id
    message.name = span.name
    message.kind = span.kind  # type: ignore[assignment] # the numbers are those of OTLP
    message.flags = _SAMPLED | _KNOWN | (_REMOTE if span.kind == _SERVER and span.parent_id else 0)
    message.start_time_unix_nano, message.end_time_unix_nano = began + span.start, began + span.end
    message.attributes.extend(_attributes(span.attributes))
    if span.error:
        message.status.code = _ERROR  # type: ignore[assignment] # STATUS_CODE_ERROR
    if span.event:
        event = message.events.add()
        event.name, event.time_unix_nano = "exception", began + span.end
        event.attributes.extend(_attributes(span.event))


def _attributes(values: Mapping[str, Value] | Mapping[str, str]) -> Iterable[KeyValue]:
    for key, value in values.items():
        pair = KeyValue(key=key)
        if isinstance(value, int):
            pair.value.int_value = value
        else:
            pair.value.string_value = value
        yield pair
