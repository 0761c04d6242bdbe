"""`tracegen validate`."""

import sys

import click

from tracegen.catalogue import catalogue
from tracegen.checking import check
from tracegen.cli.pipeline import read
from tracegen.cli.problem_text import problem_text
from tracegen.compiler import judge
from tracegen.problems import Problem, ProblemsFound, Severity
from tracegen.problems.formats import FORMATS, formatter
from tracegen.source.files import CannotRead


@click.command(short_help="Tell what is wrong with specs.")
@click.argument("specs", nargs=-1, metavar="[SPEC]...")
@click.option("--env", "environment", metavar="NAME", help="Check the base and this environment only.")
@click.option("--strict", is_flag=True, help="Warnings count as errors.")
@click.option("--format", "format_", type=click.Choice(list(FORMATS)), default="text", show_default=True)
def command(specs: tuple[str, ...], environment: str | None, strict: bool, format_: str) -> int:
    """Tell what is wrong with specs (default: ./tracegen.yaml; - is standard input).

    The base and every environment are checked. Exit code 1 when there is an error.
    """
    paths = specs or ("tracegen.yaml",)
    found: list[Problem] = []
    unreadable: list[CannotRead] = []
    for path in paths:
        try:
            found.extend(_problems(path, environment))
        except CannotRead as error:
            unreadable.append(error)
    problems = sorted(set(found), key=lambda problem: problem.sort_key)
    click.echo(problem_text(problems, sys.stdout) if format_ == "text" else formatter(format_)(problems), nl=False)
    stops = {Severity.ERROR, Severity.WARNING} if strict else {Severity.ERROR}
    failed = any(problem.severity in stops for problem in problems)
    if unreadable:
        # What could be read is told first; the exit code is that of what could not.
        raise unreadable[0]
    if not failed:
        click.echo(f"{', '.join(paths)}: valid", err=True)
    return int(failed)


def _problems(path: str, environment: str | None) -> list[Problem]:
    try:
        document = read(path)
        checked = check(document, catalogue(), None if environment is None else [environment])
    except ProblemsFound as error:
        return list(error.problems)
    found = list(checked.problems)
    for spec in checked.settings.values():
        try:
            judge(spec, catalogue())
        except ProblemsFound as error:
            found.extend(error.problems)
    return found
