"""Answers → the text of a spec, and what tracegen has against it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tracegen.catalogue import catalogue
from tracegen.checking import check
from tracegen.compiler import Rendered, build
from tracegen.emit import Commented, Value, to_yaml
from tracegen.problems import Problem, ProblemsFound, Severity
from tracegen.rules.not_rendered import NOT_RENDERED
from tracegen.source.files import Document
from tracegen.source.reader import read

Answers = Mapping[str, Any]

SPEC = "tracegen.yaml"

_HEAD = """\
# yaml-language-server: $schema=.tracegen/schema.json
# What is traced, where spans go and which of them are kept. After a change: tracegen render
# What was decided for you, and why: tracegen explain
"""
_ABOUT = {
    "tracegen": "The version of this format.",
    "name": "The project: services are found under this name.",
    "targets": "What runs it. Empty: only configuration and environment files are written.",
    "backend": "Where spans are stored and looked at.",
    "sampling": "Which traces are kept.",
    "services": "What is traced; `calls` are the edges of the graph.",
}
_SAMPLING = {
    "tail": "Decided when a trace is whole, so that none with an error is lost; `head` would decide where it starts.",
    "ratio": "Decided where a trace starts; every service follows the decision of its caller.",
}


@dataclass(frozen=True)
class Draft:
    """The text of a spec, what it renders where it is valid, and what is to be said about it."""

    text: str
    rendered: Rendered | None
    problems: tuple[Problem, ...]

    @property
    def errors(self) -> tuple[Problem, ...]:
        """What stops it."""
        return tuple(each for each in self.problems if each.severity is Severity.ERROR)

    @property
    def unrendered(self) -> bool:
        """Whether it says something that no file depends on yet."""
        return any(each.code == NOT_RENDERED for each in self.problems)


def draft(answers: Answers, folder: Path = Path()) -> Draft:
    """The spec of complete answers, checked as every spec is."""
    return draft_of(spec_text(answers), folder)


def draft_of(text: str, folder: Path = Path()) -> Draft:
    """A spec that is written already, checked as every spec is."""
    try:
        document = Document(read(text.encode(), SPEC), SPEC, folder)
        checked = check(document, catalogue(), [])
        return Draft(text, build(document, checked.settings[None], catalogue()), checked.problems)
    except ProblemsFound as error:
        return Draft(text, None, error.problems)


def spec_text(answers: Answers) -> str:
    """The spec as a person would write it: a comment for each part, a blank line between them."""
    parts = [to_yaml({key: Commented(value, _ABOUT[key])}) for key, value in _spec(answers).items()]
    return "\n".join([_HEAD, *parts])


def _spec(answers: Answers) -> dict[str, Value]:
    said: dict[str, Value] = {"tracegen": 1, "name": answers["project"], "targets": list(answers["targets"])}
    said["backend"] = dict(_backend(answers))
    said["sampling"] = _sampling(answers)
    said["services"] = {name: dict(service) for name, service in answers["services"].items()}
    return said


def _backend(answers: Answers) -> Iterator[tuple[str, Value]]:
    yield "type", answers["backend"]
    if "mode" in answers:
        yield "mode", answers["mode"]
    yield from _options(answers, "backend")
    if "storage" in answers:
        options = dict(_options(answers, "storage"))
        yield "storage", {"type": answers["storage"], **options}


def _options(answers: Answers, kind: str) -> Iterator[tuple[str, Value]]:
    """What a backend or a storage cannot do without."""
    for key, value in answers.items():
        if key.startswith(f"{kind}."):
            yield key.removeprefix(f"{kind}."), value


def _sampling(answers: Answers) -> Value:
    kind = answers["sampling"]
    if kind == "tail":
        keep: list[Value] = ["errors", {"slower_than": "1s"}, {"ratio": answers["sampling.ratio"]}]
        return Commented({"tail": {"keep": keep}}, _SAMPLING["tail"])
    options = dict(_options(answers, "sampling"))
    return {"head": Commented({"type": kind, **options}, _SAMPLING["ratio"])}
