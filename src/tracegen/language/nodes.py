"""Work on nodes that a schema guides: short forms written long, scalars as values, and helpers."""

from typing import Any

from tracegen.language.schema import Schema, property_schema, resolve
from tracegen.problems import Place
from tracegen.source.node import Entry, Mapping, Node, Path, Scalar, Sequence, find, place_of


def is_null(node: Node | None) -> bool:
    """Whether a node is YAML's null: `~`, `null` or nothing at all."""
    return isinstance(node, Scalar) and node.value is None


def lengthen(node: Node, schema: Schema) -> Node:
    """The node with every short form below it written long, as `x-short` in the schema has it."""
    schema = resolve(schema)
    short = schema.get("x-short")
    if isinstance(node, Scalar) and short and not is_null(node):
        node = _long_form(node, short)
    if isinstance(node, Mapping):
        return _with(node, {key: _lengthen_entry(key, entry, schema) for key, entry in node.entries.items()})
    if isinstance(node, Sequence) and "items" in schema:
        return Sequence(tuple(lengthen(item, schema["items"]) for item in node.items), node.place)
    return node


def to_value(node: Node, schema: Schema) -> Any:
    """Plain data; scalars under `x-text` keep their source text."""
    schema = resolve(schema)
    if isinstance(node, Scalar):
        return node.value
    if isinstance(node, Sequence):
        items = schema.get("items", {})
        return [to_value(item, items) for item in node.items]
    return {key: _entry_value(key, entry.value, schema) for key, entry in node.entries.items()}


def with_entry(node: Mapping, key: str, entry: Entry | None) -> Mapping:
    """The mapping with one entry replaced, added at the end, or (None) taken away."""
    entries = {name: each for name, each in node.entries.items() if entry is not None or name != key}
    if entry is not None:
        entries[key] = entry
    return _with(node, entries)


def _with(node: Mapping, entries: dict[str, Entry]) -> Mapping:
    return Mapping(entries, node.place)


def _long_form(node: Scalar, short: str) -> Node:
    if short == "list":
        return Sequence((node,), node.place)
    return Mapping({short: Entry(node.place, node)}, node.place)


def _lengthen_entry(key: str, entry: Entry, schema: Schema) -> Entry:
    below = property_schema(schema, key)
    return Entry(entry.key_place, lengthen(entry.value, below)) if below else entry


def _entry_value(key: str, node: Node, schema: Schema) -> Any:
    if schema.get("x-text") and isinstance(node, Scalar):
        return node.text
    return to_value(node, property_schema(schema, key) or {})


def key_place(root: Mapping, path: Path) -> Place:
    """The place of the key at a path; of what stands there when it is a list item, of the nearest when nothing is."""
    parent = find(root, path[:-1])
    if isinstance(parent, Mapping) and path[-1] in parent.entries:
        return parent.entries[str(path[-1])].key_place
    return place_of(root, path)
