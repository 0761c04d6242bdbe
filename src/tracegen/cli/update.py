"""`tracegen update`."""

import json
from pathlib import Path
from typing import cast

import click

from tracegen.cli.pipeline import tell_problems
from tracegen.project.breaking import Step
from tracegen.project.skeleton import Conflict
from tracegen.project.update import Project, Update, find, plan_update
from tracegen.write import Changes, apply, as_json, diff, needs_recovery, recover, recovery_lines, summary_lines


@click.command(short_help="Bring a project to this tracegen; edits are kept.")
@click.argument("folder", metavar="[DIR]", default=".", type=click.Path(path_type=Path))
@click.option("--plan", "plan_", is_flag=True, help="Write nothing; print one verdict a file.")
@click.option("--diff", "diff_", is_flag=True, help="Write nothing; show the lines that would change.")
@click.option("--format", "format_", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.option(
    "--conflict",
    type=click.Choice(["inline", "rej"]),
    default="inline",
    show_default=True,
    help="Show both sides in the file, or what is refused in a .rej file beside it.",
)
def command(folder: Path, plan_: bool, diff_: bool, format_: str, conflict: str) -> int:
    """Bring the project in DIR (default: here) to this version of tracegen.

    The skeleton and everything rendered, of the base and of each environment that was rendered to its place: what
    you edited is kept, and where your edit and the new text meet, both are shown and the exit code is 1. Works
    offline, outside git, on a dirty tree and in a folder of a larger repository. The spec is never written.
    """
    project = find(folder)
    tell_problems(project.problems)
    unfinished = [part.folder for part in project.parts if needs_recovery(part.folder)]
    if plan_ or diff_:
        for each in unfinished:
            click.echo(f"{each}: an earlier run was interrupted; update finishes or undoes it", err=True)
        update = plan_update(project, cast(Conflict, conflict))
        _tell(update, folder, diff_, format_)
        return int(bool(unfinished) or _has_conflicts(update))
    for each in unfinished:
        for line in recovery_lines(recover(each)):
            click.echo(line, err=True)
    return _write(project, cast(Conflict, conflict), format_)


def _write(project: Project, conflict: Conflict, format_: str) -> int:
    update = plan_update(project, conflict)
    contested = [
        part.folder / path
        for part, changes in update.changes
        for path in apply(changes, part.folder, part.environment)
    ]
    _tell(update, project.folder, False, format_)
    for path in contested:
        click.echo(f"{path} was changed while tracegen was writing, and is left alone", err=True)
    return int(bool(contested) or _has_conflicts(update))


def _has_conflicts(update: Update) -> bool:
    return any(changes.conflicts for _, changes in update.changes)


def _tell(update: Update, folder: Path, diff_: bool, format_: str) -> None:
    for note in update.notes:
        click.echo(note, err=True)
    if format_ == "json":
        content = [
            {**each, "folder": part.folder.relative_to(folder).as_posix()}
            for part, changes in update.changes
            for each in as_json(changes)
        ]
        click.echo(json.dumps(content, indent=2))
    else:
        for part, changes in update.changes:
            if part.environment is not None:
                click.echo(f"\n{part.folder.relative_to(folder).as_posix()}/:")
            click.echo(_shown(changes, diff_))
    for step in update.steps:
        _tell_step(step)


def _shown(changes: Changes, diff_: bool) -> str:
    return diff(changes) if diff_ else "\n".join(summary_lines(changes))


def _tell_step(step: Step) -> None:
    click.echo(f"\n{step.image} moves from {step.before} to {step.after}: {step.what}", err=True)
    click.echo("before you start what was rendered:", err=True)
    for number, line in enumerate(step.steps, 1):
        click.echo(f"  {number}. {line}", err=True)
    click.echo(f"  source: {step.source}", err=True)
