"""Patches (RFC 7396), with which tests make specs out of specs."""

from collections.abc import Mapping
from copy import deepcopy
from typing import Any


def merged(target: Any, patch: Any) -> Any:
    """The target with a patch applied: null takes a key away, mappings merge, all else replaces."""
    if not isinstance(patch, Mapping):
        return deepcopy(patch)
    result = dict(target) if isinstance(target, Mapping) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = merged(result.get(key), value)
    return result


def patch_between(one: Any, other: Any) -> Any:
    """The patch that makes the other out of the one."""
    if not isinstance(one, Mapping) or not isinstance(other, Mapping):
        return other
    removed: dict[str, Any] = dict.fromkeys(one.keys() - other.keys())
    changed = {name: patch_between(one.get(name), value) for name, value in other.items() if one.get(name) != value}
    return removed | changed
