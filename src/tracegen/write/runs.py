"""The three runs that change a folder: one that writes, one that takes a run back, one that takes up a killed one."""

import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from tracegen.write import journal as journals
from tracegen.write.disk import Survey, check_root, check_writable, remove_tree, standing
from tracegen.write.errors import CannotWrite, NothingToAbort, refusing
from tracegen.write.journal import (
    Step,
    free_place,
    journal_of,
    next_number,
    old_of,
    steps_of,
    undoable_runs,
)
from tracegen.write.lock import exclusive
from tracegen.write.memory import load_memory
from tracegen.write.paths import ASIDE, JOURNAL, JOURNAL_UNDO, MEMORY, SCHEMA, STAGING, UNWRITTEN, digest, is_own
from tracegen.write.plan import Changes, is_stale, memory_writes
from tracegen.write.staging import discard, stage, staged_outputs
from tracegen.write.steps import take_back, take_steps

_Contents = dict[str, bytes | None]


def apply(changes: Changes, root: Path, environment: str | None) -> tuple[str, ...]:
    """Writes what `plan_changes` found for this root and environment; does not touch what is up to date.

    A run that ends in a conflict can be taken back by `abort`, until one ends in none. Returns the outputs that
    somebody changed in the moment of writing, which are left alone: empty but for that.
    Raises CannotWrite (also where a file changed since it was planned), Busy, OtherSpec or WrongEnvironment; then
    nothing is changed.
    """
    settled = not changes.conflicts
    if not changes.writes and not (settled and undoable_runs(root)):
        return ()
    with exclusive(root):
        _refuse_interrupted(root)
        before, after = _contents(changes, root, environment)
        steps = steps_of(before, after)
        _check(before, steps, root)
        numbers = {"drop": 1} if settled else {"undo": next_number(root)}
        contested = take_steps(root, stage(root, steps, after, **numbers), staged_now=True)
        if settled and not contested:
            with suppress(OSError):  # all is written; a text that is there once too often is no failure
                remove_tree(root / UNWRITTEN)
        return contested


def _refuse_interrupted(root: Path) -> None:
    if needs_recovery(root):
        raise CannotWrite(JOURNAL, "an interrupted run has to be recovered first")


def _contents(changes: Changes, root: Path, environment: str | None) -> tuple[_Contents, _Contents]:
    """What the files to be written hold now and shall hold, outputs and records."""
    memory = load_memory(root)
    memory.refuse_other(environment)
    memory.refuse_other_spec(root, changes.spec)
    outputs = [change for change in changes if change.writes]
    before: _Contents = {change.path: change.before for change in outputs}
    before |= {**memory.former, MEMORY: memory.text}
    after = {change.path: change.after for change in outputs}
    after |= memory_writes(changes, memory, environment, changes.spec)
    if is_stale(root, changes.schema):
        before[SCHEMA], after[SCHEMA] = standing(root, SCHEMA), changes.schema
    return before, after


def _check(before: Mapping[str, bytes | None], steps: tuple[Step, ...], root: Path) -> None:
    """Raises CannotWrite where the folder is not what it was planned for, or is known to refuse a step."""
    going = frozenset(step.path for step in steps if step.after is None)
    folder = Survey(root, going)
    for step in steps:
        if folder.standing(step.path) != before.get(step.path):
            raise CannotWrite(step.path, "was changed while tracegen was running; run it again")
    check_writable(root, (step.path for step in steps))


@dataclass(frozen=True, slots=True)
class Aborted:
    """What `abort` did."""

    paths: tuple[str, ...]  #: outputs that are as they were before the run
    aside: tuple[str, ...]  #: where the texts are that somebody wrote into them since
    contested: tuple[str, ...] = ()  #: somebody changed these meanwhile, so they were left alone


def can_abort(root: Path) -> bool:
    """Whether the last run in this folder ended in a conflict that can be taken back. Reads only."""
    return bool(undoable_runs(root))


def abort(root: Path) -> Aborted:
    """Takes back the last run that ended in a conflict: every byte is as before it, records too.

    What somebody wrote since into what the run wrote is set aside, never lost. Can be killed at any point; then
    `recover` finishes or undoes it.
    Raises NothingToAbort, Busy or CannotWrite, with nothing changed.
    """
    check_root(root)
    if not can_abort(root):
        raise NothingToAbort(root)
    with exclusive(root):
        _refuse_interrupted(root)
        number = undoable_runs(root)[-1]
        before, after = _contents_before(root, number)
        steps = steps_of(before, after)
        check_writable(root, (step.path for step in steps))
        contested = take_steps(root, stage(root, steps, after, drop=number), staged_now=True)
    paths = tuple(step.path for step in steps if not is_own(step.path) and step.path not in contested)
    aside = tuple(path for path in after if path.startswith(f"{ASIDE}/"))
    return Aborted(paths, aside, contested)


def _contents_before(root: Path, number: int) -> tuple[_Contents, _Contents]:
    """What every file of a run holds now and shall hold again, and where what was written since is put."""
    journal = journals.load(root, journal_of(number))
    going = frozenset(step.path for step in journal.steps if step.before is None)
    before: _Contents = {}
    after: _Contents = {}
    for step in journal.steps:
        found = standing(root, step.path, going)
        if digest(found) == step.before:
            continue
        before[step.path], after[step.path] = found, _old(root, number, step)
        if found is not None and digest(found) != step.after and not is_own(step.path):
            place = free_place(root, step.path)
            before[place], after[place] = None, found
    return before, after


def _old(root: Path, number: int, step: Step) -> bytes | None:
    if step.before is None:
        return None
    place = old_of(number, step.path)
    with refusing(place):
        content = (root / place).read_bytes()
    if digest(content) != step.before:
        raise CannotWrite(place, "is damaged, so this run cannot be taken back")
    return content


class Outcome(StrEnum):
    """What became of an interrupted run."""

    NOTHING = "nothing"  #: there was none
    FINISHED = "finished"  #: all of it is written now
    UNDONE = "undone"  #: the folder is as it was before it


@dataclass(frozen=True, slots=True)
class Recovery:
    """What `recover` did, and to which outputs."""

    outcome: Outcome
    paths: tuple[str, ...] = ()
    contested: tuple[str, ...] = ()  #: somebody changed these meanwhile, so they were left alone


def needs_recovery(root: Path) -> bool:
    """Whether a run in this folder was interrupted, or is running right now. Reads only."""
    return any(os.path.lexists(root / own) for own in (JOURNAL, JOURNAL_UNDO, STAGING))


def recover(root: Path) -> Recovery:
    """Finishes or undoes an interrupted run; to be called before anything else looks at the folder.

    Does not touch a folder that has none. Can itself be killed and called again.
    Raises Busy where the run is still going, CannotWrite where it cannot be finished now.
    """
    if not needs_recovery(root):
        return Recovery(Outcome.NOTHING)
    with exclusive(root):
        return _recover(root)


def _recover(root: Path) -> Recovery:
    if (root / JOURNAL_UNDO).exists():
        journal = journals.load(root, JOURNAL_UNDO)
        take_back(root, journal)
        return Recovery(Outcome.UNDONE, tuple(step.path for step in journal.outputs))
    if (root / JOURNAL).exists():
        journal = journals.load(root, JOURNAL)
        contested = take_steps(root, journal)
        written = tuple(step.path for step in journal.outputs if step.path not in contested)
        return Recovery(Outcome.FINISHED, written, contested)
    if not needs_recovery(root):  # the run that was going has ended before we got its lock
        return Recovery(Outcome.NOTHING)
    staged = staged_outputs(root)
    discard(root)
    return Recovery(Outcome.UNDONE, staged)
