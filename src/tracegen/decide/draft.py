"""The values of a spec while they are decided: what was said, then the schema's defaults, then what is derived."""

from collections.abc import Iterator, Mapping
from copy import deepcopy
from functools import cached_property
from typing import Any

from tracegen.catalogue import Catalogue
from tracegen.decide.recording import record
from tracegen.decide.records import Service
from tracegen.decide.schema_nodes import Node
from tracegen.spec.said import Path, Said
from tracegen.system.graph import reached

#: A place of the schema: `*` stands for any name.
Pattern = tuple[str, ...]


class Draft:
    """Values by path, and the reason of each that nobody said.

    `derived` are the patterns of values that follow from others: they are absent until somebody puts them in.
    """

    def __init__(self, said: Said, packs: Catalogue, plan: Node, derived: frozenset[Pattern]) -> None:
        self.said, self.packs, self.reasons = said, packs, dict[Path, str]()
        self._plan, self._derived = plan, derived
        self._inner = frozenset(pattern[:end] for pattern in derived for end in range(1, len(pattern)))
        self._decidable: dict[tuple[int, Pattern, Any], bool] = {}
        self.values = self.filled(plan, said.value, (), ())

    def __getitem__(self, path: Path) -> Any:
        """The value at a path; KeyError where the schema has no such key beside the values above it."""
        value: Any = self.values
        for part in path:
            value = value[part]
        return value

    def put(self, path: Path, value: Any, why: str) -> None:
        """A derived value."""
        parent = self[path[:-1]]
        parent[path[-1]] = value
        if why:
            self.reasons[path] = why

    def defaults(self, path: Path) -> dict[str, Any]:
        """The mapping at a path as the schema decides it."""
        node = self._plan
        for part, above in zip(path, [self.values, *map(self.__getitem__, _parents(path))], strict=True):
            node = node.each if node.each else node.keys(above.get(node.chooser))[str(part)]
        return self.filled(node, {}, path, ())

    @cached_property
    def services(self) -> Mapping[str, Service]:
        """The services as records, for what is derived from all of them: theirs must be decided before."""
        services: Mapping[str, Service] = record(self._plan.keys()["services"], self.values["services"])
        return services

    @cached_property
    def passed(self) -> Mapping[str, int]:
        """For each service, how many a trace passes that starts there."""
        services = self.values["services"].items()
        return reached({name: [call["service"] for call in each["calls"]] for name, each in services})

    def paths(self, pattern: Pattern) -> Iterator[Path]:
        """The paths that a pattern stands for, where the mapping above is there."""
        yield from _matching(self.values, pattern, ())

    def is_said(self, path: Path) -> bool:
        """Whether the spec says something at a path."""
        return self.said.get(*path) is not None

    def filled(self, node: Node, said: Mapping[str, Any], path: Path, pattern: Pattern) -> dict[str, Any]:
        """A mapping as said, with the schema's defaults where it says nothing, and None where there is none."""
        chosen = self._chosen(node, said, path)
        values: dict[str, Any] = {}
        for key, below in node.keys(chosen).items():
            at: Path = (*path, key)
            place: Pattern = (*pattern, key)
            if key in said:
                values[key] = self._as_said(below, said[key], at, place)
            elif all(values.get(other) in allowed for other, allowed in below.when.items()):
                values[key] = self._absent(below, at, self._place(place))
            else:
                values[key] = None
        return values

    def _chosen(self, node: Node, said: Mapping[str, Any], path: Path) -> Any:
        if not node.chooser:
            return None
        return said.get(node.chooser, node.keys()[node.chooser].schema.get("default"))

    def _as_said(self, node: Node, said: Any, path: Path, place: Pattern) -> Any:
        if node.is_mapping:
            return self.filled(node, said, path, place)
        if node.each is not None and isinstance(said, Mapping):
            return {name: self.filled(node.each, each, (*path, name), (*place, "*")) for name, each in said.items()}
        if node.items is not None and isinstance(said, list):
            return [
                self.filled(node.items, each, (*path, index), (*place, "*")) if isinstance(each, Mapping) else each
                for index, each in enumerate(said)
            ]
        return said

    def _place(self, place: Pattern) -> Pattern:
        """A key that the table knows by `*` is looked for there."""
        starred = (*place[:-1], "*")
        return starred if starred in self._derived or starred in self._inner else place

    def _absent(self, node: Node, path: Path, place: Pattern) -> Any:
        if place in self._derived:
            return None
        if node.has_default:
            self.reasons[path] = node.why
            return deepcopy(node.default)
        return self.filled(node, {}, path, place) if node.is_mapping and self._can_decide(node, place) else None

    def _can_decide(self, node: Node, place: Pattern) -> bool:
        """Whether an absent mapping has something to decide, and nothing that only a person can say."""
        chosen = self._chosen(node, {}, ())
        key = (id(node), place, chosen)
        if key not in self._decidable:
            below = {
                name: self._is_decided(each, self._place((*place, name))) for name, each in node.keys(chosen).items()
            }
            needs = node.required(chosen)
            self._decidable[key] = any(below.values()) and all(below.get(name, False) for name in needs)
        return self._decidable[key]

    def _is_decided(self, node: Node, place: Pattern) -> bool:
        if place in self._derived or node.has_default:
            return True
        return node.is_mapping and self._can_decide(node, place)


def _parents(path: Path) -> Iterator[Path]:
    return (path[:end] for end in range(1, len(path)))


def _matching(values: Any, pattern: Pattern, path: Path) -> Iterator[Path]:
    if not pattern:
        yield path
        return
    if isinstance(values, list) and pattern[0] == "*":
        for index, each in enumerate(values):
            yield from _matching(each, pattern[1:], (*path, index))
    elif isinstance(values, dict):
        for key in list(values) if pattern[0] == "*" else [pattern[0]]:
            if key in values:
                yield from _matching(values[key], pattern[1:], (*path, key))
