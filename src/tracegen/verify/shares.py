"""What was kept, against the arithmetic of sampling, where what arrived can tell.

A head sampler that keeps a share looks at the last eight bytes of a trace's identifier, which are random: those that
it keeps are spread evenly below that share of all numbers. So the largest that is seen tells the share, though nobody
saw what was dropped. https://opentelemetry.io/docs/specs/otel/trace/sdk/#traceidratiobased
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tracegen.system import Condition, Policy
from tracegen.system.sampling import CHANCE
from tracegen.traces import Keep, Span, Store, Trace
from tracegen.verify.check import Quiet, mark, with_any
from tracegen.verify.expected import Expected
from tracegen.verify.finding import Finding, Tally

#: Languages whose SDK compares these bytes as one number; others mix or cut them otherwise.
LAST_EIGHT = ("go", "python", "ruby", "rust")
#: With fewer traces nothing can be told of a share.
FEWEST = 20
_ALL = 1 << 63


@dataclass(slots=True)
class _Seen:
    count: int = 0
    largest: float = 0.0
    trace_id: str = ""


class HeadShares(Quiet):
    """The share that each head sampler keeps, in the interval in which it lies but for one time in ten thousand."""

    def __init__(self, expected: Expected) -> None:
        self._expected = expected
        self._seen: dict[str, _Seen] = {}
        self._first_bytes: set[str] = set()

    def trace(self, trace: Trace) -> None:
        """Note where the identifier of a whole trace lies."""
        roots = trace.roots
        service = self._expected.services.get(roots[0].service) if len(roots) == 1 else None
        if service is None or service.ratio is None or service.language not in LAST_EIGHT:
            return
        seen = self._seen.setdefault(roots[0].service, _Seen())
        drawn = (int.from_bytes(roots[0].trace[8:], "big") >> 1) / _ALL
        self._first_bytes.add(trace.trace_id[:2])
        seen.count += 1
        if drawn >= seen.largest:
            seen.largest, seen.trace_id = drawn, trace.trace_id

    def found(self, store: Store) -> Iterator[Finding]:
        """Shares that lie outside."""
        tally = Tally()
        for name, seen in self._tellable():
            ratio = self._expected.services[name].ratio or 0.0
            low, high = interval(seen.count, seen.largest)
            if not low <= ratio <= high:
                kept = f"a share of {low:.3g} to {high:.3g} is kept"
                message = f"{kept}, as {seen.count:,} traces tell; the spec says {ratio:g}"
                tally.add("share-kept", name, message, seen.trace_id)
        return tally.found()

    def _tellable(self) -> Iterator[tuple[str, _Seen]]:
        # Identifiers that somebody counted up are no chance.
        if len(self._first_bytes) > 1:
            yield from ((name, seen) for name, seen in self._seen.items() if seen.count >= FEWEST)

    def untold(self) -> Iterator[str]:
        """Services of which it cannot be told."""
        told = {name for name, _ in self._tellable()}
        entries = {callee for _, callee in self._expected.edges}
        for name, service in self._expected.services.items():
            if name in told or name in entries:
                continue
            if service.ratio is None:
                why = "its sampler keeps no fixed share"
            elif service.language not in LAST_EIGHT:
                why = f"the SDK of {service.language} does not compare the last eight bytes of an identifier"
            else:
                why = f"fewer than {FEWEST} whole traces with random identifiers begin there"
            yield f"share-kept: of {name}: {why}"


def interval(count: int, largest: float) -> tuple[float, float]:
    """Between which shares the true one lies, when so many evenly spread numbers have this largest one."""
    return largest, min(1.0, largest / CHANCE ** (1 / count))


class TailKept(Quiet):
    """Whole traces that no policy of the tail sampler can have kept."""

    def __init__(self, expected: Expected) -> None:
        tail = expected.tail if expected.known else None
        self._policies = tail.policies if tail and expected.collected else ()
        self._not_collected = tail is not None and not expected.collected
        self._by_chance = [each for each in self._policies if all(_chance(part) for part in each.conditions)]
        self._tally = Tally()

    def wants(self) -> Keep | None:
        """What has an attribute that a policy asks for."""
        conditions = [each for policy in self._policies for each in policy.conditions]
        return with_any({each.key for each in conditions if each.kind == "attribute"})

    def trace(self, trace: Trace) -> None:
        """Ask each policy."""
        if not self._policies or self._by_chance or trace.orphans or len(trace.roots) != 1:
            return
        if not any(_may_keep(policy, trace) for policy in self._policies):
            message = "no policy keeps such a trace: " + ("it failed" if trace.errors else "no error")
            message += f", {trace.duration / 1e6:,.0f} ms"
            self._tally.add("tail-kept", trace.root.service, message, trace.trace_id)

    def found(self, store: Store) -> Iterator[Finding]:
        """What was counted."""
        return self._tally.found()

    def untold(self) -> Iterator[str]:
        """What chance decides, and spans that did not pass the collector."""
        if self._not_collected:
            yield "tail-kept: these spans did not pass the collector"
        if self._by_chance:
            names = ", ".join(policy.name for policy in self._by_chance)
            yield (
                f"tail-kept: {names} may keep any trace; which share that is, only what was sent can tell: "
                "tracegen rehearse --count"
            )


def _chance(condition: Condition) -> bool:
    return condition.kind == "rate_limit" or (condition.kind == "ratio" and condition.ratio > 0)


def _may_keep(policy: Policy, trace: Trace) -> bool:
    return all(_may(condition, trace) for condition in policy.conditions)


def _may(condition: Condition, trace: Trace) -> bool:
    match condition.kind:
        case "errors":
            return trace.errors > 0
        case "slower_than":
            return trace.duration >= condition.milliseconds * 1_000_000
        case "attribute":
            marked = mark(condition.key)
            return any(_carries(span, condition, marked) for span in trace.spans)
        case _:
            return _chance(condition)


def _carries(span: Span, condition: Condition, marked: bytes) -> bool:
    said: Mapping[str, object] = span.resource.attributes
    if condition.key in said and str(said[condition.key]) in condition.values:
        return True
    return marked in span.data and str(span.attributes.get(condition.key)) in condition.values
