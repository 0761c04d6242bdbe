"""The questions of `tracegen new`, as data: their choices come from the packs and the schema."""

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import isfinite, nan
from pathlib import Path
from typing import Any, Literal

from tracegen.catalogue import Catalogue, Pack, catalogue
from tracegen.problems import Problem
from tracegen.project.draft import Answers, draft
from tracegen.project.services import NotAService, listed, parse
from tracegen.rules.not_rendered import entries
from tracegen.spec.schema import schema

Kind = Literal["text", "number", "one", "several", "services"]


@dataclass(frozen=True)
class Choice:
    """One of several answers, in words."""

    value: str
    title: str
    description: str = ""


@dataclass(frozen=True)
class Question:
    """What is asked for one answer. `default` is None where only a person can say it."""

    key: str
    text: str
    kind: Kind
    default: Any
    example: Any = None
    choices: tuple[Choice, ...] = ()


_MODES = {"single": "one process", "scalable": "split into roles, behind Kafka"}
_TARGETS = {"compose": "Docker Compose", "kubernetes": "Kubernetes"}
_HEAD_TYPE = "sampling.head.type"
_TAIL = "errors, slow ones and a share of the rest, decided when a trace is whole"
#: A choice, and the key and value of the spec that must shape something for it to be offered.
_SAMPLING = (
    (Choice("always_on", "all", "every trace"), _HEAD_TYPE, "always_on"),
    (Choice("tail", "what matters", _TAIL), "sampling.tail", None),
    (Choice("ratio", "a share", "decided where a trace starts"), _HEAD_TYPE, "ratio"),
    (Choice("rate_limit", "so many a second", "of each process, decided at its start"), _HEAD_TYPE, "rate_limit"),
)
_SHARES: dict[str, tuple[str, Kind, float]] = {
    "ratio": ("Which share of them, from 0 to 1?", "number", 0.1),
    "tail": ("Which share of the rest, from 0 to 1?", "number", 0.05),
}


def questions(answers: Answers, folder: Path) -> Iterator[Question]:
    """The questions that these answers lead to, in their order; an answer decides which come after it."""
    packs = catalogue()
    yield Question("project", "What is the project called?", "text", name_of(folder))
    yield Question(
        "services", "Which services are traced?", "services", {"api": {"language": next(iter(packs.languages))}}
    )
    yield from _of_the_backend(answers, packs)
    yield from _of_the_sampling(answers)
    live = [each for each in schema()["properties"]["targets"]["items"]["enum"] if is_rendered("targets", each)]
    targets = tuple(Choice(each, _TARGETS.get(each, each)) for each in live)
    yield Question("targets", "What runs it?", "several", live, choices=targets)


def complete(answers: Answers, folder: Path) -> dict[str, Any]:
    """The answers with every open question answered by its default, or by an example where it has none.

    Answers to questions that are not asked after the others are left out.
    """
    found: dict[str, Any] = {}
    # An answer is there before the next question is made, which depends on it.
    for question in questions(found, folder):
        value = answers.get(question.key, question.default)
        found[question.key] = question.example if value is None else value
    return found


def unanswered(answers: Answers, folder: Path) -> list[Question]:
    """The questions that have no answer yet."""
    return [each for each in questions(complete(answers, folder), folder) if each.key not in answers]


def objection(answers: Answers, question: Question, value: Any, folder: Path) -> str | None:
    """What is wrong with an answer, in the words in which every spec is judged; None where it is right."""
    problems = draft(complete({**answers, question.key: value}, folder)).errors
    return in_one_line(problems[0]) if problems else None


def in_one_line(problem: Problem) -> str:
    """A problem beside the answer that it is about: its message and hint."""
    return f"{problem.message}; {problem.hint}" if problem.hint else problem.message


def understood(question: Question, said: Any) -> Any:
    """An answer from a file or from `--data` as its question has it; raises ValueError with a way out."""
    if question.kind == "services":
        return parse(said) if isinstance(said, str) else _services(said)
    if question.kind == "several":
        wanted = said if isinstance(said, list) else re.split(r"[,\s]+", str(said))
        return [str(each) for each in wanted if each]
    if isinstance(said, list | Mapping) or said is None:
        raise ValueError("one value is wanted here")
    if question.kind != "number" and isinstance(said, float) and not isfinite(said):
        raise ValueError("a text is wanted here, and this is a number; write it in quotes")
    return _number(said) if question.kind == "number" else str(said)


def in_words(question: Question, value: Any) -> str:
    """An answer on one line, as `--data` takes it."""
    if question.kind == "services":
        return listed(value)
    return ",".join(value) if question.kind == "several" else str(value)


def is_rendered(key: str, value: str | None = None) -> bool:
    """Whether a key, or one value of it, shapes what is rendered: nothing else is offered."""
    return not {(key, None), (key, value)} & set(entries())


def name_of(folder: Path) -> str:
    """A lawful project name that is like the folder's."""
    words = re.sub(r"[^a-z0-9]+", "-", Path(os.path.realpath(folder)).name.lower()).lstrip("-0123456789")
    return words[:40].strip("-") or "tracing"


def _of_the_backend(answers: Answers, packs: Catalogue) -> Iterator[Question]:
    backends = tuple(_choice(pack) for pack in packs.backends.values())
    yield Question("backend", "Where are traces stored and looked at?", "one", backends[0].value, choices=backends)
    pack = packs.backends.get(str(answers["backend"]))
    if pack is None:
        return
    yield from _required("backend", pack)
    if not pack.modes:
        return
    modes = tuple(Choice(mode, mode, _MODES.get(mode, "")) for mode in pack.modes)
    yield Question("mode", "How is it run?", "one", modes[0].value, choices=modes)
    fitting = [each for each in packs.storages.values() if pack.name in each.backends]
    storages = tuple(_choice(each) for each in fitting if answers["mode"] in each.modes)
    default = next((each.value for each in storages if each.value == pack.default_storage), None)
    first = default or (storages[0].value if storages else None)
    yield Question("storage", "On which storage?", "one", first, choices=storages)
    if answers["storage"] in packs.storages:
        yield from _required("storage", packs.storages[answers["storage"]])


def _required(kind: str, pack: Pack) -> Iterator[Question]:
    """What a pack's options cannot do without: nobody else can know a bucket or an address."""
    for key in pack.options.get("required", ()):
        option = pack.options["properties"][key]
        text = f"{pack.title}: {option['description'].rstrip('.')}?"
        yield Question(f"{kind}.{key}", text, "text", None, option["examples"][0])


def _of_the_sampling(answers: Answers) -> Iterator[Question]:
    choices = tuple(choice for choice, key, value in _SAMPLING if is_rendered(key, value))
    yield Question("sampling", "Which traces are kept?", "one", choices[0].value, choices=choices)
    kind = answers["sampling"]
    if kind == "rate_limit":
        yield Question("sampling.traces_per_second", "How many a second does one process keep?", "number", 100)
    elif kind in _SHARES:
        yield Question("sampling.ratio", *_SHARES[kind])


def _choice(pack: Pack) -> Choice:
    return Choice(pack.name, pack.title, pack.description)


def _number(said: Any) -> float:
    try:
        number = float(str(said))
    except ValueError:
        number = nan
    if not isfinite(number):
        raise ValueError(f"{said!r} is not a number")
    return int(number) if number.is_integer() else number


def _services(said: Any) -> dict[str, Any]:
    if isinstance(said, list):
        return parse("\n".join(map(str, said)))
    if isinstance(said, Mapping) and all(isinstance(each, Mapping) for each in said.values()):
        return {name: dict(service) for name, service in said.items()}
    raise NotAService("services are a list such as `checkout python calls payment`, or a mapping as in a spec")
