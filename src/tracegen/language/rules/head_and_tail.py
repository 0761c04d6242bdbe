"""Head sampling before tail sampling multiplies (ruling 6)."""

from collections.abc import Iterator

from tracegen.language.rules._shared import at, head_of, head_path, reachable
from tracegen.language.spec import Path, Spec, dotted
from tracegen.packs import Catalogue
from tracegen.problems import Code, Problem, Severity

HEAD_BEFORE_TAIL = Code("TG401", "Head sampling before tail sampling", acceptable=True)
DIFFERENT_HEADS = Code("TG402", "Different head samplers along one call path", Severity.NOTE)


def check(spec: Spec, packs: Catalogue) -> Iterator[Problem]:
    """Head before tail, and heads that differ along a call path."""
    yield from _head_before_tail(spec)
    yield from _different_heads(spec)


def _head_before_tail(spec: Spec) -> Iterator[Problem]:
    if not spec.get("sampling", "tail"):
        return
    places: dict[Path, str] = {head_path(spec, name): name for name in reversed(list(spec.services))}
    for path, service in sorted(places.items(), key=lambda item: dotted(item[0])):
        head = head_of(spec, service)
        if head["type"] != "always_on":
            message = (
                f"head sampler {head['type']} drops traces before the tail sampler sees them: the two multiply, "
                "and errors and slow traces are lost at the head's rate"
            )
            hint = (
                "use always_on and let `sampling.tail` choose, or take it on with "
                f'accept: {{{HEAD_BEFORE_TAIL.id}: "why"}}'
            )
            yield at(spec, HEAD_BEFORE_TAIL, path, message, hint)


def _different_heads(spec: Spec) -> Iterator[Problem]:
    for name in spec.services:
        own = spec.get("services", name, "sampling", "head")
        callers = [each for each in spec.services if name in reachable(spec, each)] if own else []
        different = [each for each in callers if head_of(spec, each) != own]
        if different:
            message = (
                f"the head sampler of {name} decides only for traces that start there: "
                f"those that come from {', '.join(different)} keep the decision of their start"
            )
            yield at(spec, DIFFERENT_HEADS, ("services", name, "sampling", "head"), message)
