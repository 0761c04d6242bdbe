"""Tail sampling of the Model: policies, and room for the traces that wait."""

from collections import Counter
from collections.abc import Iterator, Mapping
from math import ceil
from typing import Any

from tracegen.resolve.decider import Decider
from tracegen.spec.said import Path
from tracegen.spec.traffic import expected_traces, spans_of_a_trace
from tracegen.system import Condition, Policy, Tail
from tracegen.system.sizing import process_memory
from tracegen.system.tail_sizes import MARGIN, decisions, memory_for, share_of_rate, slots, slots_in, waiting
from tracegen.system.units import MEBIBYTE, milliseconds

PATH: Path = ("sampling", "tail")


def tail_memory(decider: Decider, spans_per_second: float, collectors: int) -> tuple[int, str] | None:
    """Bytes for a collector that decides on whole traces, and why; None without tail sampling."""
    if not decider.spec.get(*PATH):
        return None
    rate, spans = _rate(decider, collectors), spans_of_a_trace(decider.spec)
    wanted = decider.spec.get(*PATH, "traces") or (slots(rate, _wait(decider)) if rate else 0)
    memory = max(process_memory(spans_per_second), memory_for(wanted, spans))
    return memory, f"room for {wanted:,} waiting traces of {spans} spans" if wanted else "no traffic is said"


def resolve_tail(decider: Decider, memory: int, collectors: int) -> Tail | None:
    """What decides in each of so many collectors with this memory; None without tail sampling."""
    if not decider.spec.get(*PATH):
        return None
    wait = milliseconds(decider.take((*PATH, "decision_wait"), "10s", "the default"))
    rate, spans = _rate(decider, collectors), spans_of_a_trace(decider.spec)
    room = decider.take((*PATH, "traces"), *_slots(rate, wait, memory, spans))
    why = f"{rate:,.0f} a second in one collector" if rate else "what the waiting traces come to"
    expected = max(1, ceil(rate) or room // waiting(MARGIN, wait))
    return Tail(
        wait=wait,
        policies=tuple(_policies(decider.take((*PATH, "keep"), [], "nothing is kept"))),
        slots=room,
        expected=decider.take((*PATH, "expected_traces_per_second"), expected, why),
        decisions=decider.take((*PATH, "decisions"), decisions(room), "ten times the traces that wait"),
        spans=spans,
        collectors=collectors,
    )


def _wait(decider: Decider) -> int:
    return milliseconds(decider.spec.get(*PATH, "decision_wait") or "10s")


def _rate(decider: Decider, collectors: int) -> float:
    return share_of_rate(expected_traces(decider.spec), collectors)


def _slots(rate: float, wait: int, memory: int, spans: int) -> tuple[int, str]:
    if not rate:
        return max(100, slots_in(memory, spans)), f"no traffic is said: what {memory // MEBIBYTE} MiB hold"
    why = f"twice what {rate:,.0f} traces a second come to in {wait / 1_000:g} s and the second of the decision"
    return slots(rate, wait), why


def _policies(keep: list[Any]) -> Iterator[Policy]:
    names: Counter[str] = Counter()
    for said in keep:
        conditions = tuple(sorted(_conditions(said), key=lambda each: each.kind == "rate_limit"))
        name = "-and-".join(_name(each) for each in conditions)
        names[name] += 1
        yield Policy(name if names[name] == 1 else f"{name}-{names[name]}", conditions)


def _conditions(said: str | Mapping[str, Any]) -> Iterator[Condition]:
    """The conditions of one entry of `keep`; what is nested in `all` is flat, which means the same."""
    if isinstance(said, str):
        yield Condition(said)
        return
    ((kind, value),) = said.items()
    if kind == "all":
        for each in value:
            yield from _conditions(each)
    elif kind == "slower_than":
        yield Condition(kind, milliseconds=milliseconds(value))
    elif kind == "attribute":
        yield Condition(kind, key=value["key"], values=tuple(value["values"]))
    elif kind == "ratio":
        yield Condition(kind, ratio=float(value))
    else:
        yield Condition(kind, spans_per_second=value)


def _name(condition: Condition) -> str:
    named = {
        "errors": "errors",
        "slower_than": f"slower-than-{condition.milliseconds}ms",
        "attribute": condition.key,
        "ratio": f"ratio-{condition.ratio:g}",
        "rate_limit": f"rate-limit-{condition.spans_per_second}",
    }
    return named[condition.kind]
