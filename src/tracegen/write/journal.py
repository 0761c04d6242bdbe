"""What a killed run leaves: every step it meant to take, with hashes, written before the first is taken."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tracegen.write.disk import write_new
from tracegen.write.errors import CannotWrite, refusing
from tracegen.write.paths import ASIDE, BASE, JOURNAL, STAGING, is_own, is_record
from tracegen.write.tree import digest

FORMAT = 1


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
    keep: int = 0  #: the number under which this run can be taken back; 0: it cannot
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
    write_new(draft, (json.dumps(document, indent=1) + "\n").encode())
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    draft.replace(root / path)


def load(root: Path, path: str = JOURNAL) -> Journal:
    """Reads the journal at `path`; raises CannotWrite where it is none that tracegen wrote."""
    with refusing(path):
        text = (root / path).read_bytes()
    try:
        document = json.loads(text)
        steps = tuple(Step(**step) for step in document["steps"])
        numbers = int(document.get("keep", 0)), int(document.get("drop", 0))
        journal = Journal(steps, tuple(document["folders"]), *numbers)
    except (ValueError, TypeError, KeyError, RecursionError):
        raise _unreadable(path) from None
    if document.get("format") != FORMAT or not _is_lawful(journal):
        raise _unreadable(path)
    return journal


def _is_lawful(journal: Journal) -> bool:
    """A journal that came with a repository must not lead a rename or a removal out of the root."""
    paths: list[Any] = [*(step.path for step in journal.steps), *journal.folders]
    hashes: list[Any] = [known for step in journal.steps for known in (step.before, step.after)]
    return all(isinstance(path, str) and (path in (ASIDE, BASE) or is_record(path)) for path in paths) and all(
        isinstance(known, str | None) for known in hashes
    )


def _unreadable(path: str) -> CannotWrite:
    return CannotWrite(
        path, f"is no journal of this tracegen; remove it and {STAGING}/ to give up the interrupted run"
    )
