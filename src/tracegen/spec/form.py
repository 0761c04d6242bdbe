"""The form of a merged spec, checked against the schema; each failure becomes a problem with its place."""

from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any

from tracegen.catalogue import Catalogue
from tracegen.problems import Problem
from tracegen.spec.json_schema import strict
from tracegen.spec.layers import Stack
from tracegen.spec.nodes import to_value
from tracegen.spec.quick_check import accepts
from tracegen.spec.schema import Schema, chosen_variant, fits, property_schema, resolve, schema_of, switches


def check_form(stack: Stack, packs: Catalogue) -> tuple[dict[str, Any], list[Problem]]:
    """The stack as plain data, and what the schema has against it; the data is valid when that is nothing."""
    value = to_value(stack.root, schema_of(packs))
    assert isinstance(value, dict)
    return value, _problems(stack, value, packs)


def with_choosers(value: dict[str, Any], packs: Catalogue) -> dict[str, Any]:
    """The data with the defaults filled in that decide which other keys have a meaning."""
    filled: dict[str, Any] = _filled(value, schema_of(packs))
    return filled


def _filled(value: Any, node: Schema) -> Any:
    node = resolve(node)
    if not isinstance(value, dict) or "properties" not in node:
        return value
    choice = value.get(node.get("x-chooser", ""))
    properties = {**node["properties"], **chosen_variant(node, value).get("properties", {})}
    below = {key: _filled(each, properties[key]) if key in properties else each for key, each in value.items()}
    needed = node.get("required", ())
    defaults = {
        key: found["default"]
        for key in switches(node)
        if key not in value and key not in needed
        if (found := property_schema(node, key, choice)) and key in properties and "default" in found
        if fits(found, value, node)
    }
    return {**defaults, **below}


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
