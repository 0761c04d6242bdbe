"""Head sampling before tail sampling multiplies (ruling 6)."""

from collections.abc import Iterator, Mapping
from typing import Any

from tracegen.catalogue import Catalogue
from tracegen.problems import Code, Problem, Severity
from tracegen.rules._shared import at, cause, head_of, head_path, reachable
from tracegen.spec.said import Path, Said, dotted
from tracegen.spec.wording import either

HEAD_BEFORE_TAIL = Code("TG401", "Head sampling before tail sampling", acceptable=True)
METRICS_OF_A_SAMPLE = Code("TG406", "Metrics are counted from sampled spans", Severity.WARNING, acceptable=True)
DIFFERENT_HEADS = Code("TG402", "Different head samplers along one call path", Severity.NOTE)


def check(spec: Said, packs: Catalogue) -> Iterator[Problem]:
    """Head before tail or before metrics, and heads that differ along a call path."""
    yield from _head_before_tail(spec)
    yield from _head_before_metrics(spec)
    yield from _different_heads(spec)


def _that_drop(spec: Said) -> Iterator[tuple[Path, Mapping[str, Any]]]:
    """The head samplers that do not keep everything, with their paths."""
    heads = {head_path(spec, name): head_of(spec, name) for name in spec.services}
    for path, head in sorted(heads.items(), key=lambda item: dotted(item[0])):
        if head["type"] != "always_on" and head.get("ratio") != 1:
            yield path, head


def _head_before_metrics(spec: Said) -> Iterator[Problem]:
    for path, head in _that_drop(spec) if spec.get("metrics") else ():
        message = (
            f"rate, errors and duration are counted from spans, and {dotted(path)} {head['type']} keeps a part of "
            "them: the numbers are those of that part"
        )
        hint = "use always_on and drop in `sampling.tail`, which is behind the metrics"
        yield at(spec, METRICS_OF_A_SAMPLE, cause(spec, path, ("metrics",)), message, hint)


def _head_before_tail(spec: Said) -> Iterator[Problem]:
    if not spec.get("sampling", "tail"):
        return
    for path, head in _that_drop(spec):
        message = (
            f"{dotted(path)} {head['type']} drops traces before the tail sampler sees them: the two multiply, "
            "and errors and slow traces are lost at the head's rate"
        )
        hint = (
            "use always_on and let `sampling.tail` choose, or take it on with "
            f'accept: {{{HEAD_BEFORE_TAIL.id}: "why"}}'
        )
        yield at(spec, HEAD_BEFORE_TAIL, cause(spec, path, ("sampling", "tail")), message, hint)


def _different_heads(spec: Said) -> Iterator[Problem]:
    below = {name: list(reachable(spec, name)) for name in spec.services}
    for name in spec.services:
        own = spec.get("services", name, "sampling", "head")
        if not own:
            continue
        callers = [each for each in spec.services if name in below[each] and head_of(spec, each) != own]
        callees = [each for each in below[name] if head_of(spec, each) != own]
        if callers or callees:
            message = f"this sampler decides for traces that start at {name}"
            message += f", in {either(callees, 'and')} too" if callees else ""
            if callers:
                message += f"; those that come from {either(callers, 'and')} keep the decision of their start"
            yield at(spec, DIFFERENT_HEADS, ("services", name, "sampling", "head"), message)
