"""What every command that writes shares: its plan told, carried out, or taken back, in one folder."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import click

from tracegen.write import (
    Changes,
    abort,
    abort_lines,
    apply,
    as_json,
    conflict_lines,
    diff,
    is_drift,
    needs_recovery,
    recover,
    recovery_lines,
    summary_lines,
)


@dataclass(frozen=True)
class Folder:
    """An output folder, and what would change in it, read when it is asked for."""

    root: Path
    environment: str | None
    plan: Callable[[], Changes]


def look(folder: Folder, check: bool, with_diff: bool, format_: str) -> int:
    """Tells what a run would do, lines or verdicts; returns the exit code, which `check` makes strict."""
    changes = folder.plan()
    unfinished = needs_recovery(folder.root)
    if unfinished:
        click.echo(f"{folder.root}: an earlier run was interrupted; render finishes or undoes it", err=True)
    if with_diff and format_ == "text":
        click.echo(diff(changes), nl=False)
    else:
        _tell(changes, format_, with_diff=with_diff)
    return int(unfinished or (check and is_drift(changes)) or bool(changes.conflicts))


def write(folder: Folder, format_: str) -> int:
    """Carries out the plan, and tells it; returns the exit code."""
    _recover(folder.root)
    changes = folder.plan()
    contested = apply(changes, folder.root, folder.environment)
    _tell(changes, format_)
    for path in contested:
        click.echo(f"{path} was changed while tracegen was writing, and is left alone", err=True)
    for line in conflict_lines(changes):
        click.echo(line, err=True)
    return int(bool(changes.conflicts or contested))


def take_back(root: Path) -> int:
    """Undoes the last run that ended in a conflict; returns the exit code."""
    _recover(root)
    aborted = abort(root)
    for line in abort_lines(aborted):
        click.echo(line, err=True)
    return int(bool(aborted.contested))


def _recover(root: Path) -> None:
    for line in recovery_lines(recover(root)):
        click.echo(line, err=True)


def _tell(changes: Changes, format_: str, *, with_diff: bool = False) -> None:
    if format_ == "json":
        click.echo(json.dumps(as_json(changes, with_diff=with_diff), indent=2))
    else:
        click.echo("\n".join(summary_lines(changes)))
