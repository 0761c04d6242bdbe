"""Decided values as the records of `records.py`, which are generated from the schema."""

import keyword
from collections.abc import Mapping
from functools import cache
from typing import Any

from tracegen.decide import records
from tracegen.decide.schema_nodes import Node, camel_case
from tracegen.system.record import Record, names_of


def attribute(key: str) -> str:
    """The name of a key as an attribute of its record."""
    name = key.replace("-", "_")
    return f"{name}_" if keyword.iskeyword(name) else name


def record_name(node: Node, chosen: Any = None) -> str:
    """The record of a mapping; each storage has one of its own."""
    return f"{camel_case(str(chosen))}Storage" if is_storage(node) else node.name or "Spec"


def is_storage(node: Node) -> bool:
    """Whether the mapping is a storage: its keys are those of one pack."""
    return node.name.startswith("StorageOf")


def record(node: Node, values: Any) -> Any:
    """The values of a place as its record, with the records of what lies below."""
    if values is None:
        return None
    if isinstance(values, dict):
        return _record(node, values) if node.has_keys else _by_name(node.values_of("additionalProperties"), values)
    if isinstance(values, list):
        items = node.values_of("items")
        return tuple(record(items, each) for each in values) if items else tuple(values)
    if node.schema.get("type") == "number":
        return float(values)
    return values


def _by_name(node: Node | None, values: Mapping[str, Any]) -> Mapping[str, Any]:
    return {name: record(node, each) for name, each in values.items()} if node else values


def _record(node: Node, values: Mapping[str, Any]) -> Any:
    keys = node.keys(values.get(node.chooser))
    if is_role_table(node):
        return {name: record(keys[name], each) for name, each in values.items()}
    kind = _class(record_name(node, values.get(node.chooser)), tuple(keys))
    found = {attribute(key): record(keys[key], each) for key, each in values.items()}
    return kind(**{**_empty(kind), **found})


def is_role_table(node: Node) -> bool:
    """Whether all keys mean the same of different things, such as roles: then it is a mapping by name."""
    kinds = {each.name for each in node.keys().values() if each.is_mapping}
    return len(node.keys()) > 1 and len(kinds) == 1 and all(each.is_mapping for each in node.keys().values())


@cache
def _class(name: str, keys: tuple[str, ...]) -> Any:
    """The generated record; a pack that came later gets one of the same form."""
    known = getattr(records, name, None)
    return known or type(name, (Record,), {"__annotations__": dict.fromkeys(map(attribute, keys), Any)})


@cache
def _empty(kind: Any) -> Mapping[str, None]:
    """Keys that only another variant has."""
    return dict.fromkeys(names_of(kind))
