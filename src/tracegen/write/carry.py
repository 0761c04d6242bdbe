"""Taking the steps of a journal, forward or back. Both can be killed at any point and taken up again."""

from collections.abc import Collection
from pathlib import Path

from tracegen.write.disk import prune, remove_file, standing
from tracegen.write.errors import CannotWrite, refusing
from tracegen.write.journal import Journal, Step
from tracegen.write.paths import (
    BASE,
    JOURNAL,
    JOURNAL_UNDO,
    KEPT,
    NEW,
    OLD,
    STATE,
    UNDO,
    folders_above,
    is_own,
    on_shelf,
)
from tracegen.write.staging import discard
from tracegen.write.state import dump_state, parse_state
from tracegen.write.tree import digest
from tracegen.write.undo import contested_of, drop_from, free_place, keep

# In place of a hash: what stands there is no file, or cannot be reached.
_OBSTRUCTED = "obstructed"
_DAMAGED = "what was staged for it is damaged"


def carry_out(root: Path, journal: Journal) -> tuple[str, ...]:
    """Takes all steps, then removes what was staged and the journal.

    Returns the outputs that somebody changed meanwhile: they are left alone and remembered as before, so that
    the next run shows them as conflicts. Raises CannotWrite with every step taken back.
    """
    contested = contested_of(root, journal)
    if contested is None:
        try:
            contested = _roll_forward(root, journal)
        except BaseException:
            take_back(root, journal)
            raise
    with refusing(UNDO):
        keep(root, journal, contested)
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


def _roll_forward(root: Path, journal: Journal) -> tuple[str, ...]:
    contested = []
    for step in journal.outputs:
        with refusing(step.path):
            if not _take(root, step):
                contested.append(step.path)
    if contested:
        _forget_contested(root, contested)
    for step in journal.records:
        with refusing(step.path):
            if step.path.removeprefix(f"{BASE}/") not in contested:
                _take_record(root, step)
    for path in contested:
        with refusing(path):
            _set_aside(root, NEW, root / KEPT / path, path)
    return tuple(contested)


def _take(root: Path, step: Step) -> bool:
    """Takes one step unless it is taken; False where somebody put something else there meanwhile."""
    found = _digest_at(root, step.path)
    if found == _OBSTRUCTED and step.after is None:
        return True  # the file is gone: a folder has taken its place, perhaps this run's own
    if found == step.before and found != step.after:
        _place(root, step)
    elif found != step.after:
        return False
    if step.after is None:
        prune(root, folders_above(step.path))
    return True


def _take_record(root: Path, step: Step) -> None:
    """Records are tracegen's alone, so what is still staged is what is still to do."""
    if step.after is None:
        remove_file(root / step.path)
        prune(root, folders_above(step.path)[1:])
    elif (root / NEW / on_shelf(step.path)).exists():
        _place(root, step)


def _place(root: Path, step: Step) -> None:
    target, staged = root / step.path, root / NEW / on_shelf(step.path)
    if step.after is None:
        target.unlink()
        return
    if step.path != STATE and digest(staged.read_bytes()) != step.after:
        raise CannotWrite(step.path, _DAMAGED)
    target.parent.mkdir(parents=True, exist_ok=True)
    staged.replace(target)


def _restore(root: Path, step: Step) -> None:
    target, old = root / step.path, root / OLD / on_shelf(step.path)
    found = step.after if is_own(step.path) else _digest_at(root, step.path)
    if found not in {step.before, step.after}:
        _set_aside(root, OLD, root / free_place(root, step.path), step.path)
    elif found == step.after and old.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        old.replace(target)
    elif found == step.after and step.before is None:
        remove_file(target)


def _set_aside(root: Path, shelf: str, place: Path, path: str) -> None:
    """Puts the text that finds its place taken where a person can find it."""
    staged = root / shelf / on_shelf(path)
    if staged.exists():
        place.parent.mkdir(parents=True, exist_ok=True)
        staged.replace(place)


def _forget_contested(root: Path, contested: Collection[str]) -> None:
    """Lets the staged state say of contested paths what it said before the run."""
    staged = root / NEW / on_shelf(STATE)
    if not staged.exists():
        return
    environments, hashes = parse_state(staged.read_bytes())
    if len(environments) != 1:
        raise CannotWrite(STATE, _DAMAGED)
    _, remembered = parse_state(standing(root, STATE))
    kept = {path: remembered[path] for path in contested if path in remembered}
    others = {path: known for path, known in hashes.items() if path not in contested}
    single = {path: known[0] for path, known in {**others, **kept}.items() if len(known) == 1}
    draft = root / NEW / f"{on_shelf(STATE)}.draft"
    draft.write_bytes(dump_state(environments[0], single))
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
