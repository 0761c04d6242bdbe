"""What commands share: a spec read, checked and compiled, with warnings told, and where its output goes."""

import sys
from collections.abc import Sequence
from pathlib import Path

import click

from tracegen.catalogue import catalogue
from tracegen.checking import Checked, check
from tracegen.cli.problem_text import problem_text
from tracegen.compiler import Rendered, build
from tracegen.problems import Problem, ProblemsFound, Severity
from tracegen.source.files import Document, load


def read(path: str) -> Document:
    """The document at a path; `-` is standard input."""
    return load(path, sys.stdin.buffer if path == "-" else None)


def compile_spec(path: str, environment: str | None, strict: bool) -> Rendered:
    """All stages that are pure; warnings and notes go to standard error. Raises ProblemsFound."""
    document = read(path)
    checked = check(document, catalogue(), [] if environment is None else [environment])
    _tell(checked, strict)
    return build(document, checked.settings[environment], catalogue())


def output_folder(spec: str, output: Path | None, environment: str | None) -> Path:
    """Where a render goes: `-o`, or the spec's folder, or `env/<name>` below it (ruling 2)."""
    if output is not None:
        return output
    folder = Path() if spec == "-" else Path(spec).parent
    return folder if environment is None else folder / "env" / environment


def tell_problems(problems: Sequence[Problem]) -> None:
    """Print warnings and notes where words go."""
    if problems:
        click.echo(problem_text(problems, sys.stderr).rstrip("\n"), err=True)


def _tell(checked: Checked, strict: bool) -> None:
    """Print warnings and notes; under `--strict` a warning stops the command. Raises ProblemsFound."""
    if strict and any(problem.severity is Severity.WARNING for problem in checked.problems):
        raise ProblemsFound(checked.problems)
    tell_problems(checked.problems)
