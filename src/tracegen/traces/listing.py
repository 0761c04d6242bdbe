"""Lists of traces: those that have a span as selected, one line each."""

from collections.abc import Sequence
from dataclasses import dataclass

from tracegen.traces.selection import Selection
from tracegen.traces.store import Store

#: The orders in which traces can be listed.
ORDERS = {
    "newest": "min(start) desc",
    "slowest": "max(start + duration) - min(start) desc",
    "errors": "sum(status = 2) desc",
}


@dataclass(frozen=True, slots=True)
class Summary:
    """A trace in one line: its root (or what comes nearest), times in nanoseconds, and how many spans of what.

    `whole`: its root was received.
    """

    trace_id: str
    service: str
    name: str
    start: int
    duration: int
    spans: int
    errors: int
    services: Sequence[tuple[str, int]]
    whole: bool


def summaries(store: Store, selection: Selection, order: str = "newest", most: int = 50) -> Sequence[Summary]:
    """The first traces in an order (one of ORDERS) that have a span as selected."""
    chosen, values = store.chosen(selection)
    found = store.rows(
        f"select trace, min(start), max(start + duration), count(*), sum(status = 2) from spans {chosen} "
        f"group by trace order by {ORDERS[order]}, 2 desc limit ?",
        [*values, most],
    )
    return [_summary(store, *row) for row in found]


def _summary(store: Store, trace: bytes, start: int, end: int, spans: int, errors: int) -> Summary:
    # A root has no parent, and is the first; where none was received, the first span stands for it.
    [(service, name, parent)] = store.rows(
        "select service, name, parent from spans where trace = ? order by parent is not null, start, id limit 1",
        [trace],
    )
    services = store.rows(
        "select service, count(*) from spans where trace = ? group by 1 order by min(start), min(id)", [trace]
    )
    return Summary(trace.hex(), service, name, start, end - start, spans, errors, services, parent is None)
