"""What failed, and how: spans with the status error, by service, name and code."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from tracegen.traces.records import Span
from tracegen.traces.selection import Selection, shown
from tracegen.traces.store import Store

#: Attributes that say how a request failed, the best first.
_CODES = (
    "http.response.status_code",
    "http.status_code",
    "rpc.response.status_code",
    "rpc.grpc.status_code",
    "db.response.status_code",
    "error.type",
    "exception.type",
)
_LONGEST = 80


@dataclass(frozen=True, slots=True)
class ErrorGroup:
    """Spans that failed in the same way; `example` is the id of a trace to open.

    `code` is a status of HTTP or gRPC, the type of an error or exception, else what was said of the status.
    """

    service: str
    name: str
    code: str
    count: int
    example: str


def errors(store: Store, selection: Selection | None = None) -> Sequence[ErrorGroup]:
    """What failed in a selection, the most frequent first."""
    chosen = selection or Selection()
    if chosen.status not in ("", "error"):
        return []
    counts: dict[tuple[str, str, str], tuple[int, str]] = {}
    for span in store.spans(replace(chosen, status="error")):
        place = (span.service, span.name, code_of(span))
        count, example = counts.get(place, (0, span.trace_id))
        counts[place] = count + 1, example
    groups = [ErrorGroup(*place, *counted) for place, counted in counts.items()]
    return sorted(groups, key=lambda group: (-group.count, group.service, group.name, group.code))


def code_of(span: Span) -> str:
    """How a span failed, in one word where there is one."""
    said = dict(span.attributes)
    for event in span.events:
        if event.is_exception:
            said = {**event.attributes, **said}
    name = next((key for key in _CODES if key in said), "")
    return shown(said[name]) if name else span.status_message.partition("\n")[0][:_LONGEST]
