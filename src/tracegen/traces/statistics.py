"""Rates, errors and percentiles of services, operations and edges, and how two selections compare."""

from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum

from tracegen.traces.selection import Selection
from tracegen.traces.store import Store

SECOND = 1_000_000_000
#: An edge: caller and callee.
Pair = tuple[str, str]


class EdgeKind(Enum):
    """How an edge was seen: a parent and its child, a link, or a client whose other end sends no spans."""

    CALL = "call"
    LINK = "link"
    OUTSIDE = "outside"


@dataclass(frozen=True, slots=True)
class Requests:
    """Requests of one kind: how many, those that failed, durations in nanoseconds, and requests a second.

    `slowest` and `broken` are ids of traces to open: of the slowest request, and of one that failed ('' for none).
    """

    count: int
    errors: int
    p50: int
    p95: int
    p99: int
    longest: int
    rate: float
    slowest: str
    broken: str

    @property
    def error_share(self) -> float:
        """From 0 to 1."""
        return self.errors / self.count if self.count else 0.0


@dataclass(frozen=True, slots=True)
class Edge:
    """What one service asked of another; the time is the callee's, an error that of either end."""

    caller: str
    callee: str
    kind: EdgeKind
    requests: Requests


@dataclass(frozen=True, slots=True)
class Statistics:
    """What was seen in a selection: `start` to `end` in nanoseconds since 1970, and requests of each kind.

    A service's requests are the spans by which traces enter it: servers, consumers, and spans whose parent is in
    another service or not there. Operations are these by (service, name of the span).
    """

    start: int
    end: int
    services: Mapping[str, Requests]
    edges: Mapping[Pair, Edge]
    operations: Mapping[Pair, Requests]


@dataclass(frozen=True, slots=True)
class Change:
    """The requests of one thing in two selections; None where there were none."""

    name: str
    before: Requests | None
    after: Requests | None


@dataclass(slots=True)
class _Counted:
    durations: array = field(default_factory=lambda: array("q"))  # type: ignore[type-arg]
    errors: int = 0
    longest: int = -1
    slowest: bytes = b""
    broken: bytes = b""

    def add(self, duration: int, failed: bool, trace: bytes) -> None:
        self.durations.append(duration)
        if duration > self.longest:
            self.longest, self.slowest = duration, trace
        if failed:
            self.errors += 1
            self.broken = trace

    def requests(self, seconds: float) -> Requests:
        ordered = sorted(self.durations)
        p50, p95, p99 = (percentile(ordered, share) for share in (0.5, 0.95, 0.99))
        count = len(ordered)
        slowest, broken = self.slowest.hex(), self.broken.hex()
        return Requests(count, self.errors, p50, p95, p99, self.longest, count / seconds, slowest, broken)


def percentile(ordered: Sequence[int], share: float) -> int:
    """The smallest value that at least this share of sorted values does not exceed; 0 of none."""
    if not ordered:
        return 0
    return ordered[max(0, -int(-share * len(ordered) // 1) - 1)]


def statistics(store: Store, selection: Selection | None = None) -> Statistics:
    """Statistics of the spans that are selected. Raises BadQuestion."""
    selection = selection or Selection()
    chosen, values = store.condition(selection)
    start, end = _period(store, selection)
    seconds = max((end - start) / SECOND, 1.0)
    services: dict[str, _Counted] = {}
    operations: dict[Pair, _Counted] = {}
    edges: dict[tuple[Pair, EdgeKind], _Counted] = {}
    called: set[int] = set()
    for caller, parent, parent_kind, parent_status, service, name, kind, duration, status, trace in store.stream(
        _ENTRIES.format(chosen=chosen), values
    ):
        failed = status == 2
        services.setdefault(service, _Counted()).add(duration, failed, trace)
        operations.setdefault((service, name), _Counted()).add(duration, failed, trace)
        if caller is not None and (caller != service or (parent_kind in _ASKING and kind in _ANSWERING)):
            called.add(parent)
            failed = failed or (parent_status == 2 and parent_kind in _ASKING)
            edges.setdefault(((caller, service), EdgeKind.CALL), _Counted()).add(duration, failed, trace)
    for caller, service, duration, status, trace in store.stream(_LINKED.format(chosen=chosen), values):
        edges.setdefault(((caller, service), EdgeKind.LINK), _Counted()).add(duration, status == 2, trace)
    for number, caller, peer, duration, status, trace in store.stream(_OUTSIDE.format(chosen=chosen), values):
        if number not in called:
            edges.setdefault(((caller, peer), EdgeKind.OUTSIDE), _Counted()).add(duration, status == 2, trace)
    return Statistics(
        start,
        end,
        {name: each.requests(seconds) for name, each in sorted(services.items())},
        _edges(edges, seconds),
        {pair: each.requests(seconds) for pair, each in sorted(operations.items())},
    )


def linked(store: Store) -> Iterator[tuple[str, str, int, bytes]]:
    """Who consumed what another service produced, by links: caller, callee, duration and trace of each span."""
    if not store.has_links():
        return
    for caller, service, duration, _, trace in store.stream(_LINKED.format(chosen="true")):
        yield caller, service, duration, trace


def compare(before: Statistics, after: Statistics) -> Mapping[str, Sequence[Change]]:
    """Services, edges and operations of two statistics, by the sort of thing; what changed most comes first."""
    return {
        "services": _changes(before.services, after.services),
        "edges": _changes(_named_edges(before), _named_edges(after)),
        "operations": _changes(_joined(before.operations, ": "), _joined(after.operations, ": ")),
    }


_ASKING, _ANSWERING = (3, 4), (2, 5)
#: What enters a service, with its parent where that is held.
_ENTRIES = """
select parents.service, parents.id, parents.kind, parents.status, chosen.service, chosen.name, chosen.kind,
  chosen.duration, chosen.status, chosen.trace
from (select * from spans where {chosen}) as chosen
left join spans as parents on parents.trace = chosen.trace and parents.span = chosen.parent
where chosen.kind in (2, 5) or parents.id is null or parents.service <> chosen.service
"""
_LINKED = """
select others.service, chosen.service, chosen.duration, chosen.status, chosen.trace
from (select * from spans where {chosen}) as chosen
join links on links.id = chosen.id
join spans as others on others.trace = links.trace and others.span = links.span
where others.service <> chosen.service and chosen.kind = 5
"""
_OUTSIDE = """
select id, service, peer, duration, status, trace from spans where peer is not null and {chosen}
"""


def _period(store: Store, selection: Selection) -> tuple[int, int]:
    first, last = store.period()
    start = first if selection.start is None else max(first, selection.start)
    end = last if selection.end is None else min(last, selection.end)
    return start, max(start, end)


def _edges(counted: Mapping[tuple[Pair, EdgeKind], _Counted], seconds: float) -> dict[Pair, Edge]:
    """One edge for each pair: where calls were seen, they count, and nothing is counted twice."""
    found: dict[Pair, Edge] = {}
    known = list(EdgeKind)
    for (pair, kind), each in sorted(counted.items(), key=lambda item: (item[0][0], known.index(item[0][1]))):
        if pair not in found:
            found[pair] = Edge(*pair, kind, each.requests(seconds))
    return found


def _named_edges(of: Statistics) -> dict[str, Requests]:
    return _joined({pair: edge.requests for pair, edge in of.edges.items()}, " → ")


def _joined(of: Mapping[Pair, Requests], by: str) -> dict[str, Requests]:
    return {by.join(pair): each for pair, each in of.items()}


def _changes(before: Mapping[str, Requests], after: Mapping[str, Requests]) -> list[Change]:
    names = dict.fromkeys([*before, *after])
    found = [Change(name, before.get(name), after.get(name)) for name in names]
    return sorted(found, key=_weight, reverse=True)


def _weight(change: Change) -> tuple[bool, float]:
    """What is only on one side comes first, then what grew most in errors or in its 95th percentile."""
    before, after = change.before, change.after
    if before is None or after is None:
        return True, float((before or after).count)  # type: ignore[union-attr]
    slower = abs(after.p95 - before.p95) / max(before.p95, 1)
    return False, abs(after.error_share - before.error_share) * 10 + slower
