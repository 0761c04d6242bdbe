"""Values, types and places of a spec in words, for messages and hints; never as Python or JSON would print them."""

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from tracegen.source.node import Path
from tracegen.source.scalars import resolve
from tracegen.source.words import quoted

_LONGEST = 80

#: What `a`, quoted, would be read as something else, or hold a sign that means something in brackets.
_PLAIN = re.compile(r"[A-Za-z0-9_./+-][A-Za-z0-9_./:@+ -]*(?<![: ])")

_TYPES = {
    "object": "a mapping (key: value)",
    "array": "a list",
    "string": "a text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "null": "empty",
}

#: What one thing at a key is called, where the key itself does not say it.
_NOUNS = {
    "targets": "target",
    "receivers": "receiver",
    "propagators": "propagator",
    "libraries": "library",
    "publish": "thing that compose publishes",
    "patterns": "built-in pattern",
    "keep": "reason to keep a trace",
    "all": "reason to keep a trace",
    "strategies": "source of strategies",
    "instrumentation": "kind of instrumentation",
    "ingest_auth": "kind of authentication",
    "pod_security": "Pod Security level",
    "network_policies": "choice of network policies",
    "kind": "kind of issuer",
    "head": "head sampler",
}


def shown(value: Any) -> str:
    """A value from the spec, in one short piece."""
    if isinstance(value, Mapping):
        return "a mapping (key: value)" if value else "an empty mapping"
    if isinstance(value, list):
        return "a list" if value else "an empty list"
    text = quoted(value) if isinstance(value, str) else flow(value)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def flow(value: Any) -> str:
    """A value as YAML on one line, to be copied."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{flow(key)}: {flow(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(flow, value)) + "]"
    if isinstance(value, str) and _PLAIN.fullmatch(value) and resolve(value) == value and ": " not in value:
        return value
    return json.dumps(value, ensure_ascii=False)


def either(words: Iterable[str], last: str = "or") -> str:
    """`a`, `a or b`, `a, b or c`."""
    *before, end = list(words) or [""]
    return f"{', '.join(before)} {last} {end}" if before else end


def type_words(types: str | list[str]) -> str:
    """Types of JSON Schema as people call them."""
    return either(_TYPES[each] for each in ([types] if isinstance(types, str) else types))


def a_noun(path: Path) -> str:
    """What stands at a path, with its article: `a language`, `an instrumentation`."""
    words = [part for part in path if isinstance(part, str)]
    if not words:
        return "a choice"
    name = _NOUNS.get(words[-1], words[-1].replace("_", " "))
    if name == "type" and len(words) > 1:
        parent = _NOUNS.get(words[-2], words[-2])
        name = parent if parent != words[-2] else f"{parent} type"
    return f"an {name}" if name[0] in "aeiou" else f"a {name}"
