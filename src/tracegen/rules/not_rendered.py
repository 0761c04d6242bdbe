"""Keys that no rendered file depends on yet: using one warns, so that nothing is silently ignored."""

from collections.abc import Iterator
from typing import Any

from tracegen.catalogue import Catalogue
from tracegen.catalogue.data import data_path
from tracegen.decide import Settings
from tracegen.problems import Code, Problem, Severity
from tracegen.rules._shared import at
from tracegen.spec.said import Path

NOT_RENDERED = Code("TG901", "Not rendered yet", Severity.WARNING)


def check(settings: Settings, packs: Catalogue) -> Iterator[Problem]:
    """Every key of the list that the spec says something at."""
    for key, value in entries():
        for path, said in matches(settings.said.value, tuple(key.split("."))):
            if value is None or said == value or (isinstance(said, list) and value in said):
                what = "this key" if value is None else value
                message = f"{what} is understood, but this version of tracegen renders nothing from it yet"
                yield at(settings, NOT_RENDERED, path, message)


def entries() -> Iterator[tuple[str, str | None]]:
    """The list: keys, each with one value or None for all."""
    text = data_path("schemas", "not-rendered-yet.txt").read_text(encoding="utf-8")
    for line in text.splitlines():
        if line and not line.startswith("#"):
            key, _, value = line.partition("=")
            yield key, value or None


def matches(value: Any, pattern: Path, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """The paths of a value that a pattern fits, with what is said there; `*` stands for any name."""
    if not pattern:
        yield path, value
    elif isinstance(value, dict):
        for key in value if pattern[0] == "*" else [pattern[0]]:
            if key in value:
                yield from matches(value[key], pattern[1:], (*path, key))
