"""A quick yes to a spec whose form is right, so that only a wrong one waits for jsonschema.

Importing jsonschema takes a command longer than reading, checking and rendering five services (see
`docs/benchmark.md`). What is not accepted here, or not known here, goes to jsonschema: it decides, and it says
what is wrong. A test holds that this never accepts what jsonschema refuses.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

Schema = Mapping[str, Any]


class _Unknown(Exception):
    """The schema uses a keyword that is not known here."""


def accepts(schema: Schema, value: Any) -> bool:
    """Whether the value surely fits the schema; no means no more than: ask jsonschema."""
    try:
        return _fits(value, schema, schema)
    except _Unknown:
        return False


def _fits(value: Any, schema: Schema | bool, root: Schema) -> bool:
    if isinstance(schema, bool):
        return schema
    return all(_holds(keyword, value, schema, root) for keyword in schema)


def _holds(keyword: str, value: Any, schema: Schema, root: Schema) -> bool:
    if keyword in _WORDS or keyword.startswith("x-"):
        return True
    check = _CHECKS.get(keyword)
    if check is not None:
        return check(value, schema[keyword])
    if keyword in _NESTED:
        return _NESTED[keyword](value, schema, root)
    raise _Unknown(keyword)


def _has_type(value: Any, types: str | list[str]) -> bool:
    return any(_TYPES[each](value) for each in ([types] if isinstance(types, str) else types))


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _same(one: Any, other: Any) -> bool:
    """Equality of JSON: `true` is not 1."""
    return bool(one == other) and isinstance(one, bool) == isinstance(other, bool)


def _unique(value: Any, wanted: bool) -> bool:
    if not isinstance(value, list) or not wanted:
        return True
    if not all(isinstance(item, str) for item in value):
        raise _Unknown("uniqueItems of anything but texts")
    return len(set(value)) == len(value)


def _properties(value: Any, schema: Schema, root: Schema) -> bool:
    below = schema["properties"]
    return not isinstance(value, dict) or all(
        _fits(each, below[key], root) for key, each in value.items() if key in below
    )


def _additional(value: Any, schema: Schema, root: Schema) -> bool:
    known = schema.get("properties", {})
    return not isinstance(value, dict) or all(
        _fits(each, schema["additionalProperties"], root) for key, each in value.items() if key not in known
    )


def _names(value: Any, schema: Schema, root: Schema) -> bool:
    return not isinstance(value, dict) or all(_fits(key, schema["propertyNames"], root) for key in value)


def _items(value: Any, schema: Schema, root: Schema) -> bool:
    return not isinstance(value, list) or all(_fits(item, schema["items"], root) for item in value)


def _condition(value: Any, schema: Schema, root: Schema) -> bool:
    branch = "then" if _fits(value, schema["if"], root) else "else"
    return _fits(value, schema.get(branch, True), root)


def _reference(value: Any, schema: Schema, root: Schema) -> bool:
    target: Any = root
    for part in schema["$ref"].removeprefix("#/").split("/"):
        target = target[part]
    return _fits(value, target, root)


_TYPES: Mapping[str, Callable[[Any], bool]] = {
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "string": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "null": lambda value: value is None,
    "number": _is_number,
    "integer": lambda value: _is_number(value) and (isinstance(value, int) or value.is_integer()),
}

#: Keywords that demand nothing of a value, or are read with another keyword.
_WORDS = frozenset(("$schema", "$defs", "title", "description", "examples", "default", "format", "then", "else"))

_CHECKS: Mapping[str, Callable[[Any, Any], bool]] = {
    "type": _has_type,
    "const": _same,
    "enum": lambda value, choices: any(_same(value, each) for each in choices),
    "pattern": lambda value, pattern: not isinstance(value, str) or re.search(pattern, value) is not None,
    "minLength": lambda value, limit: not isinstance(value, str) or len(value) >= limit,
    "maxLength": lambda value, limit: not isinstance(value, str) or len(value) <= limit,
    "minItems": lambda value, limit: not isinstance(value, list) or len(value) >= limit,
    "uniqueItems": _unique,
    "minimum": lambda value, limit: not _is_number(value) or value >= limit,
    "maximum": lambda value, limit: not _is_number(value) or value <= limit,
    "exclusiveMinimum": lambda value, limit: not _is_number(value) or value > limit,
    "exclusiveMaximum": lambda value, limit: not _is_number(value) or value < limit,
    "minProperties": lambda value, limit: not isinstance(value, dict) or len(value) >= limit,
    "maxProperties": lambda value, limit: not isinstance(value, dict) or len(value) <= limit,
    "required": lambda value, keys: not isinstance(value, dict) or all(key in value for key in keys),
}

_NESTED: Mapping[str, Callable[[Any, Schema, Schema], bool]] = {
    "$ref": _reference,
    "properties": _properties,
    "additionalProperties": _additional,
    "propertyNames": _names,
    "items": _items,
    "if": _condition,
    "not": lambda value, schema, root: not _fits(value, schema["not"], root),
    "allOf": lambda value, schema, root: all(_fits(value, each, root) for each in schema["allOf"]),
    "anyOf": lambda value, schema, root: any(_fits(value, each, root) for each in schema["anyOf"]),
}
