"""Taking back the last run that ended in a conflict."""

from dataclasses import dataclass
from pathlib import Path

from tracegen.write import journal as journals
from tracegen.write.carry import carry_out
from tracegen.write.disk import check_root, check_writable, standing
from tracegen.write.errors import CannotWrite, NothingToAbort, refusing
from tracegen.write.journal import Step, steps_of
from tracegen.write.lock import exclusive
from tracegen.write.paths import ASIDE, JOURNAL, is_own
from tracegen.write.recovery import needs_recovery
from tracegen.write.staging import stage
from tracegen.write.tree import digest
from tracegen.write.undo import free_place, journal_of, kept_runs, old_of


@dataclass(frozen=True, slots=True)
class Aborted:
    """What `abort` did."""

    paths: tuple[str, ...]  #: outputs that are as they were before the run
    aside: tuple[str, ...]  #: where the texts are that somebody wrote into them since
    contested: tuple[str, ...] = ()  #: somebody changed these meanwhile, so they were left alone


def can_abort(root: Path) -> bool:
    """Whether the last run in this folder ended in a conflict that can be taken back. Reads only."""
    return bool(kept_runs(root))


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
        if needs_recovery(root):
            raise CannotWrite(JOURNAL, "an interrupted run has to be recovered first")
        number = kept_runs(root)[-1]
        before, after = _contents(root, number)
        steps = steps_of(before, after)
        for step in steps:
            check_writable(root, step.path)
        contested = carry_out(root, stage(root, steps, after, drop=number))
    paths = tuple(step.path for step in steps if not is_own(step.path) and step.path not in contested)
    aside = tuple(path for path in after if path.startswith(f"{ASIDE}/"))
    return Aborted(paths, aside, contested)


def _contents(root: Path, number: int) -> tuple[dict[str, bytes | None], dict[str, bytes | None]]:
    """What every file of the run holds now and shall hold, and where what was written since is put."""
    journal = journals.load(root, journal_of(number))
    going = frozenset(step.path for step in journal.steps if step.before is None)
    before: dict[str, bytes | None] = {}
    after: dict[str, bytes | None] = {}
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
    kept = old_of(number, step.path)
    with refusing(kept):
        content = (root / kept).read_bytes()
    if digest(content) != step.before:
        raise CannotWrite(kept, "is damaged, so this run cannot be taken back")
    return content
