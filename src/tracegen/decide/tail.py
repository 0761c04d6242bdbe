"""Tail sampling as the settings decide it: policies, and room for the traces that wait."""

from collections import Counter
from collections.abc import Iterable, Iterator

from tracegen.decide import Settings
from tracegen.decide.records import Keep
from tracegen.decide.traffic import spans_of_a_trace
from tracegen.system import Condition, Policy, Tail
from tracegen.system.units import milliseconds


def tail_of(settings: Settings) -> Tail | None:
    """What decides in each of the collectors; None without tail sampling."""
    said = settings.sampling.tail
    if said is None:
        return None
    return Tail(
        wait=milliseconds(said.decision_wait),
        policies=tuple(policies(said.keep)),
        slots=said.traces,
        expected=said.expected_traces_per_second,
        decisions=said.decisions,
        spans=spans_of_a_trace(settings.services),
        collectors=settings.collector.replicas if "gateway" in settings.collector.topology else 1,
    )


def policies(keep: Iterable[str | Keep]) -> Iterator[Policy]:
    """A policy for each entry of `keep`, with a name of its own."""
    names: Counter[str] = Counter()
    for said in keep:
        conditions = tuple(sorted(_conditions(said), key=lambda each: each.kind == "rate_limit"))
        name = "-and-".join(_name(each) for each in conditions)
        names[name] += 1
        yield Policy(name if names[name] == 1 else f"{name}-{names[name]}", conditions)


def _conditions(said: str | Keep) -> Iterator[Condition]:
    """The conditions of one entry of `keep`; what is nested in `all` is flat, which means the same."""
    if isinstance(said, str):
        yield Condition(said)
        return
    for each in said.all or ():
        yield from _conditions(each)
    if said.slower_than:
        yield Condition("slower_than", milliseconds=milliseconds(said.slower_than))
    if said.attribute:
        yield Condition("attribute", key=said.attribute.key, values=said.attribute.values)
    if said.ratio is not None:
        yield Condition("ratio", ratio=said.ratio)
    if said.rate_limit is not None:
        yield Condition("rate_limit", spans_per_second=said.rate_limit)


def _name(condition: Condition) -> str:
    named = {
        "errors": "errors",
        "slower_than": f"slower-than-{condition.milliseconds}ms",
        "attribute": condition.key,
        "ratio": f"ratio-{condition.ratio:g}",
        "rate_limit": f"rate-limit-{condition.spans_per_second}",
    }
    return named[condition.kind]
