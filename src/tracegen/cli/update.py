"""`tracegen update`."""

from functools import partial
from pathlib import Path
from typing import cast

import click

from tracegen.cli.pipeline import tell_problems
from tracegen.cli.spec_argument import project_folder
from tracegen.cli.writing import Folder, Manner, look, take_back, write
from tracegen.other_program import warning
from tracegen.project.breaking import Step
from tracegen.project.parts import Part, written_folders
from tracegen.project.update import Project, changes_of, find, notes_of, steps_of
from tracegen.write import Style


@click.command(short_help="Bring a project to this tracegen; edits are kept.")
@click.argument("folder", metavar="[DIR]", default=project_folder, type=click.Path(path_type=Path))
@click.option("--plan", "plan_", is_flag=True, help="Write nothing; print one verdict a file.")
@click.option("--diff", "diff_", is_flag=True, help="Write nothing; show the lines that would change.")
@click.option("--abort", "abort_", is_flag=True, help="Take back the last run that ended in a conflict.")
@click.option("--format", "format_", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.option(
    "--conflict",
    type=click.Choice(["inline", "rej"]),
    default="inline",
    show_default=True,
    help="Show both sides in the file, or what is refused in a .rej file beside it.",
)
def command(
    folder: Path,
    plan_: bool,
    diff_: bool,
    abort_: bool,
    format_: str,
    conflict: str,
) -> int:
    """Bring the project in DIR (default: that of the nearest tracegen.yaml) to this version of tracegen.

    The skeleton and everything rendered, of the base and of each environment that was rendered to its place: what
    you edited is kept, and where your edit and the new text meet, both are shown and the exit code is 1. Works
    offline, outside git, on a dirty tree and in a folder of a larger repository. The spec is never written.
    """
    if abort_:
        if plan_ or diff_:
            raise click.UsageError("--abort goes with no other option")
        return take_back(written_folders(folder))
    if words := warning():
        click.echo(words, err=True)
    project = find(folder)
    tell_problems(project.problems)
    for note in notes_of(project):
        click.echo(note, err=True)
    folders = [_folder(project, part, cast(Style, conflict)) for part in project.parts]
    steps = steps_of(project)
    again = ["tracegen", "update", *([] if folder == Path() else [str(folder)])]
    manner = Manner(format_, again)
    code = look(folders, False, diff_, manner) if plan_ or diff_ else write(folders, manner)
    for step in steps:
        _tell_step(step)
    return code


def _folder(project: Project, part: Part, style: Style) -> Folder:
    name = part.name if len(project.parts) > 1 else ""
    return Folder(part.folder, part.environment, partial(changes_of, project, part, style), name, part.left)


def _tell_step(step: Step) -> None:
    click.echo(f"\n{step.image} moves from {step.before} to {step.after}: {step.what}", err=True)
    click.echo("before you start what was rendered:", err=True)
    for number, line in enumerate(step.steps, 1):
        click.echo(f"  {number}. {line}", err=True)
    click.echo(f"  source: {step.source}", err=True)
