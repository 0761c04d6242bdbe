"""What the spec expects of single calls: `calls: [{service: payment, expect: {…}}]`."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from tracegen.traces import Keep, Span, Store, Trace
from tracegen.verify.check import Quiet, with_any
from tracegen.verify.expected import Contract, Expected
from tracegen.verify.finding import Finding, Tally
from tracegen.verify.presence import peer

_CLIENTS, _SERVERS = (3, 4), (2, 5)

Pair = tuple[str, str]


@dataclass(slots=True)
class _Failures:
    calls: int = 0
    failed: int = 0
    trace_id: str = ""


class Contracts(Quiet):
    """Holds each call against what is expected of it: both ends, or the one that is there."""

    def __init__(self, expected: Expected) -> None:
        self._expected = expected
        self._contracts: Mapping[Pair, Contract] = expected.contracts
        self._callers = {caller for caller, _ in self._contracts}
        self._tally = Tally()
        self._failures: dict[Pair, _Failures] = {}
        self._seen: set[str] = set()

    def wants(self) -> Keep | None:
        """What has a key that is expected of some call."""
        expected = self._contracts.values()
        return with_any({key for each in expected for key in (*each.baggage, *each.attributes)})

    def trace(self, trace: Trace) -> None:
        """Look at the calls in it that something is expected of."""
        if self._contracts:
            self._seen.update(trace.services)
        if self._callers.isdisjoint(trace.services):
            return
        for span in trace.spans:
            parent = trace.parent_of(span)
            if parent is not None and (parent.service, span.service) in self._contracts:
                self._call((parent.service, span.service), parent, span)
            elif span.kind in _CLIENTS and span.peer and span.service in self._callers:
                pair = span.service, peer(span.peer, self._expected)
                if pair in self._contracts and not _goes_on(trace.children.get(span.span, ()), pair[1]):
                    self._unanswered(pair, span)

    def _call(self, pair: Pair, parent: Span, entry: Span) -> None:
        contract = self._contracts[pair]
        if contract.propagated is False:
            message = f"the trace of {parent.name!r} goes on in {entry.name!r}"
            self._add("expect-propagated", pair, message, entry.trace_id)
        for code, keys in (("expect-baggage", contract.baggage), ("expect-attributes", contract.attributes)):
            said = entry.attributes if keys else {}
            for key in keys:
                if key not in said:
                    self._add(code, pair, f"{key} is not on {entry.name!r} of {pair[1]}", entry.trace_id, key)
        asked = parent if parent.kind in _CLIENTS else entry
        self._asked(pair, asked, failed=asked.failed or entry.failed)

    def _unanswered(self, pair: Pair, client: Span) -> None:
        """The trace does not go on: what the other end would show is not expected of anybody."""
        if self._contracts[pair].propagated:
            message = f"the trace of {client.name!r} does not go on in {pair[1]}"
            self._add("expect-propagated", pair, message, client.trace_id)
        self._asked(pair, client, failed=client.failed)

    def _asked(self, pair: Pair, span: Span, *, failed: bool) -> None:
        limit = self._contracts[pair].max_latency
        if limit and span.duration > limit:
            message = f"{span.name!r} took {span.duration / 1e6:,.0f} ms; at most {limit / 1e6:,.0f} are expected"
            self._add("expect-latency", pair, message, span.trace_id)
        found = self._failures.setdefault(pair, _Failures())
        found.calls += 1
        if failed:
            found.failed, found.trace_id = found.failed + 1, span.trace_id

    def _add(self, code: str, pair: Pair, message: str, trace_id: str, key: str = "") -> None:
        self._tally.add(code, " → ".join(pair), message, trace_id, services=pair, key=key)

    def found(self, store: Store) -> Iterator[Finding]:
        """What was counted, and calls of which too many fail."""
        for pair, found in self._failures.items():
            most = self._contracts[pair].max_errors
            if most is not None and found.failed > most * found.calls:
                share = f"{found.failed:,} of {found.calls:,} calls failed"
                self._add("expect-errors", pair, f"{share}; at most {most:.3g} of all are expected", found.trace_id)
        # Of a service that sends nothing it is said already.
        return (each for each in self._tally.found() if each.services[1] in self._seen)


def _goes_on(children: Sequence[Span], callee: str) -> bool:
    return any(each.service == callee for each in children)
