"""The paths that a schema has: what it does not have cannot be asked for."""

from collections.abc import Iterator
from functools import cache

from tracegen.catalogue import Catalogue
from tracegen.source.node import Path
from tracegen.spec.schema import Schema, resolve, schema_of

#: What a mapping may hold that takes anything, such as a patch: lists too.
_ANYTHING: Schema = {"type": "object", "x-anything": True}


class Paths:
    """All paths of a schema, whichever pack is chosen; it must not change."""

    def __init__(self, schema: Schema) -> None:
        self._root = schema
        self._steps: dict[tuple[int, str | int], tuple[Schema, ...]] = {}

    def __contains__(self, path: Path) -> bool:
        nodes: tuple[Schema, ...] = (self._root,)
        for part in path:
            nodes = tuple(below for node in nodes for below in self._step(node, part))
        return bool(nodes)

    def _step(self, node: Schema, part: str | int) -> tuple[Schema, ...]:
        """The schemas that a part of a path may lead to. Nodes live as long as the schema, and so do their ids."""
        key = (id(node), part if isinstance(part, str) else 0)
        if key not in self._steps:
            self._steps[key] = tuple(_below(resolve(node), part))
        return self._steps[key]


def _below(node: Schema, part: str | int) -> Iterator[Schema]:
    if isinstance(part, int):
        yield from (node[key] for key in ("items",) if key in node)
        if "x-anything" in node:
            yield _ANYTHING
        return
    variants = node.get("x-variants", {}).values()
    groups = (node.get("properties", {}), *(each.get("properties", {}) for each in variants))
    named = [group[part] for group in groups if isinstance(group.get(part), dict)]
    others = node.get("additionalProperties", "x-variants" not in node and node.get("type") == "object")
    if named:
        yield from named
    elif others:
        yield others if isinstance(others, dict) else _ANYTHING


@cache
def paths_of(packs: Catalogue) -> Paths:
    """The paths of specs for a set of packs."""
    return Paths(schema_of(packs))
