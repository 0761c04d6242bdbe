"""Journals: of the run that is going on, and of the runs that can be taken back.

The first holds every step that a run means to take, with hashes, and is written before the first is taken: it is what
a killed run leaves. Of a run that ends in a conflict the journal stays, with all that the run replaced; both are got
ready in `staging/`, so that there is room for them, and become a numbered folder of `undo/` in one step at its end.
"""

import json
import os
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from itertools import chain, count
from pathlib import Path
from typing import Any

from tracegen.write.disk import remove_tree, write_new
from tracegen.write.errors import CannotWrite, refusing
from tracegen.write.paths import (
    ASIDE,
    FORMER_TEXTS,
    JOURNAL,
    LATER,
    OLD,
    STAGING,
    UNDO,
    digest,
    is_own,
    is_record,
    on_shelf,
)

FORMAT = 1
_MOST_RUNS = 1_000_000


@dataclass(frozen=True, slots=True)
class Step:
    """One file to replace, create (`before` is None) or remove (`after` is None), by its hashes."""

    path: str
    before: str | None
    after: str | None

    @property
    def sort_key(self) -> tuple[bool, bool, str]:
        """Outputs before records, and removals first, so that a file can make way for a folder."""
        return (is_own(self.path), self.after is not None, self.path)


@dataclass(frozen=True, slots=True)
class Journal:
    """All steps in the order in which they are taken, and the folders that they create, outermost first."""

    steps: tuple[Step, ...]
    folders: tuple[str, ...]
    undo: int = 0  #: the number under which this run can be taken back; 0: it cannot
    drop: int = 0  #: from this number on, no earlier run can be taken back any more; 0: all can

    @property
    def outputs(self) -> tuple[Step, ...]:
        """The steps outside `.tracegen/`."""
        return tuple(step for step in self.steps if not is_own(step.path))

    @property
    def records(self) -> tuple[Step, ...]:
        """The steps inside `.tracegen/`, the state last."""
        return tuple(step for step in self.steps if is_own(step.path))


def steps_of(before: Mapping[str, bytes | None], after: Mapping[str, bytes | None]) -> tuple[Step, ...]:
    """The steps that lead every path of `after` from what it was to what it shall be."""
    steps = (Step(path, digest(before.get(path)), digest(content)) for path, content in after.items())
    return tuple(sorted(steps, key=lambda step: step.sort_key))


def save(root: Path, journal: Journal, path: str = JOURNAL) -> None:
    """Writes the journal to `path` in one step: it is there whole or not at all."""
    document = {"format": FORMAT, **asdict(journal)}
    draft = root / STAGING / "journal.json"
    draft.unlink(missing_ok=True)
    write_new(draft, (json.dumps(document) + "\n").encode())
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    draft.replace(root / path)


def load(root: Path, path: str = JOURNAL) -> Journal:
    """Reads the journal at `path`; raises CannotWrite where it is none that tracegen wrote."""
    with refusing(path):
        text = (root / path).read_bytes()
    try:
        document = json.loads(text)
        steps = tuple(Step(**step) for step in document["steps"])
        # `keep` is what a run of an earlier version called it.
        numbers = document.get("undo", document.get("keep", 0)), document.get("drop", 0)
        journal = Journal(steps, tuple(document["folders"]), *numbers)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise _unreadable(path) from None
    if document.get("format") != FORMAT or not _is_lawful(journal):
        raise _unreadable(path)
    return journal


def _is_lawful(journal: Journal) -> bool:
    """A journal that came with a repository must not lead a rename or a removal out of the root."""
    paths: list[Any] = [*(step.path for step in journal.steps), *journal.folders]
    hashes: list[Any] = [known for step in journal.steps for known in (step.before, step.after)]
    numbers: list[Any] = [journal.undo, journal.drop]
    return (
        all(isinstance(path, str) and (path in (ASIDE, FORMER_TEXTS) or is_record(path)) for path in paths)
        and all(isinstance(known, str | None) for known in hashes)
        and all(type(number) is int and 0 <= number < _MOST_RUNS for number in numbers)
    )


def _unreadable(path: str) -> CannotWrite:
    return CannotWrite(
        path, f"is no journal of this tracegen; remove it and {STAGING}/ to give up the interrupted run"
    )


def undoable_runs(root: Path) -> list[int]:
    """The numbers of the runs that can be taken back, the last one last."""
    return [number for number in _numbers(root) if (root / journal_of(number)).exists()]


def next_number(root: Path) -> int:
    """A number that no run has, larger than all."""
    return max(_numbers(root), default=0) + 1


def journal_of(number: int) -> str:
    """Where the journal of a run that can be taken back is."""
    return f"{UNDO}/{number}/journal.json"


def old_of(number: int, path: str) -> str:
    """Where a run that can be taken back has what stood at `path` before it."""
    return f"{UNDO}/{number}/old/{on_shelf(path)}"


def get_ready(root: Path, journal: Journal) -> None:
    """Takes all room that taking the run back will need."""
    if journal.undo:
        (root / UNDO).mkdir(exist_ok=True)
        save(root, journal, f"{LATER}/journal.json")


def hold_for_undo(root: Path, journal: Journal, contested: Collection[str]) -> None:
    """Holds on to what a run replaced, but for what it left alone. Can be killed and called again."""
    if not (root / LATER).exists():
        return
    if contested:
        steps = tuple(step for step in journal.steps if step.path not in contested)
        save(root, replace(journal, steps=steps), f"{LATER}/journal.json")
    if (root / OLD).exists():
        (root / OLD).replace(root / LATER / "old")
    (root / LATER).replace(root / UNDO / str(journal.undo))


def contested_of(root: Path, journal: Journal) -> tuple[str, ...] | None:
    """What a run left alone that has ended its steps; None where it has to take its steps first."""
    if not journal.undo:
        return None
    if (root / journal_of(journal.undo)).exists():
        held = load(root, journal_of(journal.undo))
    elif (root / LATER / "old").exists():
        held = load(root, f"{LATER}/journal.json")
    else:
        return None
    taken = {step.path for step in held.steps}
    return tuple(step.path for step in journal.outputs if step.path not in taken)


def drop_from(root: Path, number: int) -> None:
    """Forgets all runs from a number on; 0 forgets none."""
    if not number:
        return
    for each in reversed(_numbers(root)):
        if each >= number:
            # The journal first: what has none cannot be taken back.
            (root / journal_of(each)).unlink(missing_ok=True)
            remove_tree(root / UNDO / str(each))
    with suppress(OSError):
        (root / UNDO).rmdir()


def free_place(root: Path, path: str) -> str:
    """A path below `aside/` where nothing stands yet."""
    names = chain([f"{ASIDE}/{path}"], (f"{ASIDE}/{path}.{number}" for number in count(1)))
    return next(name for name in names if not os.path.lexists(root / name))


def _numbers(root: Path) -> list[int]:
    try:
        names = [place.name for place in (root / UNDO).iterdir()]
    except (FileNotFoundError, NotADirectoryError):  # or another run, which has the lock, has just removed it
        names = []
    return sorted(int(name) for name in names if name.isdecimal())
