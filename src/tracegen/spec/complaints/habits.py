"""What people write out of habit: names from elsewhere, placeholders, YAML that is not laid out as they mean."""

import json
import re
from collections.abc import Iterable, Mapping
from functools import cache

from tracegen.catalogue.data import data_path
from tracegen.source.node import Path, dotted
from tracegen.spec.complaints.context import Context
from tracegen.spec.schema import Schema, property_schema, resolve
from tracegen.spec.wording import either

_ZIPKIN = "Zipkin is no backend here: say collector.receivers: [zipkin], and its clients need no change"

_GLUED = re.compile(r"[\w.-]+:(?!//)\S")


@cache
def aliases() -> Mapping[str, str]:
    """What a spec calls by one name, by each other word for it."""
    listed = json.loads(data_path("schemas", "aliases.json").read_bytes())
    return {word: name for name, words in listed.items() for word in words}


def alias_of(word: str, choices: Iterable[str]) -> str:
    """A hint with the choice that a word from elsewhere means, or an empty text."""
    known = set(choices)
    if word.lower() == "zipkin":  # where it is a receiver it is right
        return _ZIPKIN
    found = meant(word, known)
    return f"say {found}" if found else ""


def meant(word: str, choices: Iterable[str]) -> str:
    """The choice that a word from elsewhere means, or an empty text."""
    found = aliases().get(word.lower(), "")
    return found if found in set(choices) else ""


def placeholder(text: str) -> str:
    """A hint for a text with `${…}`, which nothing fills in, or an empty text."""
    if "${" not in text:
        return ""
    return "`${…}` is not expanded in a spec: write the value; where a reference fits, {env: NAME}"


def glued(text: str) -> str:
    """A hint for `key:value` where a key was meant, or an empty text."""
    if not _GLUED.match(text):
        return ""
    return f"a space is missing after the colon: write `{text.partition(':')[0]}: …`"


def under_its_name(path: Path, context: Context) -> str:
    """A hint for a key that stands beside the name it belongs to, as `language` beside `api`, or an empty text."""
    parent = context.schema_at(path[:-1])
    below = parent.get("additionalProperties")
    if not path or not isinstance(below, dict) or path[-1] in parent.get("properties", {}):
        return ""
    if property_schema(below, str(path[-1])) is None:
        return ""
    return f"indent it: it belongs below a name in {dotted(path[:-1])}"


def section_of(key: str, path: Path, context: Context) -> str:
    """A hint for a key that belongs further down than in the mapping at a path, or an empty text."""
    value = context.at((*path, key))
    if not path and isinstance(value, Mapping) and "language" in value:
        return "if it is a service, indent it below services"
    sections = [
        dotted((*path, name))
        for name, each in context.schema_at(path).get("properties", {}).items()
        if name not in ("environments", "service_defaults") and isinstance(each, dict) and key in _all_keys(each)
    ]
    return f"indent it: it belongs below {either(sections)}" if 0 < len(sections) < 4 else ""


def _all_keys(schema: Schema) -> set[str]:
    schema = resolve(schema)
    variants = schema.get("x-variants", {})
    inside = [each.get("properties", {}) for each in variants.values()] if isinstance(variants, Mapping) else []
    return {key for each in (schema.get("properties", {}), *inside) for key in each}


def key_of(word: str, known: Iterable[str]) -> str:
    """A hint for a key that other tools have under another name, or an empty text."""
    found = meant(word, known)
    return f"say {found}" if found else ""


def as_mapping(value: object, path: Path, context: Context) -> str:
    """A hint for a word where a mapping is wanted that has a key with this word, or an empty text."""
    parent = context.schema_at(path)
    for key, each in parent.get("properties", {}).items():
        if isinstance(each, dict) and value in resolve(each).get("enum", ()):
            return f"write {path[-1]}: {{{key}: {value}}}"
    return ""


def storage_of(word: str, path: Path, context: Context) -> str:
    """A hint for a storage that was taken for the backend, or an empty text."""
    if not path or path[-1] != "type":
        return ""
    for name, each in context.schema_at(path[:-1]).get("x-variants", {}).items():
        storage = resolve(each.get("properties", {}).get("storage", {}))
        if word in storage.get("x-variants", ()):
            return f"it is a storage: write {path[-2]}: {{type: {name}, storage: {word}}}"
    return ""
