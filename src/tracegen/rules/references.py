"""What names something must name something that is there (ruling 10)."""

import re
from collections.abc import Collection, Iterator
from dataclasses import replace

from tracegen.catalogue import Catalogue
from tracegen.decide import Settings
from tracegen.decide.records import Call
from tracegen.problems import Code, Problem
from tracegen.rules._shared import at
from tracegen.source.words import Guesses, quoted, some_of
from tracegen.spec.nodes import key_place
from tracegen.spec.said import Path, dotted

UNKNOWN_CALLEE = Code("TG201", "Called service is not in the spec")
UNKNOWN_SLO_SERVICE = Code("TG202", "Objective for a service that is not in the spec")
SLO_WITHOUT_METRICS = Code("TG203", "Objectives need metrics")
CALLED_TWICE = Code("TG208", "Called service is named twice")
NOT_ON_SPANS = Code("TG209", "Expectation that no span can show")
UNKNOWN_PIN = Code("TG204", "No such program to pin")
OLD_PIN = Code("TG206", "Version is older than what is rendered is known for")


def check(settings: Settings, packs: Catalogue) -> Iterator[Problem]:
    """Calls, objectives and pins."""
    yield from _calls(settings)
    yield from _objectives(settings)
    yield from _pins(settings, packs)


def _calls(settings: Settings) -> Iterator[Problem]:
    guesses = Guesses()
    for name, service in settings.services.items():
        seen: set[str] = set()
        for index, call in enumerate(service.calls):
            callee = call.service
            if callee in seen:
                message = f"{name} calls {quoted(callee)} twice"
                hint = "name it once, with all that is expected of these calls"
                yield at(settings, CALLED_TWICE, ("services", name, "calls", index), message, hint)
            seen.add(callee)
            yield from _expectations(settings, name, index, call)
            if callee not in settings.services:
                if settings.said.said_by_layer("services", callee):
                    yield _taken_away(settings, name, callee)
                    continue
                guess = _of_an_address(callee, settings.services) or guesses.near(callee, settings.services)
                why = "list services of this spec only; databases, queues and third parties are none"
                message = f"{name} calls {quoted(callee)}, which is not a service of this spec"
                path = ("services", name, "calls", index)
                yield at(settings, UNKNOWN_CALLEE, path, message, guess or why)


def _of_an_address(callee: str, services: Collection[str]) -> str:
    """A hint for an address in place of a name: its host may be one."""
    host = re.match(r"(?:\w+://)?([a-z0-9-]+)(?:[:/]|$)", callee)
    return f"write the name alone: {host[1]}" if host and host[1] != callee and host[1] in services else ""


def _expectations(settings: Settings, name: str, index: int, call: Call) -> Iterator[Problem]:
    """Baggage is on no span unless it is copied there."""
    copied = settings.baggage.to_attributes
    for key in (call.expect.baggage or ()) if call.expect else ():
        if key not in copied:
            message = f"{name} expects the baggage {quoted(key)} of {call.service}, and no span shows it"
            hint = f"baggage: {{to_attributes: [{', '.join([*copied, key])}]}} copies it onto every span"
            yield at(settings, NOT_ON_SPANS, ("services", name, "calls", index, "expect", "baggage"), message, hint)


def _taken_away(settings: Settings, name: str, callee: str) -> Problem:
    """The base was right until the layer took the service away, so that is where to point."""
    layer = settings.said.layer
    assert layer is not None
    path: Path = ("services", callee)
    message = f"{name} calls {quoted(callee)}, which this environment takes away"
    hint = f"keep it, or say other calls of {name} in the environment too"
    return Problem.of(UNKNOWN_CALLEE, key_place(layer, path), dotted(path), message, hint)


def _objectives(settings: Settings) -> Iterator[Problem]:
    objectives, guesses = settings.slos, Guesses()
    for index, objective in enumerate(objectives):
        name = objective.service
        if name not in settings.services:
            message = f"{quoted(name)} is not a service of this spec"
            hint = guesses.near(name, settings.services) or f"its services are {some_of(settings.services)}"
            yield at(settings, UNKNOWN_SLO_SERVICE, ("slos", index, "service"), message, hint)
    if objectives and not settings.metrics:
        message = "objectives are computed from the rate, errors and duration of spans, and metrics are off"
        path = ("metrics",) if settings.said.said_by_layer("metrics") else ("slos",)
        yield at(settings, SLO_WITHOUT_METRICS, path, message, "say metrics: true")


def _pins(settings: Settings, packs: Catalogue) -> Iterator[Problem]:
    guesses = Guesses()
    for name, version in settings.versions.items():
        path: Path = ("versions", name)
        if name not in packs.images:
            hint = guesses.near(name, packs.images) or f"they are {some_of(packs.images)}"
            message = f"tracegen runs no program called {quoted(name)}"
            yield at(settings, UNKNOWN_PIN, path, message, hint)
        elif (pinned := replace(packs.images[name], version=version)).is_before(pinned.oldest):
            message = f"what is rendered is not known to be right for {quoted(name)} {version}"
            hint = f"say {pinned.oldest} or newer; {packs.images[name].version} is pinned"
            yield at(settings, OLD_PIN, path, message, hint)
