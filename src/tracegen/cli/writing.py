"""What every command that writes shares: its plan told, carried out, or taken back, in one folder or several."""

import json
import shlex
import sys
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from tracegen.cli.cluster import cluster_lines
from tracegen.cli.copies import with_copies
from tracegen.cli.terminal import is_quiet, loudness, painted, say
from tracegen.write import (
    Busy,
    Changes,
    abort,
    abort_lines,
    apply,
    as_json,
    can_abort,
    conflict_lines,
    count_line,
    diff,
    is_busy,
    is_drift,
    needs_recovery,
    recover,
    recovery_lines,
    verdict_lines,
)
from tracegen.write.moves import Origin, kept, move, stay
from tracegen.write.paths import MEMORY

#: Verdicts that are coloured, and how: what needs a person, what is new, what goes.
_COLOURS = {"conflict": "red", "create": "green", "update": "yellow", "merge": "yellow", "remove": "magenta"}


@dataclass(frozen=True)
class Folder:
    """An output folder, and what would change in it, read when it is asked for.

    `name` is what it is called beside others that one command writes; empty where it is the only one. `left` are
    the folders of code that it leaves to the base, which is the first of several.
    """

    root: Path
    environment: str | None
    plan: Callable[[], Changes]
    name: str = ""
    left: Collection[str] = ()


@dataclass(frozen=True)
class Manner:
    """How a command tells: the format, and the words that run it again."""

    format_: str
    command: Sequence[str] = ()


def look(folders: Sequence[Folder], check: bool, with_diff: bool, manner: Manner) -> int:
    """Tells what a run would do, lines or verdicts; returns the exit code, which `check` makes strict.

    Raises Busy where another run is writing.
    """
    _refuse_busy(folders)
    planned = _planned(folders)
    unfinished = [folder for folder in folders if needs_recovery(folder.root)]
    _refuse_busy(unfinished)
    for folder in unfinished:
        click.echo(f"{folder.root}: an earlier run was interrupted; the next one finishes or undoes it", err=True)
    _tell(planned, manner, with_diff=with_diff)
    for folder, changes in planned:
        if check and changes.lost_memory and not any(change.writes for change in changes):
            click.echo(f"{_inside(folder)}{MEMORY} is missing or not up to date; render, and commit it", err=True)
    waiting = any(changes.conflicts or (check and is_drift(changes)) for _, changes in planned)
    return int(bool(unfinished) or waiting)


def write(folders: Sequence[Folder], manner: Manner) -> int:
    """Carries out the plans, all made before the first is begun, and tells them; returns the exit code."""
    for folder in folders:
        _recover(folder.root)
    planned = _planned(folders)
    contested = _apply(planned)
    _tell(planned, manner, done=True)
    for folder, path in contested:
        click.echo(f"{_inside(folder)}{path} was changed while tracegen was writing, and is left alone", err=True)
    for folder, changes in planned:
        for line in conflict_lines(changes):
            click.echo(f"{_inside(folder)}{line}", err=True)
    conflicts = any(changes.conflicts for _, changes in planned)
    if conflicts:
        again = shlex.join(manner.command)
        click.echo(f"settle them, then run `{again}`; to take this run back: `{again} --abort`", err=True)
    return int(conflicts or bool(contested))


def take_back(roots: Sequence[Path]) -> int:
    """Undoes the last run that ended in a conflict; returns the exit code."""
    for root in roots:
        _recover(root)
    # A folder alone is asked in any case: it says that there is nothing to take back.
    able = [root for root in roots if can_abort(root)] or roots[:1]
    aborted = [abort(root) for root in able]
    for line in (line for each in aborted for line in abort_lines(each)):
        click.echo(line, err=True)
    return int(any(each.contested for each in aborted))


def _planned(folders: Sequence[Folder]) -> list[tuple[Folder, Changes]]:
    """The plan of each folder; what was edited in code that the base has now moves with it."""
    first, *others = [(folder, with_copies(folder.plan())) for folder in folders]
    if first[0].environment is not None:
        return [(folder, stay(changes, folder.left)) for folder, changes in (first, *others)]
    base, found = move(first[1], [Origin(folder.name, changes, folder.left) for folder, changes in others])
    return [(first[0], base), *((folder, changes) for (folder, _), changes in zip(others, found, strict=True))]


def _apply(planned: list[tuple[Folder, Changes]]) -> list[tuple[Folder, str]]:
    """Writes all of it; what somebody changed in this moment is returned, with the folder that it is in."""
    contested: list[tuple[Folder, str]] = []
    of_the_base: Collection[str] = ()
    for number, (folder, changes) in enumerate(planned):
        planned[number] = (folder, kept(changes, of_the_base) if folder.left else changes)
        found = apply(planned[number][1], folder.root, folder.environment)
        of_the_base = of_the_base if number else found
        contested += [(folder, path) for path in found]
    return contested


def _refuse_busy(folders: Sequence[Folder]) -> None:
    for folder in folders:
        if needs_recovery(folder.root) and is_busy(folder.root):
            raise Busy(folder.root)


def _recover(root: Path) -> None:
    for line in recovery_lines(recover(root)):
        click.echo(line, err=True)


def _tell(
    planned: Sequence[tuple[Folder, Changes]], manner: Manner, *, with_diff: bool = False, done: bool = False
) -> None:
    if manner.format_ == "json":
        rows = [_row(folder, row) for folder, changes in planned for row in as_json(changes, with_diff=with_diff)]
        click.echo(json.dumps(rows, indent=2))
        return
    if with_diff:
        _tell_diff(planned)
    elif not is_quiet():
        for folder, changes in planned:
            lines = [*verdict_lines(changes, unchanged=loudness() == "verbose"), *cluster_lines(changes)]
            for line in [*([f"{folder.name}:"] if folder.name and lines else []), *lines]:
                say(_painted(line))
        click.echo(count_line((changes for _, changes in planned), done=done))


def _painted(line: str) -> str:
    verdict = line.partition(" ")[0]
    colour = _COLOURS.get(verdict)
    return painted(verdict, sys.stdout, fg=colour) + line[len(verdict) :] if colour else line


def _tell_diff(planned: Sequence[tuple[Folder, Changes]]) -> None:
    for folder, changes in planned:
        if folder.name:
            click.echo(f"\n{folder.name}:", err=True)
        click.echo(diff(changes), nl=False)


def _row(folder: Folder, row: dict[str, str]) -> dict[str, str]:
    return {"folder": folder.name, **row} if folder.name else row


def _inside(folder: Folder) -> str:
    return f"{folder.name}/" if folder.name else ""
