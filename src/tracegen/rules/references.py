"""What names something must name something that is there (ruling 10)."""

from collections.abc import Iterator

from tracegen.catalogue import Catalogue
from tracegen.problems import Code, Problem
from tracegen.rules._shared import at
from tracegen.source.words import quoted
from tracegen.spec.nodes import key_place
from tracegen.spec.said import Path, Said, dotted
from tracegen.spec.suggest import did_you_mean

UNKNOWN_CALLEE = Code("TG201", "Called service is not in the spec")
UNKNOWN_SLO_SERVICE = Code("TG202", "Objective for a service that is not in the spec")
SLO_WITHOUT_METRICS = Code("TG203", "Objectives need metrics")
UNKNOWN_PIN = Code("TG204", "No such program to pin")


def check(spec: Said, packs: Catalogue) -> Iterator[Problem]:
    """Calls, objectives and pins."""
    yield from _calls(spec)
    yield from _objectives(spec)
    yield from _pins(spec, packs)


def _calls(spec: Said) -> Iterator[Problem]:
    for name, service in spec.services.items():
        for index, callee in enumerate(service.get("calls", [])):
            if callee not in spec.services:
                if spec.said_by_layer("services", callee):
                    yield _taken_away(spec, name, callee)
                    continue
                guess = did_you_mean(callee, spec.services)
                why = "list services of this spec only; databases, queues and third parties are none"
                message = f"{name} calls {quoted(callee)}, which is not a service of this spec"
                path = ("services", name, "calls", index)
                yield at(spec, UNKNOWN_CALLEE, path, message, guess or why)


def _taken_away(spec: Said, name: str, callee: str) -> Problem:
    """The base was right until the layer took the service away, so that is where to point."""
    assert spec.layer is not None
    path: Path = ("services", callee)
    message = f"{name} calls {quoted(callee)}, which this environment takes away"
    hint = f"keep it, or say other calls of {name} in the environment too"
    return Problem.of(UNKNOWN_CALLEE, key_place(spec.layer, path), dotted(path), message, hint)


def _objectives(spec: Said) -> Iterator[Problem]:
    objectives = spec.get("slos") or []
    for index, objective in enumerate(objectives):
        name = objective["service"]
        if name not in spec.services:
            message = f"{quoted(name)} is not a service of this spec"
            hint = did_you_mean(name, spec.services) or f"its services are {', '.join(spec.services)}"
            yield at(spec, UNKNOWN_SLO_SERVICE, ("slos", index, "service"), message, hint)
    if objectives and not spec.get("metrics"):
        message = "objectives are computed from the rate, errors and duration of spans, and metrics are off"
        path = ("metrics",) if spec.said_by_layer("metrics") else ("slos",)
        yield at(spec, SLO_WITHOUT_METRICS, path, message, "say metrics: true")


def _pins(spec: Said, packs: Catalogue) -> Iterator[Problem]:
    for name in spec.get("versions") or {}:
        if name not in packs.images:
            hint = did_you_mean(name, packs.images) or f"they are {', '.join(packs.images)}"
            message = f"tracegen runs no program called {quoted(name)}"
            yield at(spec, UNKNOWN_PIN, ("versions", name), message, hint)
