"""Lists and mappings that are too short, too long, or hold something twice."""

import json
from collections.abc import Iterator
from typing import Any

from tracegen.problems import Problem
from tracegen.source.node import Path, dotted
from tracegen.spec import codes
from tracegen.spec.complaints.context import Context, for_example
from tracegen.spec.complaints.keys import keys_hint, keys_of
from tracegen.spec.wording import either, shown

_EMPTY = "the mapping is empty"


def too_few_items(error: Any, path: Path, context: Context) -> Iterator[Problem]:
    """A list that is shorter than it may be."""
    limit = error.validator_value
    message = "the list is empty" if not error.instance else f"the list needs at least {limit} items"
    hint = for_example(path, context.schema_at(path))
    yield context.problem(codes.WRONG_FORM, path, message, hint)


def item_twice(error: Any, path: Path, context: Context) -> Iterator[Problem]:
    """An item that stands twice in a list of different ones; each repetition is told."""
    items = error.instance
    seen: set[str] = set()
    for index, item in enumerate(items):
        if (text := json.dumps(item, sort_keys=True)) in seen:
            # A lone value may be written for a mapping with that one key, and mostly is.
            [*values] = item.values() if isinstance(item, dict) else [item]
            message = f"{shown(values[0] if len(values) == 1 else item)} stands twice in {dotted(path)}"
            yield context.problem(codes.WRONG_FORM, (*path, index), message, "keep one of them")
        seen.add(text)


def too_few_keys(error: Any, path: Path, context: Context) -> Iterator[Problem]:
    """A mapping that says less than it has to; a key that is missing by its name is told as such."""
    node = context.schema_at(path)
    if not set(node.get("required", ())) <= set(error.instance):
        return
    known = keys_of(node, error.instance)
    if known:
        message = f"a key is missing beside {either(error.instance, 'and')}" if error.instance else _EMPTY
        yield context.problem(codes.WRONG_FORM, path, message, keys_hint(known - set(error.instance)))
    else:
        yield context.problem(codes.WRONG_FORM, path, _EMPTY, for_example(path, node))


def too_many_keys(error: Any, path: Path, context: Context) -> Iterator[Problem]:
    """A mapping of alternatives with several of them."""
    known = context.schema_at(path).get("properties", {})
    given = [key for key in error.instance if key in known]
    if len(given) > error.validator_value:
        message = f"only one key fits here, and there are {either(given, 'and')}"
        yield context.problem(codes.WRONG_FORM, path, message, "keep one of them")
