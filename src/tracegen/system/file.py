"""A planned file: where it goes, what is in it, and who makes it."""

from collections.abc import Callable
from dataclasses import dataclass

from tracegen.emit import Value


@dataclass(frozen=True, slots=True)
class Structured:
    """A YAML or JSON file (by its suffix) as a structure; `overrides` of the spec act on it.

    `head` is its comment at the top; `source` names the pack or builder; `finish` a
    last pure step over the text, for readers that change it before they parse it.
    """

    path: str
    value: Value
    head: str
    source: str
    finish: Callable[[str], str] = str


@dataclass(frozen=True, slots=True)
class Written:
    """A file for people or compilers, ready as text."""

    path: str
    text: str
    source: str


PlannedFile = Structured | Written
