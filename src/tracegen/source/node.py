"""Nodes: what was written, and where. Three kinds, all frozen.

The reader refuses files that nest deeper than 100 levels, aliases included, so functions here may recurse.
"""

import collections.abc
from dataclasses import dataclass
from typing import Any

from tracegen.problems import Place
from tracegen.source.scalars import Value, resolve

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Scalar:
    """One word, number or text. `plain` says that it stood without quotes, so it may mean something."""

    text: str
    plain: bool
    place: Place

    @property
    def value(self) -> Value:
        """The value by the core rules of YAML 1.2; a quoted scalar is always text."""
        return resolve(self.text) if self.plain else self.text


@dataclass(frozen=True, slots=True)
class Sequence:
    """A list."""

    items: tuple["Node", ...]
    place: Place


@dataclass(frozen=True, slots=True)
class Entry:
    """One value of a mapping, and where its key stands."""

    key_place: Place
    value: "Node"


@dataclass(frozen=True, slots=True)
class Mapping:
    """Keys, in the order they were written, and their values. Keys are always their source text."""

    entries: collections.abc.Mapping[str, Entry]
    place: Place


Node = Scalar | Sequence | Mapping


def plain(node: Node) -> Any:
    """The same data as dictionaries, lists and values, for whoever does not ask where it stood."""
    if isinstance(node, Scalar):
        return node.value
    if isinstance(node, Sequence):
        return [plain(item) for item in node.items]
    return {key: plain(entry.value) for key, entry in node.entries.items()}


def find(node: Node, path: Path) -> Node | None:
    """The node at a path, or None when there is none."""
    found: Node | None = node
    for step in path:
        found = _child(found, step)[0] if found is not None else None
    return found


def place_of(node: Node, path: Path) -> Place:
    """Where to point for a path: at a scalar itself, at the key of a mapping or list.

    A path that does not exist points at the key of its nearest ancestor that does: something is missing there.
    """
    place = node.place
    for step in path:
        child, child_place = _child(node, step)
        if child is None:
            return place
        node, place = child, child_place
    return node.place if isinstance(node, Scalar) else place


def _child(node: Node, step: str | int) -> tuple[Node | None, Place]:
    """The child under a step with the place of its key; a list item, having no key, stands for itself."""
    if isinstance(node, Mapping) and isinstance(step, str) and step in node.entries:
        entry = node.entries[step]
        return entry.value, entry.key_place
    if isinstance(node, Sequence) and isinstance(step, int) and 0 <= step < len(node.items):
        return node.items[step], node.items[step].place
    return None, node.place


def dotted(path: Path) -> str:
    """A path as people read it: `sampling.tail.keep[0]`."""
    steps = (f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return "".join(steps).removeprefix(".")
