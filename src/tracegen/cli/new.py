"""`tracegen new`."""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from tracegen.cli.next_steps import tell_next
from tracegen.cli.terminal import is_quiet, loudness
from tracegen.other_program import warning
from tracegen.project.create import create_of
from tracegen.project.draft import SPEC, Draft, draft
from tracegen.project.questions import Question, complete, in_one_line, in_words, questions, unanswered, understood
from tracegen.project.saved_answers import forget, load
from tracegen.project.target import check_target, importable, top_of_repository
from tracegen.source.words import did_you_mean
from tracegen.write import count_line, needs_recovery, recover, recovery_lines, verdict_lines

#: Where a project goes that begins with what exists, so that nothing of it is in the way.
_FOLDER_OF_FROM = "tracing"


@click.command(short_help="Begin a project: a wizard, then files that work.")
@click.argument("arguments", metavar="[DIR]", nargs=-1)
@click.option("--defaults", is_flag=True, help="Ask nothing; what is not answered gets its default.")
@click.option("--data", multiple=True, metavar="KEY=VALUE", help="An answer ahead; may be repeated.")
@click.option("--answers", type=click.Path(path_type=Path), metavar="FILE", help="Answers ahead, from a YAML file.")
@click.option(
    "--from",
    "sources",
    multiple=True,
    metavar="FILE|ADDRESS",
    help="Begin with what exists: Compose files, manifests, spans, a Jaeger or Tempo; again for more.",
)
@click.option(
    "--profile", "profiles", multiple=True, metavar="NAME", help="With --from: this profile of Compose only."
)
def command(
    arguments: tuple[str, ...],
    defaults: bool,
    data: tuple[str, ...],
    answers: Path | None,
    sources: tuple[str, ...],
    profiles: tuple[str, ...],
) -> int:
    """Begin a project in DIR (default: here): asks what it cannot know, then writes a project that works.

    That is the spec, the files beside it that are yours (README, workflow, …), and all that is rendered. A file
    that is there already is never touched.

    \b
      tracegen new shop
      tracegen new shop --defaults --data "services=web node calls api, api go"
      tracegen new shop --answers answers.yaml
      tracegen new --from compose.yaml              into ./tracing, compose.yaml stays as it is
      tracegen new shop-tracing --from k8s/         all manifests of a folder, or its kustomization
      tracegen new --from http://localhost:16686    services and calls that a Jaeger has seen

    The keys of answers are project, services, backend, mode, storage, sampling and targets, and where another
    answer asks for more, such as backend.endpoint, storage.bucket or sampling.ratio.
    """
    if words := warning():
        click.echo(words, err=True)
    folder, named = _split(arguments, sources)
    if _take_up(folder):
        return 0
    if not (named or data or answers or defaults) and _is_terminal():
        named, folder = _offered(folder)
    check_target(folder)
    if named:
        return _begin_with(named, folder, data, profiles)
    ahead = _understood({**(load(answers) if answers else {}), **_pairs(data)}, folder)
    if defaults:
        found = _defaults(ahead, folder)
    elif _is_terminal():
        from tracegen.cli.wizard import wizard

        found = wizard(ahead, folder)
    else:
        found = _without_a_terminal(ahead, folder)
    return _write(found, folder)


def _offered(folder: Path) -> tuple[list[str], Path]:
    """What lies in the folder and is to be begun with, and where the project then goes."""
    found = importable(folder)
    if not found:
        return [], folder
    from tracegen.cli.asking import choose
    from tracegen.project.questions import Choice

    where = folder / _FOLDER_OF_FROM
    taken = choose(
        f"{' and '.join(found)} {'is' if len(found) == 1 else 'are'} here. Begin with that?",
        (
            Choice("from", "yes", f"services and calls are read from it; the project goes to {where}"),
            Choice("anew", "no", "answer questions instead"),
        ),
        "from",
    )
    return ([str(folder / name) for name in found], where) if taken == "from" else ([], folder)


def _take_up(folder: Path) -> bool:
    """Finishes or undoes a run that was killed while it wrote; whether the project is there now."""
    if not needs_recovery(folder):
        return False
    for line in recovery_lines(recover(folder)):
        click.echo(line, err=True)
    whole = (folder / SPEC).exists()
    if whole:
        click.echo(f"{folder / SPEC} is there, and the project with it", err=True)
    return whole


def _pairs(data: tuple[str, ...]) -> dict[str, str]:
    pairs = [each.partition("=") for each in data]
    for key, equals, _ in pairs:
        if not equals:
            raise click.UsageError(f"--data {key}: write KEY=VALUE")
    return {key: value for key, _, value in pairs}


def _understood(said: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """Answers that were given ahead, judged together with the defaults of the others."""
    found: dict[str, Any] = {}
    known: dict[str, Question] = {}
    # An answer may lead to the question of another, so this follows the questions and not what was said.
    for question in questions(_Following(found, folder), folder):
        known[question.key] = question
        if question.key in said:
            try:
                found[question.key] = understood(question, said[question.key])
            except ValueError as error:
                raise click.UsageError(f"{question.key}: {error}") from None
    for key in said:
        if key not in known:
            hint = did_you_mean(key, known) or f"the keys are {', '.join(known)}"
            raise click.UsageError(f"{key} is not asked for here\n  hint: {hint}")
    wrong = draft(complete(found, folder), folder).errors
    if wrong:
        raise click.UsageError("\n".join(f"{each.path}: {in_one_line(each)}" for each in wrong))
    return found


class _Following(dict[str, Any]):
    """The answers so far; what is not answered yet has its default."""

    def __init__(self, found: Mapping[str, Any], folder: Path) -> None:
        self._found, self._folder = found, folder
        super().__init__()

    def __missing__(self, key: str) -> Any:
        return complete(self._found, self._folder)[key]


def _defaults(ahead: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """All answers, where each that is missing has a default."""
    missing = [each for each in unanswered(ahead, folder) if each.default is None]
    if missing:
        raise click.UsageError(f"only you can know this; pass\n{_options(missing)}")
    return complete(ahead, folder)


def _without_a_terminal(ahead: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    missing = unanswered(ahead, folder)
    if missing:
        raise click.UsageError(
            "there is no terminal to ask on; pass --defaults, or an answer to each question:\n" + _options(missing)
        )
    return complete(ahead, folder)


def _options(missing: list[Question]) -> str:
    return "\n".join(f"  --data '{each.key}={_example(each)}'" for each in missing)


def _example(question: Question) -> str:
    return in_words(question, question.example if question.default is None else question.default)


def _is_terminal() -> bool:
    import os

    return sys.stdin.isatty() and sys.stdout.isatty() and os.environ.get("TERM") != "dumb"


def _split(arguments: Sequence[str], sources: Sequence[str]) -> tuple[Path, list[str]]:
    """DIR and all sources: with `--from`, further files may follow each other without saying it again.

    Raises UsageError.
    """
    if not sources:
        if len(arguments) > 1:
            raise click.UsageError(f"one folder is enough: {' '.join(arguments)}")
        return Path(arguments[0] if arguments else "."), []
    more = [each for each in arguments if Path(each).is_file()]
    folders = [each for each in arguments if each not in more]
    if len(folders) > 1:
        raise click.UsageError(f"one folder is enough, and a file has to be there: {' '.join(folders)}")
    return Path(folders[0] if folders else _FOLDER_OF_FROM), [*sources, *more]


def _begin_with(sources: list[str], folder: Path, data: tuple[str, ...], profiles: tuple[str, ...]) -> int:
    """What exists in place of answers; a name is the one answer that has a meaning beside it."""
    from tracegen.cli.new_from import draft_from, told

    said = _pairs(data)
    if others := [key for key in said if key != "project"]:
        raise click.UsageError(f"{others[0]} is found with --from; change it in {SPEC} afterwards")
    drafted, found = draft_from(sources, folder, said.get("project", ""), profiles)
    if not is_quiet():
        click.echo(told(found), err=True)
    return _written(drafted, folder)


def _write(answers: Mapping[str, Any], folder: Path) -> int:
    code = _written(draft(answers, folder), folder)
    forget(folder)
    return code


def _written(drafted: Draft, folder: Path) -> int:
    changes = create_of(drafted, folder)
    lines = verdict_lines(changes) if loudness() == "verbose" else []
    if not is_quiet():
        click.echo("\n".join([*lines, count_line([changes], done=True)]))
    rendered = drafted.rendered
    assert rendered, "it was just written"
    top = top_of_repository(folder)
    if top and top != folder.resolve() and any(each.path.startswith(".github/") for each in changes):
        click.echo(f"\nGitHub reads workflows at {top} only: move .github/workflows/tracing.yaml up there", err=True)
    tell_next(rendered, folder)
    return 0
