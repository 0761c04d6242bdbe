"""Carrying changes out: all of them, or none."""

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from tracegen.write.carry import carry_out
from tracegen.write.changes import Changes
from tracegen.write.disk import check_writable, remove_tree, standing
from tracegen.write.errors import CannotWrite
from tracegen.write.journal import Step, steps_of
from tracegen.write.lock import exclusive
from tracegen.write.paths import JOURNAL, KEPT, SCHEMA, STATE, base_of
from tracegen.write.plan import is_stale
from tracegen.write.records import record_writes
from tracegen.write.recovery import needs_recovery
from tracegen.write.staging import stage
from tracegen.write.state import load_records
from tracegen.write.undo import kept_runs, next_number


def apply(changes: Changes, root: Path, environment: str | None) -> tuple[str, ...]:
    """Writes what `plan_changes` found for this root and environment; does not touch what is up to date.

    A run that ends in a conflict can be taken back by `abort`, until one ends in none. Returns the outputs that
    somebody changed in the moment of writing, which are left alone: empty but for that.
    Raises CannotWrite (also where a file changed since it was planned), Busy or WrongEnvironment; then
    nothing is changed.
    """
    settled = not changes.conflicts
    if not changes.writes and not (settled and kept_runs(root)):
        return ()
    with exclusive(root):
        if needs_recovery(root):
            raise CannotWrite(JOURNAL, "an interrupted run has to be recovered first")
        before, after = _contents(changes, root, environment)
        steps = steps_of(before, after)
        _check(before, steps, root)
        undo = {"drop": 1} if settled else {"keep": next_number(root)}
        contested = carry_out(root, stage(root, steps, after, **undo))
        if settled and not contested:
            with suppress(OSError):  # all is written; a text set aside once too often is no failure
                remove_tree(root / KEPT)
        return contested


def _contents(
    changes: Changes, root: Path, environment: str | None
) -> tuple[dict[str, bytes | None], dict[str, bytes | None]]:
    """What the files to be written hold now and shall hold, outputs and records."""
    records = load_records(root)
    records.refuse_other(environment)
    outputs = [change for change in changes if change.writes]
    before: dict[str, bytes | None] = {change.path: change.before for change in outputs}
    before |= {base_of(path): text for path, text in records.bases.items()}
    before[STATE] = records.text
    after = {change.path: change.after for change in outputs} | record_writes(changes, records, environment)
    if is_stale(root, changes.schema):
        before[SCHEMA], after[SCHEMA] = standing(root, SCHEMA), changes.schema
    return before, after


def _check(before: Mapping[str, bytes | None], steps: tuple[Step, ...], root: Path) -> None:
    """Raises CannotWrite where the folder is not what it was planned for, or is known to refuse a step."""
    going = frozenset(step.path for step in steps if step.after is None)
    for step in steps:
        if standing(root, step.path, going) != before.get(step.path):
            raise CannotWrite(step.path, "was changed while tracegen was running; run it again")
        check_writable(root, step.path)
