"""What has one right answer: the YAML that stands for a wrong value or key, where nobody could mean anything else."""

import re
from collections.abc import Iterable
from typing import Any

from tracegen.spec.complaints import habits
from tracegen.spec.repair import fits, repaired
from tracegen.spec.schema import Schema
from tracegen.spec.wording import flow

_JOINTS = re.compile(r"[-_ ]")
_WORDS = {"yes": "true", "on": "true", "no": "false", "off": "false"}
_PER_CENT = re.compile(r"(\d{1,3}(?:\.\d+)?) ?%")


def key(word: str, known: Iterable[str]) -> str:
    """The key that differs from a word in case and joints alone: `fooBar` and `foo-bar` for `foo_bar`."""
    same = [each for each in known if _bare(each) == _bare(word)]
    return same[0] if len(same) == 1 and same[0] != word else ""


def choice(word: str, choices: Iterable[str]) -> str:
    """The choice that a word from elsewhere means, or that differs in case and joints alone."""
    known = list(choices)
    return key(word, known) or habits.meant(word, known)


def value(given: Any, written: str, types: Iterable[str], schema: Schema) -> str:
    """The value of the right type that a scalar is in another form; `written` is its text in the file."""
    wanted = set(types)
    if wanted & {"integer", "number"} and isinstance(given, str):
        return _number(given.strip(), schema, whole="number" not in wanted)
    if "boolean" in wanted and isinstance(given, str):
        text = given.strip().lower()
        return _WORDS.get(text, text if text in ("true", "false") else "")
    if wanted == {"object"} and isinstance(given, str):
        glued = re.fullmatch(r"([a-z_]+):(?!//)(\S+)", given)
        return f"{glued[1]}: {glued[2]}" if glued and glued[1] in schema.get("properties", {}) else ""
    if wanted == {"array"} and isinstance(given, str):
        items = [item.strip() for item in given.split(",")]
        return flow(items) if all(re.fullmatch(r"[\w.:/-]+", item) for item in items) else ""
    if "string" in wanted and isinstance(given, int | float) and "then" not in schema and fits(written, schema):
        return f'"{written}"'
    return ""


def form(given: Any, schema: Schema) -> str:
    """The text that has the form that is wanted, where only a unit or a leading slash was written otherwise."""
    if not isinstance(given, str) or "DNS label" in schema.get("x-expected", ""):
        return ""  # others refer to a name
    return flow(meant) if (meant := repaired(given, schema)) and (given[:1].isdigit() or meant == f"/{given}") else ""


def _number(text: str, schema: Schema, *, whole: bool) -> str:
    if re.fullmatch(r"[1-9]\d{0,8}|0", text) or (not whole and re.fullmatch(r"\d{1,9}\.\d{1,9}", text)):
        return text
    share = _PER_CENT.fullmatch(text)
    if share and not whole and schema.get("maximum") == 1 and float(share[1]) <= 100:
        return f"{float(share[1]) / 100:g}"
    return ""


def _bare(word: str) -> str:
    return _JOINTS.sub("", word).lower()
