"""The tables of `docs/spec.md`: every key of the language, out of the schema that checks it."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tracegen.rules.not_rendered import entries
from tracegen.spec.schema import resolve, schema

Schema = dict[str, Any]

#: What a table would only repeat, or what holds anything.
_NOT_BELOW = ("environments", "overrides", "service_defaults", "accept", "versions")

#: Definitions that the page tells once, in words.
_TOLD_ONCE = frozenset(
    f"#/$defs/{name}"
    for name in (
        "reference",
        "text_or_reference",
        "path_or_reference",
        "env_value",
        "attributes",
        "resources",
        "role",
    )
)


@dataclass(frozen=True)
class Row:
    """A key: its path, its schema, and the choice that it needs (empty: none)."""

    path: str
    schema: Schema
    needs: str

    @property
    def cells(self) -> tuple[str, str, str]:
        """What is said of the key, its default and an example; rows with the same are one row."""
        words = [self.schema.get("description", "")]
        if "enum" in self.schema and not words[0].startswith("One of"):
            words.append("One of " + ", ".join(f"`{each}`" for each in self.schema["enum"]) + ".")
        if _is_not_rendered(self.path):
            words.append("*Not rendered yet.*")
        default = _shown(self.schema["default"]) if "default" in self.schema else ""
        example = _shown(self.schema["examples"][0]) if self.schema.get("examples") else ""
        return " ".join(words).replace("<", "\\<"), default, example


def reference() -> list[str]:
    """A heading and a table for each key at the top that has keys below it, after one for those that have none."""
    groups: dict[str, list[Row]] = {}
    for row in _rows(schema(), "", ""):
        groups.setdefault(row.path.partition(".")[0].removesuffix("[]"), []).append(row)
    flat = [rows[0] for rows in groups.values() if len(rows) == 1]
    lines = ["### At the top", "", *_table(flat)]
    for name, rows in groups.items():
        if len(rows) > 1:
            lines += ["", f"### `{name}`", "", *_table(rows)]
    return lines


def _rows(node: Schema, path: str, needs: str, within: frozenset[str] = frozenset()) -> Iterator[Row]:
    """The keys below a schema; `within` are the definitions that it stands in, since some hold themselves."""
    definition = node.get("$ref", "")
    if definition in within or definition in _TOLD_ONCE:
        return
    within, node = within | ({definition} - {""}), resolve(node)
    yield from _of_properties(node.get("properties", {}), path, needs, within)
    for name, variant in node.get("x-variants", {}).items():
        needed = f"{path}.{node['x-chooser']}: {name}"
        yield from _of_properties(variant["properties"], path, needed, within)
    additional, items = node.get("additionalProperties"), node.get("items", {})
    if isinstance(additional, dict) and "properties" in resolve(additional):
        yield from _rows(additional, f"{path}.<name>", needs, within)
    if "properties" in resolve(items):
        yield from _rows(items, f"{path}[]", needs, within)


def _of_properties(properties: dict[str, Any], path: str, needs: str, within: frozenset[str]) -> Iterator[Row]:
    for key, property_ in properties.items():
        if property_ is True:
            continue
        below = resolve(property_)
        own = f"{path}.{key}".removeprefix(".")
        conditions = below.get("x-when", {}).items()
        wanted = " and ".join(f"{path}.{name}: {_either(values)}" for name, values in conditions)
        yield Row(own, below, wanted or needs)
        if key not in _NOT_BELOW:
            yield from _rows(property_, own, needs, within)


def _table(rows: list[Row]) -> list[str]:
    """Rows of one key that say the same become one, for all the choices that they need."""
    merged: dict[tuple[str, tuple[str, str, str]], list[str]] = {}
    for row in rows:
        needs = merged.setdefault((row.path, row.cells), [])
        if row.needs not in needs:
            needs.append(row.needs)
    lines = ["| key | what | default | example |", "|---|---|---|---|"]
    for (path, (words, default, example)), needs in merged.items():
        only = f" Only with {_joined(needs)}." if all(needs) else ""
        lines.append(f"| `{path}` | {words}{only} | {default} | {example} |".replace("  ", " "))
    return lines


def _joined(needs: list[str]) -> str:
    chooser = needs[0].partition(": ")[0]
    if all(each.startswith(f"{chooser}: ") for each in needs):
        return f"`{chooser}`: " + ", ".join(f"`{each.partition(': ')[2]}`" for each in needs)
    return ", ".join(f"`{each}`" for each in needs)


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
