"""Services and calls: declared and never seen, seen and never declared."""

from collections.abc import Iterator
from dataclasses import dataclass

from tracegen.traces import Store, Trace, linked
from tracegen.verify.check import Quiet
from tracegen.verify.codes import CODES
from tracegen.verify.expected import Expected
from tracegen.verify.finding import Finding

Pair = tuple[str, str]
_ASKING, _ANSWERING = (3, 4), (2, 5)


class Presence(Quiet):
    """Holds the services and edges that were seen against those of the spec."""

    def __init__(self, expected: Expected) -> None:
        self._expected = expected
        self._first: dict[str, str] = {}
        self._calls = Calls()

    def trace(self, trace: Trace) -> None:
        """Note which services are seen, and where first."""
        for service in trace.services:
            if service not in self._first:
                self._first[service] = trace.trace_id
        if self._expected.known:
            self._calls.trace(trace)

    def found(self, store: Store) -> Iterator[Finding]:
        """Silent services and edges, and undeclared ones."""
        if not self._first:
            yield Finding(CODES["no-spans"], self._expected.name or "traces", "no span was received")
        elif self._expected.known:
            yield from self._services()
            yield from self._edges(store)

    def _services(self) -> Iterator[Finding]:
        for name in self._expected.services:
            if name not in self._first:
                yield Finding(CODES["silent-service"], name, f"no span of {name} was received", "", (name,))
        for name, trace_id in self._first.items():
            if name and name not in self._expected.services and name not in self._expected.platform:
                yield Finding(CODES["undeclared-service"], name, f"{name} sends spans", trace_id, (name,))

    def _edges(self, store: Store) -> Iterator[Finding]:
        called = self._calls.called(store, self._expected)
        for caller, callee in self._expected.edges:
            # Of a service that sends nothing it is said already.
            if (caller, callee) not in called and caller in self._first and callee in self._first:
                message = f"{caller} never called {callee}"
                yield Finding(CODES["silent-edge"], f"{caller} → {callee}", message, "", (caller,))
        for (caller, callee), (count, trace_id) in self._calls.undeclared(store, self._expected).items():
            message = f"{caller} called {callee}"
            subject = f"{caller} → {callee}"
            yield Finding(CODES["undeclared-edge"], subject, message, trace_id, (caller,), count)


class Calls:
    """Calls between services, noted trace by trace: a span whose parent is in another one, or a client's peer."""

    def __init__(self) -> None:
        self._calls: dict[Pair, _Seen] = {}
        self._outside: dict[Pair, _Seen] = {}

    def trace(self, trace: Trace) -> None:
        """Note the calls in it."""
        by_id, answered, clients = trace.by_id, set(), []
        for span in trace.spans:
            parent = by_id.get(span.parent) if span.parent else None
            if parent is not None:
                caller, callee = parent.resource.service, span.resource.service
                if caller != callee or (parent.kind in _ASKING and span.kind in _ANSWERING):
                    answered.add(parent.span)
                    _note(self._calls, (caller, callee), span.duration, span.trace)
            if span.peer is not None:
                clients.append(span)
        for span in clients:
            if span.span not in answered:
                _note(self._outside, (span.service, span.peer or ""), span.duration, span.trace)

    def called(self, store: Store, expected: Expected) -> dict[Pair, tuple[int, str]]:
        """Edges between services, how often, and the slowest trace; a client's peer counts if the spec knows it."""
        links: dict[Pair, _Seen] = {}
        for caller, callee, duration, trace in linked(store):
            _note(links, (caller, callee), duration, trace)
        found: dict[Pair, tuple[int, str]] = {}
        for noted in (self._calls, links, self._outside):
            for (caller, callee), seen in sorted(noted.items()):
                name = peer(callee, expected) if noted is self._outside else callee
                if name and caller:
                    found.setdefault((caller, name), (seen.count, seen.trace.hex()))
        return found

    def undeclared(self, store: Store, expected: Expected) -> dict[Pair, tuple[int, str]]:
        """Edges between services of the spec that it does not declare."""
        declared, services = set(expected.edges), expected.services
        return {
            pair: each
            for pair, each in self.called(store, expected).items()
            if pair not in declared and pair[0] != pair[1] and pair[0] in services and pair[1] in services
        }


@dataclass(slots=True)
class _Seen:
    count: int = 0
    longest: int = -1
    trace: bytes = b""


def _note(noted: dict[Pair, _Seen], pair: Pair, duration: int, trace: bytes) -> None:
    seen = noted.get(pair)
    if seen is None:
        seen = noted[pair] = _Seen()
    seen.count += 1
    if duration > seen.longest:
        seen.longest, seen.trace = duration, trace


def peer(name: str, expected: Expected) -> str:
    """The service of the spec that a host's name stands for, '' for none: `payment.shop.svc` is payment."""
    if name in expected.services:
        return name
    first = name.partition(":")[0].partition(".")[0]
    return first if first in expected.services else ""
