"""What every reader gives and the store takes: spans of one resource and scope, as OTLP has them."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from opentelemetry.proto.common.v1.common_pb2 import InstrumentationScope
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from tracegen.traces.values import BadSpan

#: So many spans are together at most: what is read stays small, whatever the file is like.
SPANS_IN_A_BATCH = 1_000


#: A log record: when it was written, in nanoseconds since 1970, and the trace that it names (empty for none).
Log = tuple[int, bytes]


@dataclass(frozen=True, slots=True)
class Batch:
    """Spans or log records of one resource and scope: of a span the message, and all of it as bytes.

    The message may lack the attributes of spans that call nobody; the bytes have them.
    """

    resource: Resource
    scope: InstrumentationScope
    spans: Sequence[tuple[Span, bytes]] = ()
    logs: Sequence[Log] = ()


def batches(resource: Resource, scope: InstrumentationScope, spans: Iterable[tuple[Span, bytes]]) -> Iterator[Batch]:
    """Batches of at most SPANS_IN_A_BATCH. Raises BadSpan for a span whose ids have not the length that OTLP says."""
    found: list[tuple[Span, bytes]] = []
    for each in spans:
        span = each[0]
        if len(span.trace_id) != 16 or len(span.span_id) != 8 or len(span.parent_span_id) not in (0, 8):
            raise _bad(span)
        found.append(each)
        if len(found) == SPANS_IN_A_BATCH:
            yield Batch(resource, scope, found)
            found = []
    if found:
        yield Batch(resource, scope, found)


def batches_of_logs(resource: Resource, logs: Iterable[Log]) -> Iterator[Batch]:
    """The same of log records."""
    found: list[Log] = []
    for each in logs:
        found.append(each)
        if len(found) == SPANS_IN_A_BATCH:
            yield Batch(resource, InstrumentationScope(), logs=found)
            found = []
    if found:
        yield Batch(resource, InstrumentationScope(), logs=found)


def _bad(span: Span) -> BadSpan:
    return BadSpan(
        f"span {span.name[:60]!r} has a trace id of {len(span.trace_id)}, a span id of {len(span.span_id)} and "
        f"a parent id of {len(span.parent_span_id)} bytes; OTLP says 16, 8, and 8 or none"
    )
