"""What the tests of this folder share: reading a text with a chosen parser, and its problems as people see them."""

from collections.abc import Callable
from typing import Any

import pytest

from tracegen.problems import ProblemsFound
from tracegen.problems.formats import formatter
from tracegen.source import Mapping, composer, read
from tracegen.source.node import plain

FILE = "tracegen.yaml"

#: PyYAML is installed with and without libyaml; what a spec means must not depend on it.
PARSERS: dict[str, Callable[[str], Any]] = {"c": composer._parser, "pure": composer._pure}


def use_parser(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setattr(composer, "_parser", PARSERS[name])


def read_text(text: str | bytes) -> Mapping:
    return read(text.encode() if isinstance(text, str) else text, FILE)


def data(text: str | bytes) -> Any:
    return plain(read_text(text))


def problems(text: str | bytes) -> str:
    """The problems of a text, or nothing when it has none."""
    try:
        read_text(text)
    except ProblemsFound as found:
        return formatter("text")(found.problems)
    return ""
