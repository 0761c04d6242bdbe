"""Older formats of the spec, brought to today's in memory: the file stays as it is, and a note says what to write.

A step from one format to the next is a module `tracegen.spec.steps.from_<format>`, found by listing, with
`step(document) -> (Document, changes)`. There is none yet: format 1 is the first.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from tracegen.problems import Code, Place, Problem, Severity
from tracegen.source.files import Document
from tracegen.source.node import Entry, Scalar
from tracegen.source.node import Mapping as MappingNode
from tracegen.spec.schema import schema

OLD_FORMAT = Code("TG122", "Older format of the spec", Severity.NOTE)


@dataclass(frozen=True)
class Changed:
    """What a step read differently from how it was written: where, at which key, and what to write instead."""

    place: Place
    path: str
    advice: str


Step = Callable[[Document], tuple[Document, Iterable[Changed]]]


def steps() -> Mapping[int, Step]:
    """The step from each older format to the one after it."""
    from importlib import import_module
    from pkgutil import iter_modules

    import tracegen.spec.steps as package

    names = [each.name for each in iter_modules(package.__path__)]
    found = {name: import_module(f"{package.__name__}.{name}") for name in names}
    return {int(name.removeprefix("from_")): module.step for name, module in found.items()}


def brought_to_today(document: Document) -> tuple[Document, list[Problem]]:
    """The document in today's format, with a note for everything that was read differently.

    What is no older format is left as it is, for the schema to judge.
    """
    notes: list[Problem] = []
    today: int = schema()["properties"]["tracegen"]["const"]
    while (format_ := _format(document)) is not None and format_ < today and format_ in steps():
        document, changes = steps()[format_](document)
        document = _numbered(document, format_ + 1)
        notes += [_note(each, format_) for each in changes]
    if notes:
        place = document.root.entries["tracegen"].key_place
        notes.append(
            _note(Changed(place, "tracegen", f"write tracegen: {today} when the rest is written anew"), today)
        )
    return document, notes


def _format(document: Document) -> int | None:
    entry = document.root.entries.get("tracegen")
    value = entry.value.value if entry and isinstance(entry.value, Scalar) else None
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _numbered(document: Document, format_: int) -> Document:
    entry = document.root.entries["tracegen"]
    assert isinstance(entry.value, Scalar)
    number = replace(entry.value, text=str(format_), plain=True)
    entries = {**document.root.entries, "tracegen": Entry(entry.key_place, number)}
    return replace(document, root=MappingNode(entries, document.root.place))


def _note(changed: Changed, format_: int) -> Problem:
    message = f"is written as in an older format ({format_}), and read as today's; the file is not changed"
    return Problem.of(OLD_FORMAT, changed.place, changed.path, message, changed.advice)
