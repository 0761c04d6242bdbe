"""References to secrets: what stands in one by mistake may be the secret itself, so it is never repeated."""

from collections.abc import Iterator, Mapping
from typing import Any

from tracegen.problems import Problem
from tracegen.source.node import Path, dotted
from tracegen.source.words import quoted
from tracegen.spec import codes
from tracegen.spec.complaints.context import Context
from tracegen.spec.nodes import key_place
from tracegen.spec.schema import Schema
from tracegen.spec.wording import either

_NEVER_THE_VALUE = "a value itself never stands in a spec: change it if this file was shared"
_FOR_EXAMPLE = {
    "env": "name a variable that holds the value, such as DB_PASSWORD",
    "file": "name a file that holds the value, such as secrets/password",
}


def is_inside(path: Path, context: Context) -> bool:
    """Whether a path leads into a reference."""
    return any(_is_reference(context.schema_at(path[:length])) for length in range(len(path)))


def wrong_value(error: Any, path: Path, context: Context) -> Iterator[Problem]:
    """A value where a name belongs."""
    wanted = error.schema.get("x-expected") or context.schema_at(path).get("x-expected", "the name of something")
    hint = f"{_FOR_EXAMPLE.get(str(path[-1]), 'name where the value is to be had')}; {_NEVER_THE_VALUE}"
    yield context.problem(codes.WRONG_FORM, path, f"what stands here is not {wanted}", hint)


def wrong_keys(error: Any, path: Path, context: Context) -> Iterator[Problem]:
    """Keys that no reference has; one that nearly has the right name is told with it."""
    known = sorted(context.schema_at(path).get("properties", {}))
    for key in set(error.instance) - set(known):
        near = context.near(codes.UNKNOWN_KEY, key, known)
        message = f"{quoted(key) if near else 'what stands here'} is not a key of {dotted(path)}"
        hint = near or f"its keys are {either(known, 'and')}; {_NEVER_THE_VALUE}"
        where = (*path, key) if near else path
        yield context.problem(codes.UNKNOWN_KEY, where, message, hint, key_place(context.root, (*path, key)))


def _is_reference(schema: Schema) -> bool:
    properties = schema.get("properties")
    return isinstance(properties, Mapping) and {"env", "secret"} <= properties.keys()
