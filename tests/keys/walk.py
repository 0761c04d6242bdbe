"""Every key of the composed schema: its path, its schema, and what must stand beside it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tracegen.catalogue import catalogue
from tracegen.spec.schema import Schema, resolve, schema

#: Names for the keys of mappings that take any name, by the mapping's own key.
NAMES = {
    "services": "api",
    "attributes": "region",
    "env": "LOG_LEVEL",
    "headers": "x-team",
    "accept": "TG401",
    "operations": "GET /healthz",
    "overrides": "compose.yaml",
    "annotations": "example.com/team",
    "labels": "example.com/team",
    "node_selector": "pool",
}

#: An item of a list.
ITEM = 0

#: Not walked: what stands below an environment is what stands in the spec; the test puts each key there too.
_LAYERS = "environments"

#: A list whose items are again what it is an item of.
_RECURSION = "keep+.all"

Path = tuple[str | int, ...]


@dataclass(frozen=True)
class Beside:
    """A value that must stand at a path; `any_value`: any would do, so what stands there already stays."""

    path: Path
    value: Any
    any_value: bool = False


@dataclass(frozen=True, eq=False)
class Key:
    """A key: `id` names it with the variants it is known in, as `backend<tempo>.storage<s3>.bucket`, `slos+.service`.

    A `+` stands for an item of a list. `beside` is what it has no meaning without, the outer first.
    """

    id: str
    path: Path
    schema: Schema
    beside: tuple[Beside, ...]


def keys() -> list[Key]:
    """All keys that hold a value: scalars and lists, and mappings whose content is free."""
    return list(_below("", (), schema(), ()))


def _below(id_: str, path: Path, node: Schema, beside: tuple[Beside, ...]) -> Iterator[Key]:
    """The keys below a mapping."""
    node = resolve(node)
    for name, property_ in node.get("properties", {}).items():
        if name != _LAYERS:
            siblings = _with_siblings(node, node, name, path, beside)
            yield from _key(_join(id_, name), (*path, name), property_, siblings)
    for variant, content in node.get("x-variants", {}).items():
        inside = (*beside, Beside((*path, str(node["x-chooser"])), variant))
        for name, property_ in content["properties"].items():
            siblings = _with_siblings(node, content, name, path, inside)
            yield from _key(_join(f"{id_}<{variant}>", name), (*path, name), property_, siblings)
    additional = node.get("additionalProperties")
    if isinstance(additional, dict):
        for name in _names(node, path):
            yield from _key(_join(id_, name), (*path, name), additional, beside)


def _key(id_: str, path: Path, node: Schema, beside: tuple[Beside, ...]) -> Iterator[Key]:
    node = resolve(node)
    if _holds_a_value(node):
        yield Key(id_, path, node, beside)
    if "properties" in node or isinstance(node.get("additionalProperties"), dict):
        yield from _below(id_, path, node, beside)
    items = resolve(node["items"]) if "items" in node else {}
    if "properties" in items and not id_.endswith(_RECURSION):
        yield from _below(f"{id_}+", (*path, ITEM), items, beside)


def _holds_a_value(node: Schema) -> bool:
    """A scalar, a list, or a mapping of which the schema says nothing more."""
    types = node.get("type")
    is_mapping = types == "object"
    return not is_mapping or not any(key in node for key in ("properties", "x-variants", "additionalProperties"))


def _with_siblings(
    node: Schema, content: Schema, name: str, path: Path, beside: tuple[Beside, ...]
) -> tuple[Beside, ...]:
    """What the mapping at a path needs beside one of its keys."""
    property_ = resolve(content["properties"][name])
    wanted = property_.get("x-when", {}).items()
    found = [*beside, *(Beside((*path, key), values[0]) for key, values in wanted)]
    is_partial = node.get("x-partial") or not path
    for key in () if is_partial else (*node.get("required", ()), *content.get("required", ())):
        sibling = content["properties"].get(key) or node["properties"].get(key)
        if key != name and sibling is not None:
            found.append(Beside((*path, key), resolve(sibling)["examples"][0], any_value=True))
    return tuple(found)


def _names(node: Mapping[str, Any], path: Path) -> list[str]:
    if node.get("x-pins"):
        return list(catalogue().images)
    return [NAMES[str(path[-1])]]


def _join(id_: str, name: str) -> str:
    return f"{id_}.{name}" if id_ else name
