"""The form of a merged spec, checked against the schema; each failure becomes a problem with its place."""

from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any

from tracegen.catalogue import Catalogue
from tracegen.problems import Problem
from tracegen.spec.acceptor import accepts
from tracegen.spec.layers import Stack
from tracegen.spec.nodes import to_value
from tracegen.spec.schema import Schema, schema_of
from tracegen.spec.standard import strict


def check_form(stack: Stack, packs: Catalogue) -> tuple[dict[str, Any], list[Problem]]:
    """The stack as plain data, and what the schema has against it; the data is valid when that is nothing."""
    value = to_value(stack.root, schema_of(packs))
    assert isinstance(value, dict)
    return value, _problems(stack, value, packs)


def with_choosers(value: dict[str, Any], packs: Catalogue) -> dict[str, Any]:
    """The data with the defaults filled in that decide which other keys have a meaning."""
    filled = {**value}
    backend = filled.get("backend")
    if isinstance(backend, dict):
        filled["backend"] = _backend_with_choosers(backend, packs)
    for path, chooser in ((("collector", "queue"), "persistent"),):
        _fill(filled, path, chooser)
    return filled


def _backend_with_choosers(backend: dict[str, Any], packs: Catalogue) -> dict[str, Any]:
    pack = packs.backends.get(str(backend.get("type")))
    if pack is None or not pack.modes:
        return backend
    storage = backend.get("storage", {})
    if isinstance(storage, dict):
        storage = {"type": pack.default_storage, **storage}
    return {"mode": pack.modes[0], **backend, "storage": storage}


def _fill(value: dict[str, Any], path: tuple[str, ...], chooser: str) -> None:
    *parents, last = path
    for part in parents:
        below = value.get(part)
        if not isinstance(below, dict):
            return
        value[part] = dict(below)
        value = value[part]
    if isinstance(value.get(last), dict):
        value[last] = {"type": chooser, **value[last]}


def _problems(stack: Stack, value: dict[str, Any], packs: Catalogue) -> list[Problem]:
    filled = with_choosers(value, packs)
    if accepts(_strict_schema(packs), filled):
        return []
    from tracegen.spec.complaints import Context, explain  # only a wrong spec needs it

    context = Context(filled, stack.root, schema_of(packs))
    errors: Iterator[Any] = _validator(packs).iter_errors(filled)
    return _each_once(problem for error in errors for problem in explain(error, context))


def _each_once(problems: Iterable[Problem]) -> list[Problem]:
    """What is wrong in `service_defaults` is wrong in every service too, at the same place: told once."""
    found: dict[tuple[object, ...], Problem] = {}
    for problem in problems:
        found.setdefault((problem.code, problem.place, problem.path.rpartition(".")[2]), problem)
    return list(found.values())


@cache
def _strict_schema(packs: Catalogue) -> Schema:
    return strict(schema_of(packs))


@cache
def _validator(packs: Catalogue) -> Any:
    """The library is imported late, and only for a wrong spec: its import takes longer than all the rest."""
    from jsonschema import Draft202012Validator

    kind: Any = Draft202012Validator
    return kind(_strict_schema(packs))
