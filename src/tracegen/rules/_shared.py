"""What several rules need: problems at a path, and what a service comes to when nothing is said."""

from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Any

from tracegen.catalogue import Catalogue
from tracegen.problems import Code, Problem
from tracegen.spec.said import Path, Said, dotted


def at(spec: Said, code: Code, path: Path, message: str, hint: str = "") -> Problem:
    """A problem at a path of a spec."""
    return Problem.of(code, spec.place(*path), dotted(path), message, hint)


def cause(spec: Said, *paths: Path) -> Path:
    """Which of several paths, that do not go together, to point at.

    The first that the environment's own layer says, since the base without it was right; else the first that
    is said at all.
    """
    of_the_layer = (path for path in paths if spec.said_by_layer(*path))
    said = (path for path in paths if spec.get(*path) is not None)
    return next(chain(of_the_layer, said, paths))


def instrumentation_of(spec: Said, packs: Catalogue, service: str) -> str:
    """What a service said of its instrumentation, or its language's default."""
    said = spec.get("services", service, "instrumentation")
    language: str = spec.services[service]["language"]
    return said or packs.languages[language].instrumentation[0]


def head_of(spec: Said, service: str) -> Mapping[str, Any]:
    """The head sampler of the traces that start in a service."""
    own = spec.get("services", service, "sampling", "head")
    return own or spec.get("sampling", "head") or {"type": "always_on"}


def head_path(spec: Said, service: str) -> Path:
    """Where the head sampler of a service is said."""
    own: Path = ("services", service, "sampling", "head")
    return own if spec.get(*own) else ("sampling", "head")


def targets_of(spec: Said) -> list[str]:
    """The targets that are rendered."""
    said = spec.get("targets")
    return ["compose", "kubernetes"] if said is None else said


def storage_of(spec: Said, packs: Catalogue) -> Mapping[str, Any]:
    """The storage with its type filled in; empty for an external backend."""
    default = packs.backends[spec.value["backend"]["type"]].default_storage
    return {"type": default, **(spec.get("backend", "storage") or {})} if default else {}


def reachable(spec: Said, start: str) -> Iterator[str]:
    """The services that a trace started in one can reach by `calls`, itself left out; cycles are fine."""
    seen, waiting = {start}, list(spec.get("services", start, "calls") or [])
    while waiting:
        name = waiting.pop(0)
        if name not in seen and name in spec.services:
            seen.add(name)
            yield name
            waiting.extend(spec.get("services", name, "calls") or [])
