"""Writes `src/tracegen/decide/records.py`, the records of decided settings, from the schema.

`python scripts/settings_records.py --write`; without it, prints what it would write. A test holds that the two agree.
"""

import re
import sys
from pathlib import Path

from tracegen.decide.recording import attribute, is_role_table, is_storage, record_name
from tracegen.decide.schema_nodes import Node, root_node
from tracegen.decide.table import ABSENT, PATTERNS
from tracegen.spec.schema import schema

TARGET = Path(__file__).resolve().parent.parent / "src" / "tracegen" / "decide" / "records.py"

_HEAD = '''"""Every key of the spec, decided: a record for each mapping of the schema.

Written by scripts/settings_records.py; a test holds that it is what the schema says.

None is a value like any other: the key has no meaning here, or its absence means something, as its description says.
"""

from collections.abc import Mapping
from typing import Any

from tracegen.system.record import Record
'''
_REFERENCES = {
    "Reference": "A reference to a secret: one of the three.",
    "ReferenceSecret": "A key of a Secret of Kubernetes.",
}
_PLAIN = {"string": "str", "integer": "int", "number": "float", "boolean": "bool"}


class Generator:
    """Collects the records by name, those below others first."""

    def __init__(self) -> None:
        self.records: dict[str, str] = {}

    def mapping(self, node: Node, place: tuple[str, ...]) -> str:
        """The type of a mapping; its record is collected."""
        if is_role_table(node):
            _, below = next(iter(node.keys().items()))
            return f"Mapping[str, {self.value(below, (*place, '*'))}]"
        variants = node.schema.get("x-variants", {})
        if is_storage(node):
            self.records.setdefault("Storage", _record("Storage", ["type: str"], "What all storages have."))
            for variant in variants:
                self.one(node, place, variant)
            return "Storage"
        self.one(node, place, None, list(variants))
        return record_name(node)

    def one(self, node: Node, place: tuple[str, ...], variant: object, all_of: list[str] | None = None) -> None:
        """The record of a mapping: of one variant, or with the keys of all."""
        name = record_name(node, variant)
        if name in self.records:
            return
        self.records[name] = ""  # its place among the others is where it is finished
        keys: dict[str, tuple[Node, bool]] = {}
        for each in all_of or [variant]:
            for key, below in node.keys(each).items():
                self.value(below, (*place, key))  # a storage is another record in each variant
                everywhere = all(key in node.keys(other) for other in all_of or [variant])
                keys[key] = (below, everywhere and self.is_there(below, key, node.required(each), (*place, key)))
        fields = [
            f"{attribute(key)}: {self.value(below, (*place, key))}{'' if is_there else ' | None'}"
            for key, (below, is_there) in keys.items()
            if not (is_storage(node) and key == "type")
        ]
        del self.records[name]
        base = "Storage" if is_storage(node) else ""
        words = _words(node, place, variant)
        self.records[name] = _record(name, fields, words, base)

    def is_there(self, node: Node, key: str, required: set[str], place: tuple[str, ...]) -> bool:
        """Whether it always has a value."""
        if node.when:
            return False
        if key in required:
            return True
        if _known(place) in ABSENT:
            return False
        if node.has_default or _known(place) in PATTERNS:
            return True
        return (
            node.is_mapping
            and any(self.is_there(each, name, set(), (*place, name)) for name, each in node.keys().items())
            and all(self.is_there(node.keys()[name], name, set(), (*place, name)) for name in node.required())
        )

    def value(self, node: Node, place: tuple[str, ...]) -> str:
        """The type of a value."""
        if node.is_mapping:
            return self.mapping(node, place)
        kind = node.schema.get("type")
        if node.has_keys:
            one = f"{'str | ' if isinstance(kind, list) else ''}{self.mapping(node, place)}"
            return f"{one} | tuple[{one}, ...]" if isinstance(kind, list) and "array" in kind else one
        if kind == "object":
            each = node.values_of("additionalProperties")
            return f"Mapping[str, {self.value(each, (*place, '*')) if each else 'Any'}]"
        if kind == "array":
            items = Node.of(node.schema["items"], node.name)
            return f"tuple[{self.value(items, (*place, '*'))}, ...]"
        if isinstance(kind, list):
            return " | ".join(_PLAIN[each] for each in kind)
        return _PLAIN[kind] if kind else "str"


def _words(node: Node, place: tuple[str, ...], variant: object) -> str:
    if node.name in _REFERENCES:
        return _REFERENCES[node.name]
    if is_storage(node):
        return f"`backend.storage` with `type: {variant}`."
    if not place:
        return "A whole spec."
    definition = schema()["$defs"].get(re.sub(r"(?<!^)(?=[A-Z])", "_", node.name).lower())
    if definition is not None:
        return f"`{place[-1]}`, wherever it stands." if place[-1] != "*" else f"One of `{place[-2]}`."
    return f"`{'.'.join(place)}`."


def _known(place: tuple[str, ...]) -> tuple[str, ...]:
    """The place as the table of derived keys writes it: roles by `*`."""
    starred = ("backend", "roles", "*", *place[3:])
    return starred if place[:2] == ("backend", "roles") and len(place) > 2 else place


def _record(name: str, fields: list[str], words: str, base: str = "") -> str:
    # A record that holds records of its own kind names itself before it is there.
    own = re.compile(rf"\b{name}\b")
    quoted = (re.sub(r": (.*)", r': "\1"', each) if own.search(each.partition(": ")[2]) else each for each in fields)
    body = "\n".join(f"    {each}" for each in quoted)
    text = f'class {name}({base or "Record"}):\n    """{words}"""\n'
    return f"{text}\n{body}\n" if body else text


def records() -> str:
    """The module."""
    generator = Generator()
    root = root_node(schema())
    generator.mapping(root, ())
    return "\n\n".join([_HEAD, *filter(None, generator.records.values())])


if __name__ == "__main__":
    if "--write" in sys.argv[1:]:
        TARGET.write_text(records(), encoding="utf-8")
    else:
        print(records(), end="")
