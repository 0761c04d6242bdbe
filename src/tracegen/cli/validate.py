"""`tracegen validate`."""

import sys
from collections.abc import Sequence

import click

from tracegen.catalogue import catalogue
from tracegen.checking import check
from tracegen.cli.fixing import tell_fixed
from tracegen.cli.pipeline import read
from tracegen.cli.problem_page import section
from tracegen.cli.problem_text import problem_text
from tracegen.cli.spec_argument import SpecFile, environment_option, nearest_spec
from tracegen.cli.terminal import is_quiet, say
from tracegen.compiler import judge
from tracegen.problems import Problem, ProblemsFound, Severity
from tracegen.problems.formats import FORMATS, formatter
from tracegen.source.files import CannotRead


@click.command(short_help="Tell what is wrong with specs.")
@click.argument("specs", nargs=-1, metavar="[SPEC]...", type=SpecFile())
@environment_option("Check the base and this environment only.")
@click.option("--fix", "fix_", is_flag=True, help="Write what has one right answer into the spec; comments are kept.")
@click.option("--strict", is_flag=True, help="Warnings count as errors.")
@click.option("--format", "format_", type=click.Choice(list(FORMATS)), default="text", show_default=True)
def command(specs: tuple[str, ...], environment: str | None, fix_: bool, strict: bool, format_: str) -> int:
    """Tell what is wrong with specs (default: ./tracegen.yaml; - is standard input).

    The base and every environment are checked. Exit code 1 when there is an error.
    """
    if fix_ and "-" in specs:
        raise click.UsageError("--fix needs a spec that is a file")
    paths = specs or (nearest_spec(),)
    found: list[Problem] = []
    unreadable: list[CannotRead] = []
    for path in paths:
        try:
            if fix_:
                tell_fixed(path)
            found.extend(_problems(path, environment))
        except CannotRead as error:
            unreadable.append(error)
    problems = sorted(set(found), key=lambda problem: problem.sort_key)
    shown = [each for each in problems if each.severity is Severity.ERROR] if is_quiet() else problems
    say(_formatted(shown, format_), nl=False)
    stops = {Severity.ERROR, Severity.WARNING} if strict else {Severity.ERROR}
    failed = any(problem.severity in stops for problem in problems)
    if unreadable:
        # What could be read is told first; the exit code is that of what could not.
        raise unreadable[0]
    if not failed and not is_quiet():
        click.echo(f"{', '.join(paths)}: valid", err=True)
    return int(failed)


def _formatted(problems: Sequence[Problem], format_: str) -> str:
    if format_ == "text":
        return problem_text(problems, sys.stdout)
    if format_ == "sarif":
        from tracegen.problems.formats.sarif import format as as_sarif

        return as_sarif(problems, help_of=lambda code: section(code.id))
    return formatter(format_)(problems)


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
