"""Trees without comments, and a user's last word merged into a tree with them."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from tracegen.emit.value import Commented, Refused, Value, exact, finite, text_key

#: The comment that every node set by `overrides` carries.
OVERRIDDEN = "overridden in tracegen.yaml"


def plain(value: Value) -> Any:
    """`value` without its comments, in fresh dicts and lists: what a reader of the file gets.

    Raises TypeError and ValueError as `to_yaml` does, with the path in front.
    """
    try:
        return _plain(value)
    except Refused as refused:
        raise refused.error() from None


def _plain(value: Any) -> Any:
    value = exact(value)
    match value:
        case Commented():
            return _plain(value.value)
        case dict():
            return {text_key(key): _plain_at(key, item) for key, item in value.items()}
        case list():
            return [_plain_at(index, item) for index, item in enumerate(value)]
        case float():
            return finite(value)
    return value


def _plain_at(step: object, value: Any) -> Any:
    try:
        return _plain(value)
    except Refused as refused:
        raise refused.under(step) from None


def merge_patch(target: Value, patch: Value, comment: str = OVERRIDDEN) -> Value:
    """`target` with `patch` merged into it by RFC 7396; each node that the patch set carries `comment`.

    A mapping that is merged deeper keeps the comment it had; a node that is replaced loses its own. Keys keep
    their order, new ones come last, and null deletes. Neither input is modified; unchanged parts are shared
    with `target`. Raises TypeError and ValueError for a patch that `to_yaml` would refuse.
    """
    return _merged(target, plain(patch), comment)


def _merged(target: Value, patch: Any, comment: str) -> Value:
    bare = _bare(target)
    if not isinstance(patch, dict) or not isinstance(bare, Mapping):
        return Commented(_without_nulls(patch), comment)
    merged = dict(bare)
    for key, change in patch.items():
        if change is None:
            merged.pop(key, None)
        else:
            merged[key] = _merged(merged.get(key), change, comment)
    return _with_value(target, merged)


def _bare(value: Value) -> Value:
    while isinstance(value, Commented):
        value = value.value
    return value


def _with_value(node: Value, value: Value) -> Value:
    """`value` in the comments that `node` carries."""
    return replace(node, value=_with_value(node.value, value)) if isinstance(node, Commented) else value


def _without_nulls(patch: Any) -> Any:
    """A patch merged into nothing: a null has nothing to delete and goes; in a list it is a value."""
    if not isinstance(patch, dict):
        return patch
    return {key: _without_nulls(item) for key, item in patch.items() if item is not None}
