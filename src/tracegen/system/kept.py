"""How many traces are kept: at the head × at the tail × by rate limits, by class of trace and service.

A trace is of one class: with an error; slow, without one; tagged, with neither; or normal. What a spec states of its
traffic are shares that do not depend on each other; a tagged trace carries one of the attributes that are asked for,
each as often as the others. Of a resource attribute that the spec itself gives, such as the name of a service, it is
known which traces carry it: those that pass such a service.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise, product

from tracegen.system.graph import reachable_bits
from tracegen.system.sampling import Condition, Policy, Tail, Traffic
from tracegen.system.sizing import BYTES_PER_SPAN
from tracegen.system.system import Design, Service

CLASSES = ("error", "slow", "tagged", "normal")

_SECONDS_A_DAY = 86_400
_GIGABYTE = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Row:
    """One class of the traces that start in a service.

    share      of the traces that start there
    head       what its head sampler keeps of them
    tail       what the policies of the tail sampler would keep of these without their rate limits
    limits     what the rate limits leave of that
    traces_in  traces of the class a second, before sampling
    """

    kind: str
    share: float
    head: float
    tail: float
    limits: float
    traces_in: float
    spans_in_a_trace: int

    @property
    def kept(self) -> float:
        """The share of the class that is kept in the end."""
        return self.head * self.tail * self.limits

    @property
    def traces(self) -> float:
        """Traces kept a second."""
        return self.traces_in * self.kept

    @property
    def spans(self) -> float:
        """Spans kept a second."""
        return self.traces * self.spans_in_a_trace

    @property
    def gigabytes(self) -> float:
        """Kept a day, as it is on the wire."""
        return self.spans * BYTES_PER_SPAN * _SECONDS_A_DAY / _GIGABYTE


@dataclass(frozen=True, slots=True)
class Limit:
    """A policy with a rate limit: spans a second that it lets through in all collectors, and that reach it."""

    spans: float
    reaching: float

    @property
    def passed(self) -> float:
        """The share that it lets through."""
        return min(1.0, self.spans / self.reaching) if self.reaching else 1.0


@dataclass(frozen=True, slots=True)
class _Trace:
    """What a policy can see of a trace: error, slow, and which of the attributes it carries, -1 for none."""

    error: bool
    slow: bool
    tag: int

    @property
    def kind(self) -> str:
        flags = (self.error, self.slow, self.tag >= 0, True)
        return next(name for name, flag in zip(CLASSES, flags, strict=True) if flag)


@dataclass(frozen=True, slots=True)
class Source:
    """The traces that start in one service: the share that its head sampler keeps, whom it calls, what it is."""

    traffic: Traffic
    head: float
    calls: tuple[str, ...]
    attributes: Mapping[str, str]


def kept(design: Design) -> dict[str, tuple[Row, ...]]:
    """The classes of the traces that start in each service."""
    return kept_of(_sources(design), design.tail)


def kept_of(sources: Mapping[str, Source], tail: Tail | None) -> dict[str, tuple[Row, ...]]:
    """The classes of the traces that start in each of these services."""
    passed = {name: limit.passed for name, limit in _limits(sources, tail).items()}
    deciders = _deciders(sources, tail)
    return {name: tuple(_rows(source, deciders[name], passed)) for name, source in sources.items()}


def limits(design: Design) -> dict[str, Limit]:
    """The policies with a rate limit, by name."""
    return _limits(_sources(design), design.tail)


def _sources(design: Design) -> dict[str, Source]:
    return {
        name: Source(each.traffic, head_share(each), each.calls, each.attributes)
        for name, each in design.services.items()
    }


def _limits(sources: Mapping[str, Source], tail: Tail | None) -> dict[str, Limit]:
    if tail is None:
        return {}
    return {
        policy.name: Limit(spans, _reaching(policy, tail, sources))
        for policy in tail.policies
        if (spans := _limit(policy, tail)) is not None
    }


def head_share(service: Service) -> float:
    """What the head sampler of a service keeps of the traces that start there."""
    return service.sampler.strategy.share(service.traffic.traces_per_second, service.replicas)


@dataclass(frozen=True, slots=True)
class _Decider:
    """The tail sampler as traces meet it that start in one service.

    `known` says of attributes that the spec gives whether such a trace carries them; of `asked` it cannot be known.
    """

    tail: Tail | None
    known: Mapping[Condition, bool]
    asked: tuple[Condition, ...]

    @property
    def policies(self) -> tuple[Policy, ...]:
        return self.tail.policies if self.tail else ()


def _deciders(sources: Mapping[str, Source], tail: Tail | None) -> dict[str, _Decider]:
    attributes = _attributes(tail)
    given = {key for source in sources.values() for key in source.attributes}
    known = [each for each in attributes if each.key in given]
    asked = tuple(each for each in attributes if each.key not in given)
    reach = reachable_bits({name: source.calls for name, source in sources.items()}) if known else {}
    carriers = {each: _carriers(each, sources) for each in known}
    return {
        name: _Decider(tail, {each: bool(reach[name] & bits) for each, bits in carriers.items()}, asked)
        for name in sources
    }


def _carriers(condition: Condition, sources: Mapping[str, Source]) -> int:
    """The services whose spans carry an attribute: bit i is the i-th service."""
    return sum(
        1 << number
        for number, source in enumerate(sources.values())
        if source.attributes.get(condition.key) in condition.values
    )


def _rows(source: Source, decider: _Decider, passed: dict[str, float]) -> Iterator[Row]:
    traces = list(_traces(source.traffic, decider))
    for kind in CLASSES:
        of_class = [(trace, chance) for trace, chance in traces if trace.kind == kind]
        share = sum(chance for _, chance in of_class)
        unlimited = sum(chance * _kept_by(decider, trace, {}) for trace, chance in of_class)
        limited = sum(chance * _kept_by(decider, trace, passed) for trace, chance in of_class)
        yield Row(
            kind=kind,
            share=share,
            head=source.head,
            tail=unlimited / share if share else 1.0,
            limits=limited / unlimited if unlimited else 1.0,
            traces_in=source.traffic.traces_per_second * share,
            spans_in_a_trace=source.traffic.spans,
        )


def _attributes(tail: Tail | None) -> list[Condition]:
    conditions = [each for policy in tail.policies for each in policy.conditions] if tail else []
    return list(dict.fromkeys(each for each in conditions if each.kind == "attribute"))


def _traces(traffic: Traffic, decider: _Decider) -> Iterator[tuple[_Trace, float]]:
    """Every kind of trace that policies can tell apart, and how often it comes."""
    tags = len(decider.asked) or 1
    for error, slow, tag in product((True, False), (True, False), range(-1, tags)):
        chance = _chance(traffic.errors, error) * _chance(traffic.slow, slow)
        chance *= traffic.tagged / tags if tag >= 0 else 1 - traffic.tagged
        yield _Trace(error, slow, tag), chance


def _chance(share: float, flag: bool) -> float:
    return share if flag else 1 - share


def _limit(policy: Policy, tail: Tail) -> float | None:
    """Each collector has its part, and at least one span a second."""
    limits = [each.spans_per_second for each in policy.conditions if each.kind == "rate_limit"]
    return float(tail.collectors * max(1, min(limits) // tail.collectors)) if limits else None


def _reaching(policy: Policy, tail: Tail, sources: Mapping[str, Source]) -> float:
    deciders = _deciders(sources, tail)
    return sum(
        source.traffic.spans_per_second * source.head * chance * _ratio(policy)
        for name, source in sources.items()
        for trace, chance in _traces(source.traffic, deciders[name])
        if _agrees(policy, trace, deciders[name])
    )


def _agrees(policy: Policy, trace: _Trace, decider: _Decider) -> bool:
    """Whether all conditions but ratio and rate limit hold."""
    holds = {"errors": trace.error, "slower_than": trace.slow}
    return all(
        holds.get(each.kind, True) if each.kind != "attribute" else _carries(each, trace, decider)
        for each in policy.conditions
    )


def _carries(condition: Condition, trace: _Trace, decider: _Decider) -> bool:
    if condition in decider.known:
        return decider.known[condition]
    return trace.tag == decider.asked.index(condition)


def _ratio(policy: Policy) -> float:
    return min((each.ratio for each in policy.conditions if each.kind == "ratio"), default=1.0)


def _kept_by(decider: _Decider, trace: _Trace, passed: dict[str, float]) -> float:
    """The chance that some policy keeps a trace.

    All ratios look at the same number made of the trace's identifier: the larger one keeps what the smaller keeps.
    """
    if decider.tail is None:
        return 1.0
    policies = [each for each in decider.policies if _agrees(each, trace, decider)]
    bounds = sorted({0.0, 1.0, *(_ratio(each) for each in policies)})
    share = 0.0
    for low, high in pairwise(bounds):
        dropped = 1.0
        for policy in policies:
            if _ratio(policy) >= high:
                dropped *= 1 - passed.get(policy.name, 1.0)
        share += (high - low) * (1 - dropped)
    return share
