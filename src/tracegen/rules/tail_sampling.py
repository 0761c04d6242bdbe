"""A tail sampler must have room for what waits, see what it is asked about, and keep what it should."""

from collections.abc import Iterator, Mapping
from typing import Any

from tracegen.catalogue import Catalogue
from tracegen.problems import Code, Problem, Severity
from tracegen.rules._shared import at, cause
from tracegen.spec.said import Path, Said
from tracegen.spec.traffic import all_traffic, expected_traces, head_share, spans_of_a_trace
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


def check(spec: Said, packs: Catalogue) -> Iterator[Problem]:
    """Room, memory and policies of the tail sampler."""
    if spec.get(*_TAIL) is None:
        return
    yield from _slots(spec)
    yield from _memory(spec)
    yield from _errors(spec)
    yield from _redacted(spec)
    yield from _too_soon(spec)


def conditions(spec: Said) -> Iterator[tuple[Path, Any]]:
    """Every word of `keep`, also inside of `all`, with its path."""
    yield from _below(_KEEP, spec.get(*_KEEP) or [])


def _below(path: Path, said: list[Any]) -> Iterator[tuple[Path, Any]]:
    for index, each in enumerate(said):
        inner = each.get("all") if isinstance(each, Mapping) else None
        if inner:
            yield from _below((*path, index, "all"), inner)
        else:
            yield (*path, index), each


def _wait(spec: Said) -> int:
    return milliseconds(spec.get(*_TAIL, "decision_wait") or "10s")


def _rate(spec: Said) -> float:
    """New traces a second in one collector while another is away."""
    gateways = "gateway" in (spec.get("collector", "topology") or "gateway")
    return share_of_rate(expected_traces(spec), (spec.get("collector", "replicas") or 1) if gateways else 1)


def _slots(spec: Said) -> Iterator[Problem]:
    said = spec.get(*_TAIL, "traces")
    needed = waiting(_rate(spec), _wait(spec))
    if said is not None and said < needed:
        message = (
            f"{said:,} traces have room in a collector, and {_rate(spec):,.0f} a second for {_wait(spec) / 1000:g} s "
            f"come to {needed:,}: the oldest are dropped before they are decided, errors among them"
        )
        hint = f"delete it: {slots(_rate(spec), _wait(spec)):,} are derived; or wait less, or add replicas"
        path = cause(spec, (*_TAIL, "traces"), (*_TAIL, "decision_wait"), ("collector", "replicas"))
        yield at(spec, TOO_FEW_SLOTS, path, message, hint)


def _memory(spec: Said) -> Iterator[Problem]:
    said, spans = spec.get(*_MEMORY), spans_of_a_trace(spec)
    if said is None:
        return
    wanted = spec.get(*_TAIL, "traces") or waiting(_rate(spec), _wait(spec))
    if slots_in(size_in_bytes(said), spans) < wanted:
        message = (
            f"{said} have room for {slots_in(size_in_bytes(said), spans):,} waiting traces of {spans} spans, and "
            f"{wanted:,} wait: spans are refused"
        )
        hint = f"delete it, or say {memory_for(wanted, spans) // MEBIBYTE}Mi; or wait less, or add replicas"
        yield at(spec, TOO_LITTLE_MEMORY, cause(spec, _MEMORY, (*_TAIL, "traces")), message, hint)


def _errors(spec: Said) -> Iterator[Problem]:
    """Only where nothing else keeps all errors."""
    keep = spec.get(*_KEEP)
    expected = sum(
        each.spans_per_second * each.errors * head_share(spec, name) for name, each in all_traffic(spec).items()
    )
    if "errors" in keep or {"ratio": 1} in keep:
        return
    for index, each in enumerate(keep):
        limit = _limit_of_errors(each)
        if limit is not None and limit < expected:
            message = f"{limit} spans a second are kept of about {expected:,.0f} of traces with errors: some are lost"
            hint = "say `errors` in keep as a policy of its own, or raise the limit"
            yield at(spec, LIMIT_BELOW_ERRORS, (*_KEEP, index), message, hint)


def _limit_of_errors(said: Any) -> int | None:
    """The limit of a policy which keeps errors, up to a limit, and asks nothing else of them."""
    words = said["all"] if isinstance(said, Mapping) and "all" in said else [said]
    limits = [each["rate_limit"] for each in words if isinstance(each, Mapping) and "rate_limit" in each]
    others = [each for each in words if not (isinstance(each, Mapping) and "rate_limit" in each)]
    return min(limits) if limits and all(each == "errors" for each in others) else None


def _redacted(spec: Said) -> Iterator[Problem]:
    deleted = set(spec.get("collector", "redact", "keys") or [])
    for path, said in conditions(spec):
        key = said["attribute"]["key"] if isinstance(said, Mapping) and "attribute" in said else None
        if key in deleted:
            message = f"collector.redact deletes {key} before the tail sampler looks at it: it keeps no trace"
            where = cause(spec, (*path, "attribute", "key"), ("collector", "redact", "keys"))
            yield at(spec, ATTRIBUTE_IS_REDACTED, where, message, "keep by another attribute, or mask its value only")


def _too_soon(spec: Said) -> Iterator[Problem]:
    wait = _wait(spec)
    for path, said in conditions(spec):
        slow = said.get("slower_than") if isinstance(said, Mapping) else None
        if slow and milliseconds(slow) >= wait:
            message = (
                f"a trace slower than {slow} may not be whole when it is decided, {wait / 1000:g} s after its "
                "first span: it is dropped as a quick one"
            )
            where = cause(spec, (*path, "slower_than"), (*_TAIL, "decision_wait"))
            yield at(spec, DECIDED_TOO_SOON, where, message, "raise sampling.tail.decision_wait above it")
