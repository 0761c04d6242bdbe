"""What a run would do to a folder, as values: one verdict a path."""

from collections.abc import Iterator
from dataclasses import dataclass

from tracegen.write.reconcile import Verdict


@dataclass(frozen=True, slots=True)
class Change:
    """One path: its verdict and the texts the verdict was taken from. None is "no file" or "not known"."""

    path: str
    verdict: Verdict
    before: bytes | None  #: what stands there now
    base: bytes | None  #: what tracegen last wrote there
    after: bytes | None  #: what will stand there once applied
    rendered: bytes | None  #: what tracegen wants there
    recorded: bool = True  #: False for a person's file, which is written beside the rendered ones and not remembered
    shown: bool = False  #: a conflict whose sides this run shows, so that what is rendered is the base from now on
    note: str = ""  #: why, where the verdict alone does not tell

    @property
    def writes(self) -> bool:
        """Whether applying touches the file."""
        return self.before != self.after


@dataclass(frozen=True, slots=True)
class Changes:
    """All paths that tracegen renders or remembers, sorted."""

    items: tuple[Change, ...]
    stale_records: bool = False  #: whether `.tracegen/` has to be written, be it the only thing
    schema: bytes | None = None  #: what `.tracegen/schema.json` shall hold; None leaves it as it is

    def __iter__(self) -> Iterator[Change]:
        """The changes, by path."""
        return iter(self.items)

    @property
    def conflicts(self) -> tuple[Change, ...]:
        """The changes that a person has to settle."""
        return tuple(change for change in self if change.verdict is Verdict.CONFLICT)

    @property
    def writes(self) -> bool:
        """Whether applying would touch any file, records included."""
        return self.stale_records or any(change.writes for change in self)


def is_drift(changes: Changes) -> bool:
    """Whether `--check` fails: applying would change something, or a conflict waits to be settled.

    What somebody edited or deleted, and tracegen therefore leaves alone, is no drift.
    """
    return changes.writes or bool(changes.conflicts)
