"""The composed schema as a plan: for each mapping its keys, in the order in which they can be decided."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from tracegen.spec.schema import Schema, chosen_variant, resolve

#: Keys of a document that are settled when its layers are merged.
_OF_THE_DOCUMENT = ("tracegen", "include", "service_defaults", "environments")

#: The keys of a reference to a secret, also where a text may stand for one.
_OF_A_REFERENCE = {"env", "secret", "file"}


@dataclass(frozen=True, eq=False)
class Node:
    """One place of the schema: what stands there, and what is taken where nothing is said."""

    schema: Schema
    name: str = ""

    @classmethod
    def of(cls, schema: Schema, name: str) -> "Node":
        """The node of a schema as it is written; a record is named after its definition, or else after its place."""
        reference = schema.get("$ref", "").removeprefix("#/$defs/").replace("/properties/", "-")
        resolved = resolve(schema)
        if set(resolved.get("properties", ())) == _OF_A_REFERENCE:
            reference = "reference"
        return cls(resolved, camel_case(reference) if reference else name)

    @cached_property
    def is_mapping(self) -> bool:
        """Whether it has named keys. References to secrets, and what may be a text too, are values as they are."""
        return self.schema.get("type") == "object" and "properties" in self.schema and "x-secret" not in self.schema

    @cached_property
    def has_keys(self) -> bool:
        """Whether it may be a mapping with named keys: as `is_mapping`, or one that is a value as it is."""
        return "properties" in self.schema

    @cached_property
    def has_default(self) -> bool:
        """Whether the schema gives a value; then `default` is it, and `why` the reason."""
        return "default" in self.schema

    @property
    def default(self) -> Any:
        """The value where nothing is said, of every spec alike."""
        return self.schema["default"]

    @property
    def why(self) -> str:
        """The reason of the default, for `explain`."""
        reason: str = self.schema.get("x-why", "the default")
        return reason

    @cached_property
    def items(self) -> "Node | None":
        """The mapping that each item of a list is, or None."""
        return self._below("items")

    @cached_property
    def each(self) -> "Node | None":
        """The mapping that lies under each name, where names are free, or None."""
        return self._below("additionalProperties")

    @cached_property
    def has_names(self) -> bool:
        """Whether free names stand there, such as attributes."""
        return self.schema.get("type") == "object" and isinstance(self.schema.get("additionalProperties"), dict)

    def holds_places(self, value: Any) -> bool:
        """Whether what lies below a value has places of its own."""
        if isinstance(value, list):
            return bool(value) and self.items is not None
        return isinstance(value, dict) and (self.is_mapping or (bool(value) and self.has_names))

    def _below(self, keyword: str) -> "Node | None":
        node = self.values_of(keyword)
        return node if node is not None and node.is_mapping else None

    def values_of(self, keyword: str) -> "Node | None":
        """What each item or each value under a free name is, whether or not it is a mapping."""
        below = self.schema.get(keyword)
        return Node.of(below, self.name) if isinstance(below, dict) else None

    @cached_property
    def chooser(self) -> str:
        """The key that chooses a variant; empty where there are none."""
        chooser: str = self.schema.get("x-chooser", "")
        return chooser

    def keys(self, chosen: Any = None) -> Mapping[str, "Node"]:
        """The keys of the mapping, those of the chosen variant among them; first those that depend on no other."""
        if chosen not in self._keys:
            variant = chosen_variant(self.schema, {self.chooser: chosen}) if self.chooser else {}
            self._keys[chosen] = dict(self._ordered(variant))
        return self._keys[chosen]

    @cached_property
    def _keys(self) -> dict[Any, Mapping[str, "Node"]]:
        return {}

    def _ordered(self, variant: Schema) -> Iterator[tuple[str, "Node"]]:
        common = {key: each for key, each in self.schema["properties"].items() if isinstance(each, dict)}
        found = {**common, **variant.get("properties", {})}
        nodes = {key: Node.of(each, self.name + camel_case(key)) for key, each in found.items()}
        yield from ((key, node) for key, node in nodes.items() if not node.when)
        yield from ((key, node) for key, node in nodes.items() if node.when)

    def at(self, path: Sequence[str]) -> Iterator["Node"]:
        """The nodes at a path below, whichever variant is chosen; `*` or a free name leads to what names have."""
        if not path:
            yield self
            return
        variants = [None, *self.schema.get("x-variants", {})] if self.chooser else [None]
        named = [keys[path[0]] for each in variants if path[0] in (keys := self.keys(each))] if self.has_keys else []
        for node in dict.fromkeys(named) or filter(None, (self.each, self.items)):
            yield from node.at(path[1:])

    @cached_property
    def when(self) -> Mapping[str, list[Any]]:
        """The values of sibling keys beside which it has a meaning."""
        when: Mapping[str, list[Any]] = self.schema.get("x-when", {})
        return when

    def required(self, chosen: Any = None) -> set[str]:
        """The keys without which the mapping means nothing."""
        variant = chosen_variant(self.schema, {self.chooser: chosen}) if self.chooser else {}
        return {*self.schema.get("required", []), *variant.get("required", [])}


def camel_case(name: str) -> str:
    """`block-builder` as `BlockBuilder`."""
    return "".join(part.capitalize() for part in re.split("[-_]", name))


def root_node(schema: Schema) -> Node:
    """The plan of a whole spec: without the keys that only say how its layers lie over each other."""
    properties = {key: each for key, each in schema["properties"].items() if key not in _OF_THE_DOCUMENT}
    return Node({**schema, "properties": properties})
