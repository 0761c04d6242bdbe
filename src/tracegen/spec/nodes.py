"""Work on nodes that a schema guides: short forms written long, scalars as values, and helpers."""

from collections.abc import Iterator
from math import isfinite
from typing import Any

from tracegen.problems import Place
from tracegen.source.node import Entry, Mapping, Node, Path, Scalar, Sequence, find, place_of
from tracegen.spec.schema import Schema, property_schema, resolve


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
        choice = choice_of(schema, node)
        entries = {key: _lengthen_entry(key, entry, schema, choice) for key, entry in node.entries.items()}
        return _with(node, entries)
    if isinstance(node, Sequence) and "items" in schema:
        return Sequence(tuple(lengthen(item, schema["items"]) for item in node.items), node.place)
    return node


def to_value(node: Node, schema: Schema) -> Any:
    """Plain data; scalars under `x-text` keep their source text."""
    schema = resolve(schema)
    if isinstance(node, Scalar):
        return _scalar_value(node, schema.get("type"))
    if isinstance(node, Sequence):
        items = schema.get("items", {})
        return [to_value(item, items) for item in node.items]
    choice = choice_of(schema, node)
    return {key: _entry_value(key, entry.value, schema, choice) for key, entry in node.entries.items()}


def choice_of(schema: Schema, *layers: Mapping) -> str | None:
    """What the topmost of some layers of a mapping says at its chooser; None when it has none or none says."""
    chooser = schema.get("x-chooser")
    for layer in layers:
        entry = layer.entries.get(chooser) if chooser else None
        if entry is not None and isinstance(entry.value, Scalar):
            return entry.value.text
    return None


def nulls_of(node: Node | None) -> Mapping | None:
    """A mapping cut down to its nulls and what leads to them; None when there are none."""
    if not isinstance(node, Mapping):
        return None
    entries = {}
    for key, entry in node.entries.items():
        below: Node | None = entry.value if is_null(entry.value) else nulls_of(entry.value)
        if below is not None:
            entries[key] = Entry(entry.key_place, below)
    return Mapping(entries, node.place) if entries else None


def with_nulls(node: Mapping, nulls: Mapping) -> Mapping:
    """The mapping with the nulls of another one in the places where it has nothing."""
    entries = dict(node.entries)
    for key, entry in nulls.entries.items():
        mine = entries.get(key)
        if mine is None:
            entries[key] = entry
        elif isinstance(mine.value, Mapping) and isinstance(entry.value, Mapping):
            entries[key] = Entry(mine.key_place, with_nulls(mine.value, entry.value))
    return _with(node, entries)


def null_places(node: Node) -> Iterator[Place]:
    """Where the keys stand that have no value."""
    if isinstance(node, Mapping):
        for entry in node.entries.values():
            if is_null(entry.value):
                yield entry.key_place
            yield from null_places(entry.value)


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


def _lengthen_entry(key: str, entry: Entry, schema: Schema, choice: str | None) -> Entry:
    below = property_schema(schema, key, choice)
    return Entry(entry.key_place, lengthen(entry.value, below)) if below else entry


def _entry_value(key: str, node: Node, schema: Schema, choice: str | None) -> Any:
    if schema.get("x-text") and isinstance(node, Scalar):
        return node.text
    if schema.get("x-text") and isinstance(node, Sequence):
        return [each.text if isinstance(each, Scalar) else to_value(each, {}) for each in node.items]
    return to_value(node, property_schema(schema, key, choice) or {})


def _scalar_value(node: Scalar, wanted: object) -> Any:
    """The value; `2e0` is 2 where a whole number is wanted, and what is not finite is no number of a spec."""
    value = node.value
    if isinstance(value, float) and wanted in ("integer", "number"):
        if not isfinite(value):
            return node.text
        return int(value) if wanted == "integer" and value.is_integer() else value
    return value


def key_place(root: Mapping, path: Path) -> Place:
    """The place of the key at a path; of what stands there when it is a list item, of the nearest when nothing is."""
    parent = find(root, path[:-1])
    if isinstance(parent, Mapping) and path[-1] in parent.entries:
        return parent.entries[str(path[-1])].key_place
    return place_of(root, path)
