"""The form of a merged spec, checked against the schema; each failure becomes a problem with its place."""

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any

from tracegen.language import codes
from tracegen.language.layers import Stack
from tracegen.language.nodes import key_place, to_value
from tracegen.language.schema import known_keys, property_schema, resolve, schema, variants_with
from tracegen.language.standard import strict
from tracegen.language.suggest import did_you_mean
from tracegen.packs import catalogue
from tracegen.problems import Problem
from tracegen.source.node import Path, dotted, find, place_of

Schema = dict[str, Any]


def check_form(stack: Stack) -> tuple[dict[str, Any], list[Problem]]:
    """The stack as plain data, and what the schema has against it; the data is valid when that is nothing."""
    value = to_value(stack.root, schema())
    assert isinstance(value, dict)
    return value, _problems(stack, value)


def with_choosers(value: dict[str, Any]) -> dict[str, Any]:
    """The data with the defaults filled in that decide which other keys have a meaning."""
    filled = {**value}
    backend = filled.get("backend")
    if isinstance(backend, dict):
        filled["backend"] = _backend_with_choosers(backend)
    for path, chooser in ((("collector", "queue"), "persistent"),):
        _fill(filled, path, chooser)
    return filled


def _backend_with_choosers(backend: dict[str, Any]) -> dict[str, Any]:
    pack = catalogue().backends.get(str(backend.get("type")))
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


def _problems(stack: Stack, value: dict[str, Any]) -> list[Problem]:
    errors: Iterator[Any] = _validator().iter_errors(with_choosers(value))
    return [problem for error in errors for problem in _explain(error, stack)]


@cache
def _validator() -> Any:
    """The library is imported late: half of the time that a command takes to start is its own."""
    from jsonschema import Draft202012Validator

    kind: Any = Draft202012Validator
    return kind(strict(schema()))


def _explain(error: Any, stack: Stack) -> Iterator[Problem]:
    path = tuple(error.absolute_path)
    explain = _EXPLANATIONS.get(error.validator, _wrong_form)
    yield from explain(error, path, stack)


def _unknown_key(error: Any, path: Path, stack: Stack) -> Iterator[Problem]:
    parent = _schema_at(path)
    known = known_keys(parent, error.instance) or set()
    allowed = set(error.schema.get("properties", {}))
    for key in error.instance:
        if key not in allowed:
            yield _unknown(key, path, stack, parent, known)


def _unknown(key: str, path: Path, stack: Stack, parent: Schema, known: set[str]) -> Problem:
    place = key_place(stack.root, (*path, key))
    where = dotted(path)
    elsewhere = variants_with(parent, key)
    if elsewhere:
        chooser = parent["x-chooser"]
        chosen = stack_value(stack, (*path, chooser))
        return Problem.of(
            codes.MEANINGLESS_KEY,
            place,
            dotted((*path, key)),
            f"{key!r} has no meaning in {where or 'the spec'} with {chooser}: {chosen}",
            f"it belongs to {chooser}: {' or '.join(elsewhere)}",
        )
    return Problem.of(
        codes.UNKNOWN_KEY,
        place,
        dotted((*path, key)),
        f"{key!r} is not a key of {where or 'the spec'}",
        did_you_mean(key, known) or f"its keys are {', '.join(sorted(known))}",
    )


def stack_value(stack: Stack, path: Path) -> Any:
    """What a stack says at a path, in words for a message."""
    node = find(stack.root, path)
    return getattr(node, "value", "not said")


def _missing_key(error: Any, path: Path, stack: Stack) -> Iterator[Problem]:
    for key in error.validator_value:
        if key not in error.instance:
            below = property_schema(_schema_at(path), key) or {}
            example = below.get("examples", [""])[0]
            yield Problem.of(
                codes.MISSING_KEY,
                place_of(stack.root, path),
                dotted((*path, key)),
                f"{dotted(path) or 'the spec'} needs the key {key!r}",
                f"{below.get('description', '')} For example: {key}: {_yaml(example)}".strip(),
            )


def _meaningless_key(error: Any, path: Path, stack: Stack) -> Iterator[Problem]:
    *parents, key = path
    condition = resolve(property_schema(_schema_at(tuple(parents)), str(key)) or {}).get("x-when", {})
    wanted = " and ".join(f"{name}: {' or '.join(map(_yaml, values))}" for name, values in condition.items())
    yield Problem.of(
        codes.MEANINGLESS_KEY,
        key_place(stack.root, path),
        dotted(path),
        f"{str(key)!r} has a meaning only with {wanted}",
        f"delete it, or say {wanted} in {dotted(tuple(parents))}",
    )


def _wrong_type(error: Any, path: Path, stack: Stack) -> Iterator[Problem]:
    node = _schema_at(path)
    if node.get("x-secret") and isinstance(error.instance, str | int | float):
        yield _literal_secret(path, stack)
        return
    value = _shown(error.instance)
    wanted = node.get("x-expected") or _type_words(error.validator_value)
    hint = ""
    if error.validator_value == "string" and isinstance(error.instance, bool | int | float):
        hint = f'write it in quotes: "{getattr(find(stack.root, path), "text", error.instance)}"'
    yield _problem(codes.WRONG_TYPE, path, stack, f"{value} is not {wanted}", hint)


def _literal_secret(path: Path, stack: Stack) -> Problem:
    name = str(path[-1]).upper()
    return _problem(
        codes.LITERAL_SECRET,
        path,
        stack,
        f"{dotted(path)} is a secret and is written in the spec",
        f"refer to it, for example {{env: {name}}}, and change the secret if this file was shared",
    )


def _wrong_choice(error: Any, path: Path, stack: Stack) -> Iterator[Problem]:
    choices = [str(choice) for choice in error.validator_value if choice is not None]
    yield _problem(
        codes.WRONG_CHOICE,
        path,
        stack,
        f"{_shown(error.instance)} is not a {_noun(path)}; choose from {', '.join(choices)}",
        did_you_mean(str(error.instance), choices),
    )


def _wrong_const(error: Any, path: Path, stack: Stack) -> Iterator[Problem]:
    yield _problem(
        codes.WRONG_CHOICE,
        path,
        stack,
        f"{_shown(error.instance)} is not a version of the format that this tracegen reads",
        f"write {dotted(path)}: {error.validator_value}; a newer format needs a newer tracegen",
    )


def _wrong_name(error: Any, path: Path, stack: Stack) -> Iterator[Problem]:
    for inner in error.context or [error]:
        key = str(inner.instance) if not isinstance(inner.instance, dict) else ""
        if key:
            path = (*path, key)
            break
    yield from _wrong_form(error, path, stack, at_key=True)


def _wrong_form(error: Any, path: Path, stack: Stack, at_key: bool = False) -> Iterator[Problem]:
    node = error.schema if isinstance(error.schema, dict) else {}
    wanted = node.get("x-expected") or _schema_at(path).get("x-expected")
    value = _shown(error.instance)
    message = f"{value} is not {wanted}" if wanted else _limit_words(error)
    place = key_place(stack.root, path) if at_key else place_of(stack.root, path)
    yield Problem.of(codes.WRONG_FORM, place, dotted(path), f"{dotted(path)}: {message}")


def _limit_words(error: Any) -> str:
    limit, value = error.validator_value, _shown(error.instance)
    words = {
        "minimum": f"{value} is less than {limit}",
        "maximum": f"{value} is more than {limit}",
        "exclusiveMinimum": f"{value} is not more than {limit}",
        "exclusiveMaximum": f"{value} is not less than {limit}",
        "minItems": f"needs at least {limit} of them",
        "minLength": f"{value} is too short" if limit != 1 else "is empty",
        "maxLength": f"is longer than {limit} characters",
        "minProperties": f"needs at least {limit} key{'s' if limit > 1 else ''}",
        "maxProperties": f"takes only {limit} key{'s' if limit > 1 else ''}",
        "uniqueItems": "has an item twice",
    }
    return words.get(error.validator, f"{value} does not have the right form")


def _problem(code: Any, path: Path, stack: Stack, message: str, hint: str = "") -> Problem:
    text = message if message.startswith(dotted(path)) else f"{dotted(path)}: {message}"
    return Problem.of(code, place_of(stack.root, path), dotted(path), text, hint)


def _schema_at(path: Path) -> Schema:
    node = schema()
    for part in path:
        node = resolve(node)
        below = node.get("items") if isinstance(part, int) else property_schema(node, part)
        node = below or {}
    return resolve(node) if node else {}


def _noun(path: Path) -> str:
    words = [str(part) for part in path if isinstance(part, str)]
    return words[-1].replace("_", " ") if words else "choice"


def _type_words(types: str | list[str]) -> str:
    words = {
        "object": "a mapping (key: value)",
        "array": "a list",
        "string": "a text",
        "integer": "a whole number",
        "number": "a number",
        "boolean": "true or false",
        "null": "empty",
    }
    return " or ".join(words[each] for each in ([types] if isinstance(types, str) else types))


def _shown(value: Any) -> str:
    if isinstance(value, Mapping):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    text = repr(value) if isinstance(value, str) else _yaml(value)
    return text if len(text) <= 80 else text[:77] + "…"


def _yaml(value: Any) -> str:
    import json

    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


_EXPLANATIONS: Mapping[str, Callable[..., Iterator[Problem]]] = {
    "additionalProperties": _unknown_key,
    "required": _missing_key,
    "not": _meaningless_key,
    "type": _wrong_type,
    "enum": _wrong_choice,
    "const": _wrong_const,
    "propertyNames": _wrong_name,
}
