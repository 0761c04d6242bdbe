"""The stages in a row, for commands: a spec's path in, a checked spec, a model or a tree out."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import click

from tracegen.assemble import NameTaken
from tracegen.language.checking import Checked, check
from tracegen.language.spec import Spec
from tracegen.language.suggest import did_you_mean
from tracegen.model import Model
from tracegen.packs import catalogue
from tracegen.problems import Code, Problem, ProblemsFound, Severity
from tracegen.problems.formats import formatter
from tracegen.render import PlannedFile, UnknownOverride, plan, render
from tracegen.resolve import resolve
from tracegen.source.files import Document, load

NAME_TAKEN = Code("TG205", "Name is taken")
UNKNOWN_OVERRIDE = Code("TG121", "Override of a file that is not rendered")


@dataclass(frozen=True)
class Rendered:
    """Everything on the way from one spec and environment to a tree."""

    document: Document
    spec: Spec
    model: Model
    files: tuple[PlannedFile, ...]
    tree: Mapping[str, bytes]


def read(path: str) -> Document:
    """The document at a path; `-` is standard input."""
    return load(path, sys.stdin.buffer if path == "-" else None)


def compile_spec(path: str, environment: str | None, strict: bool) -> Rendered:
    """All stages that are pure; warnings and notes go to standard error. Raises ProblemsFound."""
    document = read(path)
    checked = check(document, catalogue(), [] if environment is None else [environment])
    tell(checked, strict)
    return build(document, checked.specs[environment])


def build(document: Document, spec: Spec) -> Rendered:
    """From a valid spec to its tree. Raises ProblemsFound for what only the model can tell."""
    try:
        model = resolve(spec, catalogue())
        files = plan(model, catalogue())
    except NameTaken as error:
        raise ProblemsFound([_name_taken(error, spec)]) from error
    except UnknownOverride as error:
        raise ProblemsFound([_unknown_override(error, spec)]) from error
    return Rendered(document, spec, model, files, render(files))


def tell(checked: Checked, strict: bool) -> None:
    """Print warnings and notes; under `--strict` a warning stops the command. Raises ProblemsFound."""
    if strict and any(problem.severity is Severity.WARNING for problem in checked.problems):
        raise ProblemsFound(checked.problems)
    if checked.problems:
        click.echo(formatter("text")(checked.problems).rstrip("\n"), err=True)


def output_folder(document: Document, output: Path | None, environment: str | None) -> Path:
    """Where a render goes: `-o`, or the spec's folder, or `env/<name>` below it (ruling 2)."""
    if output is not None:
        return output
    return document.folder if environment is None else document.folder / "env" / environment


def _name_taken(error: NameTaken, spec: Spec) -> Problem:
    path = ("services", error.name)
    message = f"service {error.name!r} has the name of something that tracegen runs"
    return Problem.of(
        NAME_TAKEN, spec.place(*path), f"services.{error.name}", message, "give the service another name"
    )


def _unknown_override(error: UnknownOverride, spec: Spec) -> Problem:
    hint = did_you_mean(error.path, error.known) or f"rendered are {', '.join(error.known)}"
    message = f"{error.path} is not a YAML or JSON file that this spec renders"
    return Problem.of(UNKNOWN_OVERRIDE, spec.place("overrides", error.path), f"overrides.{error.path}", message, hint)
