"""Taking up what a killed run left: finished where it had promised everything, undone where it had not."""

import os
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from tracegen.write import journal as journals
from tracegen.write.carry import carry_out, take_back
from tracegen.write.lock import exclusive
from tracegen.write.paths import JOURNAL, JOURNAL_UNDO, STAGING
from tracegen.write.staging import discard, staged_outputs


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
        contested = carry_out(root, journal)
        written = tuple(step.path for step in journal.outputs if step.path not in contested)
        return Recovery(Outcome.FINISHED, written, contested)
    if not needs_recovery(root):  # the run that was going has ended before we got its lock
        return Recovery(Outcome.NOTHING)
    staged = staged_outputs(root)
    discard(root)
    return Recovery(Outcome.UNDONE, staged)
