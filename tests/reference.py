"""The tables of `docs/spec.md`: every key of the language once, out of the schema that checks it."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tracegen.decide.table import PATTERNS
from tracegen.rules.not_rendered import entries
from tracegen.spec.schema import resolve, schema

Schema = dict[str, Any]

#: What a table would only repeat, or what holds anything.
_NOT_BELOW = ("environments", "overrides", "service_defaults", "accept", "versions")

#: Definitions that the page tells once, in words.
_IN_WORDS = frozenset(
    ("reference", "text_or_reference", "path_or_reference", "env_value", "attributes", "resources", "role")
)


@dataclass(frozen=True)
class Table:
    """A heading, and the rows of its keys: what a key is, its default and an example."""

    heading: str
    rows: list[str]

    def lines(self) -> list[str]:
        """The table as Markdown."""
        return [self.heading, "", "| key | what | default | example |", "|---|---|---|---|", *self.rows]


def reference(composed: Schema | None = None) -> list[str]:
    """Headings and tables: the keys at the top, a table for each that has keys below it, and for each variant."""
    reader = _Reader(composed or schema())
    lines: list[str] = []
    for table in reader.tables():
        lines += ["", *table.lines()] if lines else table.lines()
    return lines


class _Reader:
    """Goes through a composed schema; a definition that stands in several places is told in the first."""

    def __init__(self, composed: Schema) -> None:
        self._root = composed
        self._told: dict[str, str] = {}
        self._printed: set[str] = set()

    def tables(self) -> Iterator[Table]:
        """All tables, in the order of the schema."""
        properties = self._root["properties"]
        below = {key: list(self._tables(each, key)) for key, each in properties.items() if key not in _NOT_BELOW}
        flat = [
            row
            for key in properties
            if not any(table.rows for table in below.get(key, []))
            for row in self._row(properties[key], key, "")
        ]
        yield Table("### At the top", flat)
        for tables in below.values():
            yield from (table for table in tables if table.rows)

    def _tables(self, node: Schema, path: str) -> Iterator[Table]:
        """Of one key at the top: what all variants have, then each variant, then each variant of what they hold."""
        node = self._mapping(resolve(node))
        variants = self._variants(node)
        common = {key: each for key, each in node.get("properties", {}).items() if each is not True}
        name = self._name(path)
        yield Table(f"### `{path}`", [*self._rows(common, name), *self._choices(variants, name)])
        inner: dict[str, Schema] = {}
        for variant, found in variants.items():
            nested = {key: each for key, each in found["properties"].items() if "x-variants" in resolve(each)}
            if not self._is_choice(variants):
                yield Table(
                    f"#### `{path}.{node['x-chooser']}: {variant}`", list(self._rows(found["properties"], name))
                )
            inner |= {
                f"{key}: {each}": properties
                for key, below in nested.items()
                for each, properties in resolve(below)["x-variants"].items()
            }
        for choice, found in inner.items():
            key, _, which = choice.partition(": ")
            self._printed.clear()
            of_it = list(self._rows(found["properties"], f"{name}.{key}"))
            yield Table(f"#### `{path}.{key}.type: {which}`", of_it or ["| | It has no keys of its own. | | |"])

    def _mapping(self, node: Schema) -> Schema:
        """The mapping under each name, or of each item, where there are such."""
        for keyword in ("additionalProperties", "items"):
            below = node.get(keyword)
            if isinstance(below, dict) and "properties" in resolve(below):
                return resolve(below)
        return node

    def _name(self, path: str) -> str:
        node = resolve(self._root["properties"][path])
        if isinstance(node.get("additionalProperties"), dict) and "properties" not in node:
            return f"{path}.<name>"
        return f"{path}[]" if node.get("type") == "array" else path

    def _variants(self, node: Schema) -> dict[str, Schema]:
        variants: dict[str, Schema] = node.get("x-variants", {})
        return variants

    def _is_choice(self, variants: dict[str, Schema]) -> bool:
        """Whether variants differ in the choices of the same keys only."""
        return len({key for each in variants.values() for key in each["properties"]}) <= 1

    def _choices(self, variants: dict[str, Schema], path: str) -> Iterator[str]:
        """A key that variants have with other choices each, in one row."""
        if not variants or not self._is_choice(variants):
            return
        for key in dict.fromkeys(key for each in variants.values() for key in each["properties"]):
            found = {
                name: resolve(each["properties"][key]) for name, each in variants.items() if key in each["properties"]
            }
            words = "; ".join(
                f"{name}: {', '.join(f'`{one}`' for one in each['enum'])}" for name, each in found.items()
            )
            defaults = ", ".join(dict.fromkeys(_shown(each["default"]) for each in found.values()))
            yield f"| `{path}.{key}` | The first of its language, or another: {words}. | {defaults} | |"

    def _rows(self, properties: dict[str, Any], path: str) -> Iterator[str]:
        for key, property_ in properties.items():
            if property_ is not True:
                yield from self._row(property_, f"{path}.{key}", path)

    def _row(self, property_: Schema, path: str, parent: str) -> Iterator[str]:
        node = resolve(property_)
        definition = property_.get("$ref", "").removeprefix("#/$defs/")
        first = self._told.get(definition, path)
        as_there = f" Its keys are those of `{first}`." if first != path and "properties" in node else ""
        default = _default(node)
        if "x-inside" in node:
            default = f"{default}; {_shown(node['x-inside'])} for the one node that tracegen runs"
        default = default if default else "derived" if _pattern(path) in PATTERNS else ""
        example = _shown(node["examples"][0]) if node.get("examples") else ""
        row = f"| `{path}` | {_words(node, path, parent)}{as_there} | {default} | {example} |".replace("  ", " ")
        if row in self._printed:
            return  # another variant has the same
        self._printed.add(row)
        yield row
        if definition not in _IN_WORDS and first == path and "x-variants" not in node and path not in _NOT_BELOW:
            if definition and "properties" in node:
                self._told[definition] = path
            yield from self._below(node, path)

    def _below(self, node: Schema, path: str) -> Iterator[str]:
        yield from self._rows(node.get("properties", {}), path)
        for keyword, suffix in (("additionalProperties", ".<name>"), ("items", "[]")):
            below = node.get(keyword)
            definition = below.get("$ref", "").removeprefix("#/$defs/") if isinstance(below, dict) else ""
            if (
                isinstance(below, dict)
                and "properties" in resolve(below)
                and definition not in {*_IN_WORDS, *self._told}
            ):
                if definition:
                    self._told[definition] = f"{path}{suffix}"
                yield from self._rows(resolve(below)["properties"], f"{path}{suffix}")


def _default(node: Schema) -> str:
    """Its default; that of a mapping with variants is the variant which its chooser takes."""
    chooser = node.get("x-chooser", "")
    chosen = resolve(node["properties"][chooser]) if chooser else node
    return _shown(chosen["default"]) if "default" in chosen else ""


def _pattern(path: str) -> tuple[str, ...]:
    return tuple(path.replace("<name>", "*").replace("[]", "").split("."))


def _words(node: Schema, path: str, parent: str) -> str:
    words = [node.get("description", "")]
    if "enum" in node and not words[0].startswith("One of"):
        words.append("One of " + ", ".join(f"`{each}`" for each in node["enum"]) + ".")
    if _is_not_rendered(path):
        words.append("*Not rendered yet.*")
    conditions = node.get("x-when", {}).items()
    wanted = " and ".join(f"`{parent}.{name}: {_either(values)}`" for name, values in conditions)
    return " ".join([*words, *([f"Only with {wanted}."] if wanted else [])]).replace("<", "\\<")


def _is_not_rendered(path: str) -> bool:
    own = path.replace("<name>", "*").replace("[]", "")
    return any(value is None and (own == key or own.startswith(f"{key}.")) for key, value in entries())


def _either(values: list[Any]) -> str:
    return " or ".join(json.dumps(each) if isinstance(each, bool) else str(each) for each in values)


def _shown(value: Any) -> str:
    """A value as people write it on one line of YAML."""
    return f"`{_flow(value)}`".replace("|", "\\|")


def _flow(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_flow(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_flow(each) for each in value) + "]"
    return value if isinstance(value, str) else json.dumps(value)
