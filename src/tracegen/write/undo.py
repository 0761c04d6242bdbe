"""What it takes to take a run back that ended in a conflict: its journal, and all that it replaced.

Both are got ready in `staging/`, so that there is room for them, and become a numbered folder of `undo/` in one
step when the run has ended.
"""

import os
from collections.abc import Collection
from contextlib import suppress
from dataclasses import replace
from itertools import chain, count
from pathlib import Path

from tracegen.write import journal as journals
from tracegen.write.disk import remove_tree
from tracegen.write.journal import Journal
from tracegen.write.paths import ASIDE, LATER, OLD, UNDO, on_shelf


def kept_runs(root: Path) -> list[int]:
    """The numbers of the runs that can be taken back, the last one last."""
    return [number for number in _numbers(root) if (root / journal_of(number)).exists()]


def next_number(root: Path) -> int:
    """A number that no kept run has, larger than all."""
    return max(_numbers(root), default=0) + 1


def journal_of(number: int) -> str:
    """Where the journal of a kept run is."""
    return f"{UNDO}/{number}/journal.json"


def old_of(number: int, path: str) -> str:
    """Where a kept run has what stood at `path` before it."""
    return f"{UNDO}/{number}/old/{on_shelf(path)}"


def get_ready(root: Path, journal: Journal) -> None:
    """Takes all room that keeping the run will need."""
    if journal.keep:
        (root / UNDO).mkdir(exist_ok=True)
        journals.save(root, journal, f"{LATER}/journal.json")


def keep(root: Path, journal: Journal, contested: Collection[str]) -> None:
    """Keeps what a run replaced, but for what it left alone. Can be killed and called again."""
    if not (root / LATER).exists():
        return
    if contested:
        steps = tuple(step for step in journal.steps if step.path not in contested)
        journals.save(root, replace(journal, steps=steps), f"{LATER}/journal.json")
    if (root / OLD).exists():
        (root / OLD).replace(root / LATER / "old")
    (root / LATER).replace(root / UNDO / str(journal.keep))


def contested_of(root: Path, journal: Journal) -> tuple[str, ...] | None:
    """What a run left alone that is being kept, or is kept; None where it has to take its steps first."""
    if not journal.keep:
        return None
    if (root / journal_of(journal.keep)).exists():
        kept = journals.load(root, journal_of(journal.keep))
    elif (root / LATER / "old").exists():
        kept = journals.load(root, f"{LATER}/journal.json")
    else:
        return None
    taken = {step.path for step in kept.steps}
    return tuple(step.path for step in journal.outputs if step.path not in taken)


def drop_from(root: Path, number: int) -> None:
    """Forgets all kept runs from a number on; 0 forgets none."""
    if not number:
        return
    for each in reversed(_numbers(root)):
        if each >= number:
            # The journal first: what has none is no kept run.
            (root / journal_of(each)).unlink(missing_ok=True)
            remove_tree(root / UNDO / str(each))
    with suppress(OSError):
        (root / UNDO).rmdir()


def free_place(root: Path, path: str) -> str:
    """A path below `aside/` where nothing stands yet."""
    names = chain([f"{ASIDE}/{path}"], (f"{ASIDE}/{path}.{number}" for number in count(1)))
    return next(name for name in names if not os.path.lexists(root / name))


def _numbers(root: Path) -> list[int]:
    folder = root / UNDO
    names = [place.name for place in folder.iterdir()] if folder.is_dir() else []
    return sorted(int(name) for name in names if name.isdecimal())
