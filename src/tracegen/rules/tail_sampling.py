"""A tail sampler must have room for what waits, see what it is asked about, and keep what it should."""

from collections.abc import Iterable, Iterator

from tracegen.catalogue import Catalogue
from tracegen.decide import Settings
from tracegen.decide.records import Keep, SamplingTail
from tracegen.decide.traffic import expected_traces, head_share, spans_of_a_trace, traffic_of
from tracegen.problems import Code, Problem, Severity
from tracegen.rules._shared import at, cause
from tracegen.spec.said import Path
from tracegen.system.tail_sizes import memory_for, share_of_rate, slots, slots_in, waiting
from tracegen.system.units import MEBIBYTE, milliseconds, size_in_bytes

TOO_FEW_SLOTS = Code("TG403", "Too few slots for the traces that wait", acceptable=True)
TOO_LITTLE_MEMORY = Code("TG404", "Too little memory for the traces that wait", Severity.WARNING, acceptable=True)
LIMIT_BELOW_ERRORS = Code("TG405", "Rate limit below the expected errors", Severity.WARNING, acceptable=True)
ATTRIBUTE_IS_REDACTED = Code("TG407", "Attribute is deleted before it is looked at")
DECIDED_TOO_SOON = Code("TG408", "Decided before a slow trace can be told", Severity.WARNING, acceptable=True)

_TAIL: Path = ("sampling", "tail")
_KEEP: Path = (*_TAIL, "keep")
_MEMORY: Path = ("collector", "resources", "memory")


def check(settings: Settings, packs: Catalogue) -> Iterator[Problem]:
    """Room, memory and policies of the tail sampler."""
    tail = settings.sampling.tail
    if tail is not None:
        yield from _slots(settings, tail)
        yield from _memory(settings, tail)
        yield from _errors(settings, tail)
        yield from _redacted(settings, tail)
        yield from _too_soon(settings, tail)


def conditions(tail: SamplingTail) -> Iterator[tuple[Path, str | Keep]]:
    """Every word of `keep`, also inside of `all`, with its path."""
    yield from _below(_KEEP, tail.keep)


def _below(path: Path, said: Iterable[str | Keep]) -> Iterator[tuple[Path, str | Keep]]:
    for index, each in enumerate(said):
        if isinstance(each, Keep) and each.all:
            yield from _below((*path, index, "all"), each.all)
        else:
            yield (*path, index), each


def _rate(settings: Settings) -> float:
    """New traces a second in one collector while another is away."""
    collectors = settings.collector.replicas if "gateway" in settings.collector.topology else 1
    return share_of_rate(expected_traces(settings.services), collectors)


def _slots(settings: Settings, tail: SamplingTail) -> Iterator[Problem]:
    rate, wait = _rate(settings), milliseconds(tail.decision_wait)
    needed = waiting(rate, wait)
    if tail.traces < needed:
        message = (
            f"{tail.traces:,} traces have room in a collector, and {rate:,.0f} a second for {wait / 1000:g} s "
            f"come to {needed:,}: the oldest are dropped before they are decided, errors among them"
        )
        hint = f"delete it: {slots(rate, wait):,} are derived; or wait less, or add replicas"
        path = cause(settings, (*_TAIL, "traces"), (*_TAIL, "decision_wait"), ("collector", "replicas"))
        yield at(settings, TOO_FEW_SLOTS, path, message, hint)


def _memory(settings: Settings, tail: SamplingTail) -> Iterator[Problem]:
    memory, spans = settings.collector.resources.memory, spans_of_a_trace(settings.services)
    wanted = waiting(_rate(settings), milliseconds(tail.decision_wait))
    if settings.is_said(*_TAIL, "traces"):
        wanted = tail.traces
    if slots_in(size_in_bytes(memory), spans) < wanted and settings.is_said(*_MEMORY):
        message = (
            f"{memory} have room for {slots_in(size_in_bytes(memory), spans):,} waiting traces of {spans} spans, and "
            f"{wanted:,} wait: spans are refused"
        )
        hint = f"delete it, or say {memory_for(wanted, spans) // MEBIBYTE}Mi; or wait less, or add replicas"
        yield at(settings, TOO_LITTLE_MEMORY, cause(settings, _MEMORY, (*_TAIL, "traces")), message, hint)


def _errors(settings: Settings, tail: SamplingTail) -> Iterator[Problem]:
    """Only where nothing else keeps all errors."""
    keep = tail.keep
    expected = sum(
        traffic_of(each).spans_per_second * each.traffic.errors * head_share(each)
        for each in settings.services.values()
    )
    if "errors" in keep or any(isinstance(each, Keep) and each.ratio == 1 for each in keep):
        return
    for index, each in enumerate(keep):
        limit = _limit_of_errors(each)
        if limit is not None and limit < expected:
            message = f"{limit} spans a second are kept of about {expected:,.0f} of traces with errors: some are lost"
            hint = "say `errors` in keep as a policy of its own, or raise the limit"
            yield at(settings, LIMIT_BELOW_ERRORS, (*_KEEP, index), message, hint)


def _limit_of_errors(said: str | Keep) -> int | None:
    """The limit of a policy which keeps errors, up to a limit, and asks nothing else of them."""
    words = said.all if isinstance(said, Keep) and said.all else (said,)
    limits = [each.rate_limit for each in words if isinstance(each, Keep) and each.rate_limit is not None]
    others = [each for each in words if not (isinstance(each, Keep) and each.rate_limit is not None)]
    return min(limits) if limits and all(each == "errors" for each in others) else None


def _redacted(settings: Settings, tail: SamplingTail) -> Iterator[Problem]:
    deleted = set(settings.collector.redact.keys)
    for path, said in conditions(tail):
        key = said.attribute.key if isinstance(said, Keep) and said.attribute else None
        if key in deleted:
            message = f"collector.redact deletes {key} before the tail sampler looks at it: it keeps no trace"
            where = cause(settings, (*path, "attribute", "key"), ("collector", "redact", "keys"))
            yield at(
                settings, ATTRIBUTE_IS_REDACTED, where, message, "keep by another attribute, or mask its value only"
            )


def _too_soon(settings: Settings, tail: SamplingTail) -> Iterator[Problem]:
    wait = milliseconds(tail.decision_wait)
    for path, said in conditions(tail):
        slow = said.slower_than if isinstance(said, Keep) else None
        if slow and milliseconds(slow) >= wait:
            message = (
                f"a trace slower than {slow} may not be whole when it is decided, {wait / 1000:g} s after its "
                "first span: it is dropped as a quick one"
            )
            where = cause(settings, (*path, "slower_than"), (*_TAIL, "decision_wait"))
            yield at(settings, DECIDED_TOO_SOON, where, message, "raise sampling.tail.decision_wait above it")
