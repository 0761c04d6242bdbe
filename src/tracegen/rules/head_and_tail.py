"""Head sampling before tail sampling multiplies (ruling 6)."""

from collections.abc import Iterator

from tracegen.catalogue import Catalogue
from tracegen.decide import Settings
from tracegen.decide.calls import callees, graph
from tracegen.decide.records import Head
from tracegen.problems import Code, Problem, Severity
from tracegen.rules._shared import at, cause, head_path
from tracegen.spec.said import Path, dotted
from tracegen.spec.wording import either
from tracegen.system.graph import reachable_bits

HEAD_BEFORE_TAIL = Code("TG401", "Head sampling before tail sampling", acceptable=True)
METRICS_OF_A_SAMPLE = Code("TG406", "Metrics are counted from sampled spans", Severity.WARNING, acceptable=True)
DIFFERENT_HEADS = Code("TG402", "Different head samplers along one call path", Severity.NOTE)

_MOST_NAMED = 10


def check(settings: Settings, packs: Catalogue) -> Iterator[Problem]:
    """Head before tail or before metrics, and heads that differ along a call path."""
    yield from _head_before_tail(settings)
    yield from _head_before_metrics(settings)
    yield from _different_heads(settings)


def _that_drop(settings: Settings) -> Iterator[tuple[Path, Head]]:
    """The head samplers that do not keep everything, with their paths."""
    heads = {head_path(settings, name): each.sampling.head for name, each in settings.services.items()}
    for path, head in sorted(heads.items(), key=lambda item: dotted(item[0])):
        if head.type != "always_on" and head.ratio != 1:
            yield path, head


def _head_before_metrics(settings: Settings) -> Iterator[Problem]:
    for path, head in _that_drop(settings) if settings.metrics else ():
        message = (
            f"rate, errors and duration are counted from spans, and {dotted(path)} {head.type} keeps a part of "
            "them: the numbers are those of that part"
        )
        hint = "use always_on and drop in `sampling.tail`, which is behind the metrics"
        yield at(settings, METRICS_OF_A_SAMPLE, cause(settings, path, ("metrics",)), message, hint)


def _head_before_tail(settings: Settings) -> Iterator[Problem]:
    if settings.sampling.tail is None:
        return
    for path, head in _that_drop(settings):
        message = (
            f"{dotted(path)} {head.type} drops traces before the tail sampler sees them: the two multiply, "
            "and errors and slow traces are lost at the head's rate"
        )
        hint = (
            "use always_on and let `sampling.tail` choose, or take it on with "
            f'accept: {{{HEAD_BEFORE_TAIL.id}: "why"}}'
        )
        yield at(settings, HEAD_BEFORE_TAIL, cause(settings, path, ("sampling", "tail")), message, hint)


def _different_heads(settings: Settings) -> Iterator[Problem]:
    services = settings.services
    own = [name for name in services if settings.is_said("services", name, "sampling", "head")]
    if not own:
        return
    names = list(services)
    below = reachable_bits(graph(services))
    above = reachable_bits(_callers(settings))
    alike: dict[Head, int] = {}
    for number, each in enumerate(services.values()):
        alike[each.sampling.head] = alike.get(each.sampling.head, 0) | 1 << number
    for name in own:
        same = alike[services[name].sampling.head]
        callers, callees = above[name] & ~same, below[name] & ~same
        if callers or callees:
            message = f"this sampler decides for traces that start at {name}"
            message += f", in {_some(callees, names)} too" if callees else ""
            if callers:
                message += f"; those that come from {_some(callers, names)} keep the decision of their start"
            yield at(settings, DIFFERENT_HEADS, ("services", name, "sampling", "head"), message)


def _callers(settings: Settings) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {name: [] for name in settings.services}
    for name, each in settings.services.items():
        for callee in callees(each):
            found.get(callee, []).append(name)
    return found


def _some(chosen: int, names: list[str]) -> str:
    """The first names of a set of bits, and how many more there are."""
    shown: list[str] = []
    left = chosen
    while left and len(shown) < _MOST_NAMED:
        lowest = left & -left
        shown.append(names[lowest.bit_length() - 1])
        left ^= lowest
    return either([*shown, f"{left.bit_count()} more"] if left else shown, "and")
