"""What commands share: a spec read, checked and compiled, with warnings told, and where its output goes."""

import sys
from collections.abc import Sequence
from pathlib import Path

import click

from tracegen.catalogue import catalogue
from tracegen.checking import Checked, check
from tracegen.cli.problem_text import problem_text
from tracegen.cli.terminal import is_quiet, say
from tracegen.compiler import Rendered, build
from tracegen.problems import Problem, ProblemsFound, Severity
from tracegen.project.parts import Part, folder_of, parts_of, without_a_base
from tracegen.source.files import Document, load


def read(path: str) -> Document:
    """The document at a path; `-` is standard input."""
    return load(path, sys.stdin.buffer if path == "-" else None)


def compile_spec(path: str, environment: str | None, strict: bool) -> Rendered:
    """All stages that are pure, to one tree with all code in it; warnings and notes go to standard error.

    Raises ProblemsFound.
    """
    document = read(path)
    checked = check(document, catalogue(), [] if environment is None else [environment])
    _tell(checked, strict)
    return build(document, checked.settings[environment], catalogue(), checked.settings[None])


def compile_parts(path: str, environments: Sequence[str | None] | None, strict: bool, root: Path) -> list[Part]:
    """The same for the trees of a project in a folder, of which each leaves to the base what is there once.

    None for the base and every environment. A base that others need and that was never rendered comes along.
    """
    document = read(path)
    named = None if environments is None else [each for each in environments if each is not None]
    checked = check(document, catalogue(), named)
    _tell(checked, strict)
    wanted = list(checked.settings) if environments is None else list(environments)
    parts = parts_of(document, checked.settings, root, wanted)
    if None not in wanted and without_a_base(parts, root):
        click.echo("the code of services lies beside the spec, so the base is rendered too", err=True)
        parts = [*parts_of(document, checked.settings, root, [None]), *parts]
    return parts


def output_folder(spec: str, output: Path | None, environment: str | None) -> Path:
    """Where a render goes: `-o`, or the spec's folder, or `env/<name>` below it (ruling 2)."""
    if output is not None:
        return output
    return folder_of(Path() if spec == "-" else Path(spec).parent, environment)


def tell_problems(problems: Sequence[Problem]) -> None:
    """Print warnings and notes where words go."""
    if problems and not is_quiet():
        say(problem_text(problems, sys.stderr).rstrip("\n"), err=True)


def _tell(checked: Checked, strict: bool) -> None:
    """Print warnings and notes; under `--strict` a warning stops the command. Raises ProblemsFound."""
    if strict and any(problem.severity is Severity.WARNING for problem in checked.problems):
        raise ProblemsFound(checked.problems)
    tell_problems(checked.problems)
