"""Said → tree: the pure stages in a row."""

from collections.abc import Mapping
from dataclasses import dataclass

from tracegen.assemble import NameTaken
from tracegen.catalogue import catalogue
from tracegen.problems import Code, Problem, ProblemsFound
from tracegen.render import PlannedFile, UnknownOverride, plan, render
from tracegen.resolve import resolve
from tracegen.source.files import Document
from tracegen.spec.said import Said
from tracegen.spec.suggest import did_you_mean
from tracegen.system import Model

NAME_TAKEN = Code("TG205", "Name is taken")
UNKNOWN_OVERRIDE = Code("TG121", "Override of a file that is not rendered")


@dataclass(frozen=True)
class Rendered:
    """Everything on the way from one spec and environment to a tree."""

    document: Document
    spec: Said
    model: Model
    files: tuple[PlannedFile, ...]
    tree: Mapping[str, bytes]


def build(document: Document, spec: Said) -> Rendered:
    """From a valid spec to its tree. Raises ProblemsFound for what only the model can tell."""
    model, files = _planned(spec, for_people=True)
    return Rendered(document, spec, model, files, render(files))


def judge(spec: Said) -> None:
    """What only the model can tell of a valid spec, and nothing rendered. Raises ProblemsFound."""
    _planned(spec, for_people=False)


def _planned(spec: Said, *, for_people: bool) -> tuple[Model, tuple[PlannedFile, ...]]:
    try:
        model = resolve(spec, catalogue())
        return model, plan(model, catalogue(), for_people=for_people)
    except NameTaken as error:
        raise ProblemsFound([_name_taken(error, spec)]) from error
    except UnknownOverride as error:
        raise ProblemsFound([_unknown_override(error, spec)]) from error


def _name_taken(error: NameTaken, spec: Said) -> Problem:
    path = ("services", error.name)
    message = f"service {error.name!r} has the name of something that tracegen runs"
    hint = "give the service another name"
    return Problem.of(NAME_TAKEN, spec.place(*path), f"services.{error.name}", message, hint)


def _unknown_override(error: UnknownOverride, spec: Said) -> Problem:
    hint = did_you_mean(error.path, error.known) or f"rendered are {', '.join(error.known)}"
    message = f"{error.path} is not a YAML or JSON file that this spec renders"
    place = spec.place("overrides", error.path)
    return Problem.of(UNKNOWN_OVERRIDE, place, f"overrides.{error.path}", message, hint)
