"""Services and calls: declared and never seen, seen and never declared."""

from collections.abc import Iterator

from tracegen.traces import EdgeKind, Statistics, Store, Trace, statistics
from tracegen.verify.check import Quiet
from tracegen.verify.codes import CODES
from tracegen.verify.expected import Expected
from tracegen.verify.finding import Finding


class Presence(Quiet):
    """Holds the services and edges that were seen against those of the spec."""

    def __init__(self, expected: Expected) -> None:
        self._expected = expected
        self._first: dict[str, str] = {}

    def trace(self, trace: Trace) -> None:
        """Note which services are seen, and where first."""
        for service in trace.services:
            self._first.setdefault(service, trace.trace_id)

    def found(self, store: Store) -> Iterator[Finding]:
        """Silent services and edges, and undeclared ones."""
        if not self._first:
            yield Finding(CODES["no-spans"], self._expected.name or "traces", "no span was received")
        elif self._expected.known:
            yield from self._services()
            yield from self._edges(statistics(store))

    def _services(self) -> Iterator[Finding]:
        for name in self._expected.services:
            if name not in self._first:
                yield Finding(CODES["silent-service"], name, f"no span of {name} was received", "", (name,))
        for name, trace_id in self._first.items():
            if name and name not in self._expected.services and name not in self._expected.platform:
                yield Finding(CODES["undeclared-service"], name, f"{name} sends spans", trace_id, (name,))

    def _edges(self, seen: Statistics) -> Iterator[Finding]:
        called = called_services(seen, self._expected)
        for caller, callee in self._expected.edges:
            # Of a service that sends nothing it is said already.
            if (caller, callee) not in called and caller in self._first and callee in self._first:
                message = f"{caller} never called {callee}"
                yield Finding(CODES["silent-edge"], f"{caller} → {callee}", message, "", (caller,))
        for (caller, callee), (count, trace_id) in undeclared(seen, self._expected).items():
            message = f"{caller} called {callee}"
            subject = f"{caller} → {callee}"
            yield Finding(CODES["undeclared-edge"], subject, message, trace_id, (caller,), count)


def called_services(seen: Statistics, expected: Expected) -> dict[tuple[str, str], tuple[int, str]]:
    """Edges between services, with how often and a trace; a client's peer counts where the spec knows it."""
    found: dict[tuple[str, str], tuple[int, str]] = {}
    for (caller, callee), edge in seen.edges.items():
        name = peer(callee, expected) if edge.kind is EdgeKind.OUTSIDE else callee
        if name and caller:
            found.setdefault((caller, name), (edge.requests.count, edge.requests.slowest))
    return found


def undeclared(seen: Statistics, expected: Expected) -> dict[tuple[str, str], tuple[int, str]]:
    """Edges between services of the spec that it does not declare."""
    declared, services = set(expected.edges), expected.services
    return {
        pair: each
        for pair, each in called_services(seen, expected).items()
        if pair not in declared and pair[0] != pair[1] and pair[0] in services and pair[1] in services
    }


def peer(name: str, expected: Expected) -> str:
    """The service of the spec that a host's name stands for, '' for none: `payment.shop.svc` is payment."""
    if name in expected.services:
        return name
    first = name.partition(":")[0].partition(".")[0]
    return first if first in expected.services else ""
