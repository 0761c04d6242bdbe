"""Taking the steps of a journal, forward or back. Both can be killed at any point and taken up again."""

from collections.abc import Collection
from pathlib import Path

from tracegen.write.disk import move_to, prune, remove_file, standing
from tracegen.write.errors import CannotWrite, refusing
from tracegen.write.journal import Journal, Step, contested_of, drop_from, free_place, hold_for_undo
from tracegen.write.memory import load_memory, memory_text, parse_memory
from tracegen.write.paths import (
    JOURNAL,
    JOURNAL_UNDO,
    MEMORY,
    NEW,
    OLD,
    UNDO,
    UNWRITTEN,
    digest,
    folders_above,
    is_own,
    on_shelf,
)
from tracegen.write.staging import discard

# In place of a hash: what stands there is no file, or cannot be reached.
_OBSTRUCTED = "obstructed"
_DAMAGED = "what was staged for it is damaged"


def take_steps(root: Path, journal: Journal, *, staged_now: bool = False) -> tuple[str, ...]:
    """Takes all steps, then removes what was staged and the journal.

    `staged_now`: this very run wrote what is staged, so it need not be read again to be believed.
    Returns the outputs that somebody changed meanwhile: they are left alone and remembered as before, so that
    the next run shows them as conflicts. Raises CannotWrite with every step taken back.
    """
    contested = contested_of(root, journal)
    if contested is None:
        try:
            contested = _roll_forward(root, journal, staged_now)
        except BaseException:
            take_back(root, journal)
            raise
    with refusing(UNDO):
        hold_for_undo(root, journal, contested)
        drop_from(root, journal.drop)
    _finish(root, JOURNAL)
    return contested


def take_back(root: Path, journal: Journal) -> None:
    """Brings back what was there before, except what somebody changed meanwhile."""
    with refusing(JOURNAL):
        if (root / JOURNAL).exists():
            (root / JOURNAL).replace(root / JOURNAL_UNDO)
    for step in reversed(journal.steps):
        with refusing(step.path):
            _restore(root, step)
            # At once, since a file may have made way for the folder.
            prune(root, [folder for folder in folders_above(step.path) if folder in journal.folders])
    _finish(root, JOURNAL_UNDO)


def _roll_forward(root: Path, journal: Journal, staged_now: bool) -> tuple[str, ...]:
    contested = []
    for step in journal.outputs:
        with refusing(step.path):
            if not _take(root, step, staged_now):
                contested.append(step.path)
    if contested:
        _forget_contested(root, contested)
    for step in journal.records:
        with refusing(step.path):
            _take_record(root, step, staged_now)
    for path in contested:
        with refusing(path):
            _move_staged(root, NEW, root / UNWRITTEN / path, path)
    return tuple(contested)


def _take(root: Path, step: Step, staged_now: bool) -> bool:
    """Takes one step unless it is taken; False where somebody put something else there meanwhile."""
    found = _digest_at(root, step.path)
    if found == _OBSTRUCTED and step.after is None:
        return True  # the file is gone: a folder has taken its place, perhaps this run's own
    if found == step.before and found != step.after:
        _place(root, step, staged_now)
    elif found != step.after:
        return False
    if step.after is None:
        prune(root, folders_above(step.path))
    return True


def _take_record(root: Path, step: Step, staged_now: bool) -> None:
    """Records are tracegen's alone, so what is still staged is what is still to do."""
    if step.after is None:
        remove_file(root / step.path)
        prune(root, folders_above(step.path)[1:])
    elif (root / NEW / on_shelf(step.path)).exists():
        _place(root, step, staged_now)


def _place(root: Path, step: Step, staged_now: bool) -> None:
    if step.after is None:
        (root / step.path).unlink()
        return
    staged = root / f"{NEW}/{on_shelf(step.path)}"
    if not staged_now and step.path != MEMORY and digest(staged.read_bytes()) != step.after:
        raise CannotWrite(step.path, _DAMAGED)
    move_to(root, staged, step.path)


def _restore(root: Path, step: Step) -> None:
    target, old = root / step.path, root / OLD / on_shelf(step.path)
    found = step.after if is_own(step.path) else _digest_at(root, step.path)
    if found not in {step.before, step.after}:
        _move_staged(root, OLD, root / free_place(root, step.path), step.path)
    elif found == step.after and old.exists():
        move_to(root, old, step.path)
    elif found == step.after and step.before is None:
        remove_file(target)


def _move_staged(root: Path, shelf: str, place: Path, path: str) -> None:
    """Puts the text that finds its place taken where a person can find it."""
    staged = root / shelf / on_shelf(path)
    if staged.exists():
        place.parent.mkdir(parents=True, exist_ok=True)
        staged.replace(place)


def _forget_contested(root: Path, contested: Collection[str]) -> None:
    """Lets the staged memory say of contested paths what it said before the run."""
    staged = root / NEW / on_shelf(MEMORY)
    if not staged.exists():
        return
    after, before = parse_memory(staged.read_bytes()), load_memory(root)
    if not after.is_whole or len(after.environments) != 1:
        raise CannotWrite(MEMORY, _DAMAGED)
    files = {path: texts for path, texts in after.files.items() if path not in contested}
    files |= {path: before.files[path] for path in contested if path in before.files}
    draft = root / NEW / f"{on_shelf(MEMORY)}.draft"
    draft.write_bytes(memory_text(after, files, after.environments[0], after.spec))
    draft.replace(staged)


def _digest_at(root: Path, path: str) -> str | None:
    try:
        return digest(standing(root, path))
    except CannotWrite:
        return _OBSTRUCTED


def _finish(root: Path, journal: str) -> None:
    """The journal goes last: as long as it is there, the run counts as interrupted."""
    discard(root)
    with refusing(journal):
        (root / journal).unlink(missing_ok=True)
