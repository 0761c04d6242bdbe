"""Whether traces hold together: parents that are there, no new beginning, a beginning that is no client, clocks."""

import bisect
from collections.abc import Iterator

from tracegen.traces import Span, Store, Trace
from tracegen.verify.check import Quiet
from tracegen.verify.expected import Expected
from tracegen.verify.finding import Finding, Tally
from tracegen.verify.presence import peer

_SERVER, _CLIENT = 2, 3
#: Clocks of machines that are synchronised differ by less; in nanoseconds.
TOLERANCE = 100_000_000


class Propagation(Quiet):
    """Orphans, traces that begin with a client, and clocks that differ."""

    def __init__(self, expected: Expected) -> None:
        self._tally = Tally()

    def trace(self, trace: Trace) -> None:
        """Look at parents."""
        by_id = trace.by_id
        for span in trace.spans:
            if not span.parent:
                if span.kind == _CLIENT:
                    message = f"a trace begins with the CLIENT span {span.name!r}"
                    self._tally.add("SPA-004", span.service, message, span.trace_id)
                continue
            parent = by_id.get(span.parent)
            if parent is None:
                message = f"the parent of {span.name!r} was not received"
                self._tally.add("SPA-002", span.service, message, span.trace_id)
            elif span.start + TOLERANCE < parent.start and span.resource is not parent.resource:
                self._skew(parent, span)

    def _skew(self, parent: Span, span: Span) -> None:
        early = (parent.start - span.start) / 1e9
        message = f"{span.name!r} of {span.service} begins {early:.3g} s before {parent.name!r} of {parent.service}"
        self._tally.add("clock-skew", span.service, message, span.trace_id)

    def found(self, store: Store) -> Iterator[Finding]:
        """What was counted."""
        return self._tally.found()


class Restarts(Quiet):
    """Traces that begin with a request which a client in another trace made at that time."""

    def __init__(self, expected: Expected) -> None:
        self._expected = expected
        self._called = {callee for _, callee in expected.edges}
        self._calls: list[tuple[str, str, int, int, str]] = []
        self._roots: dict[str, list[int]] = {}

    def trace(self, trace: Trace) -> None:
        """Note calls that nobody answered in their trace, and beginnings in services that are called."""
        children = trace.children
        for span in trace.spans:
            if span.kind == _CLIENT and span.peer and span.span not in children:
                callee = peer(span.peer, self._expected)
                if callee and callee != span.service:
                    self._calls.append((span.service, callee, span.start, span.end, span.trace_id))
            elif span.kind == _SERVER and not span.parent and span.service in self._called:
                self._roots.setdefault(span.service, []).append(span.start)

    def found(self, store: Store) -> Iterator[Finding]:
        """Calls during which a trace began in the service that was called."""
        tally = Tally()
        starts = {service: sorted(found) for service, found in self._roots.items()}
        for caller, callee, start, end, trace_id in self._calls:
            contract = self._expected.contracts.get((caller, callee))
            if contract and contract.propagated is not None:
                continue  # what is expected of this call is looked at there
            began = starts.get(callee, [])
            place = bisect.bisect_left(began, start)
            if place < len(began) and began[place] <= end:
                message = f"{caller} called {callee}, and there another trace began meanwhile"
                tally.add("restarted-trace", f"{caller} → {callee}", message, trace_id, services=(caller, callee))
        return tally.found()
