"""What every command that writes shares: its plan told, carried out, or taken back, in one folder or several."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from tracegen.write import (
    Changes,
    abort,
    abort_lines,
    apply,
    as_json,
    can_abort,
    conflict_lines,
    diff,
    is_drift,
    needs_recovery,
    recover,
    recovery_lines,
    summary_lines,
)

#: After the conflicts.
HOW_TO_GO_ON = "settle them and run it again, or take this run back with --abort"


@dataclass(frozen=True)
class Folder:
    """An output folder, and what would change in it, read when it is asked for.

    `name` is what it is called beside others that one command writes; empty where it is the only one.
    """

    root: Path
    environment: str | None
    plan: Callable[[], Changes]
    name: str = ""


def look(folders: Sequence[Folder], check: bool, with_diff: bool, format_: str) -> int:
    """Tells what a run would do, lines or verdicts; returns the exit code, which `check` makes strict."""
    planned = [(folder, folder.plan()) for folder in folders]
    unfinished = [folder for folder in folders if needs_recovery(folder.root)]
    for folder in unfinished:
        click.echo(f"{folder.root}: an earlier run was interrupted; the next one finishes or undoes it", err=True)
    _tell(planned, format_, with_diff=with_diff)
    waiting = any(changes.conflicts or (check and is_drift(changes)) for _, changes in planned)
    return int(bool(unfinished) or waiting)


def write(folders: Sequence[Folder], format_: str) -> int:
    """Carries out the plans, all made before the first is begun, and tells them; returns the exit code."""
    for folder in folders:
        _recover(folder.root)
    planned = [(folder, folder.plan()) for folder in folders]
    contested = [
        (folder, path) for folder, changes in planned for path in apply(changes, folder.root, folder.environment)
    ]
    _tell(planned, format_)
    for folder, path in contested:
        click.echo(f"{_inside(folder)}{path} was changed while tracegen was writing, and is left alone", err=True)
    lines = [f"{_inside(folder)}{line}" for folder, changes in planned for line in conflict_lines(changes)]
    for line in [*lines, *([HOW_TO_GO_ON] if lines else [])]:
        click.echo(line, err=True)
    return int(bool(lines or contested))


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


def _recover(root: Path) -> None:
    for line in recovery_lines(recover(root)):
        click.echo(line, err=True)


def _tell(planned: Sequence[tuple[Folder, Changes]], format_: str, *, with_diff: bool = False) -> None:
    if format_ == "json":
        rows = [_row(folder, row) for folder, changes in planned for row in as_json(changes, with_diff=with_diff)]
        click.echo(json.dumps(rows, indent=2))
        return
    for folder, changes in planned:
        if folder.name:
            click.echo(f"\n{folder.name}:", err=with_diff)
        if with_diff:
            click.echo(diff(changes), nl=False)
        else:
            click.echo("\n".join(summary_lines(changes)))


def _row(folder: Folder, row: dict[str, str]) -> dict[str, str]:
    return {"folder": folder.name, **row} if folder.name else row


def _inside(folder: Folder) -> str:
    return f"{folder.name}/" if folder.name else ""
