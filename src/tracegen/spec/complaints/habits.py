"""What people write out of habit: names from elsewhere, placeholders, YAML that is not laid out as they mean."""

import json
import re
from collections.abc import Iterable, Mapping
from functools import cache

from tracegen.catalogue.data import data_path
from tracegen.source.node import Path, dotted
from tracegen.spec.complaints.context import Context
from tracegen.spec.schema import property_schema, resolve
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


def section_of(key: str, context: Context) -> str:
    """A hint for a key at the top of a spec that belongs further down, or an empty text."""
    value = context.at((key,))
    if isinstance(value, Mapping) and "language" in value:
        return "if it is a service, indent it below services"
    sections = [
        name
        for name, each in context.schema["properties"].items()
        if name not in ("environments", "service_defaults") and key in resolve(each).get("properties", {})
    ]
    return f"indent it: it belongs below {either(sections)}" if 0 < len(sections) < 4 else ""
