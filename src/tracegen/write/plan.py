"""From a tree and a folder to the changes between them, one verdict a path. Reads only."""

import os
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from tracegen.write.disk import Survey, check_distinct, real_places, standing
from tracegen.write.errors import CannotWrite, WritesItsSource
from tracegen.write.memory import Files, Memory, load_memory, memory_text
from tracegen.write.paths import MEMORY, SCHEMA, Tree, check_tree
from tracegen.write.reconcile import Reconciled, Style, Verdict, is_broken, reconcile, refusal


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
    lost_memory: bool = False  #: whether something that has to be remembered is not
    stale_records: bool = False  #: whether `.tracegen/` has to be written, be it the only thing
    schema: bytes | None = None  #: what `.tracegen/schema.json` shall hold; None leaves it as it is
    spec: str | None = None  #: the path of the spec from the root, to be remembered

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
    # The schema for editors is in no clone, and lines of two branches say no less than one.
    return changes.lost_memory or any(change.writes for change in changes) or bool(changes.conflicts)


def plan_changes(
    tree: Tree,
    root: Path,
    environment: str | None,
    *,
    restore: Collection[str] = (),
    schema: bytes | None = None,
    style: Style = "inline",
    beside: Iterable[Change] = (),
    sources: Sequence[Path] = (),
) -> Changes:
    """What applying `tree` to the folder `root` would do; reads only, and `root` need not exist.

    `restore` names files that somebody deleted and now wants back; `schema` is what `.tracegen/schema.json`
    shall hold, for editors; `style` is how conflicts are shown; `beside` are changes of a person's files,
    carried out in the same step and not remembered; `sources` are the spec and the files that it includes, which
    are never written or removed.
    Raises ValueError for a tree that cannot be written anywhere, WrongEnvironment or OtherSpec for a folder that
    holds something else, WritesItsSource, and CannotWrite where something stands in the way.
    """
    check_tree(tree)
    memory = load_memory(root)
    memory.refuse_other(environment)
    spec = spec_from(root, sources[0]) if sources else None
    memory.refuse_other_spec(root, spec)
    ours, beside = judged(tree, root, memory, restore, style), list(beside)
    places = real_places(root, (change.path for change in (*ours, *beside)))
    items = tuple(sorted([*_spared(ours, places, sources), *beside], key=lambda change: change.path))
    _check_single(items)
    check_distinct({change.path: places[change.path] for change in items})
    files = _to_remember(items, memory)
    lost = environment not in memory.environments or any(
        not set(texts) <= set(memory.files.get(path, ())) for path, texts in files.items()
    )
    stale = not _is_remembered(files, memory, environment) or is_stale(root, schema)
    return Changes(items, lost, stale, schema, spec)


def spec_from(root: Path, spec: Path) -> str:
    """The path of the spec from the root, as the memory keeps it."""
    return Path(os.path.relpath(os.path.realpath(spec), os.path.realpath(root))).as_posix()


def memory_writes(
    changes: Iterable[Change], memory: Memory, environment: str | None, spec: str | None
) -> dict[str, bytes | None]:
    """The records that have to change, None for a removal; empty where all is up to date."""
    files = _to_remember(changes, memory)
    if _is_remembered(files, memory, environment):
        return {}
    text = memory_text(memory, files, environment, spec or memory.spec)
    return {**dict.fromkeys(memory.former), MEMORY: text}


def _is_remembered(files: Files, memory: Memory, environment: str | None) -> bool:
    return memory.is_whole and files == memory.files and memory.environments == (environment,)


def _to_remember(changes: Iterable[Change], memory: Memory) -> dict[str, tuple[bytes, ...]]:
    files: dict[str, tuple[bytes, ...]] = {}
    for change in changes:
        texts = memory.files.get(change.path, ())
        if not change.recorded or change.verdict is Verdict.REMOVE:
            texts = ()
        elif change.rendered is not None and (change.verdict in _RECORDED or change.shown):
            texts = (change.rendered,)
        if texts:
            files[change.path] = texts
    return files


def judged(
    tree: Tree, root: Path, memory: Memory, restore: Collection[str] = (), style: Style = "inline"
) -> list[Change]:
    """What becomes of each path that a tree wants or the memory holds; reads only.

    Raises CannotWrite where something stands in the way.
    """
    dropped = [_judge_dropped(path, root, memory) for path in sorted(memory.files.keys() - tree.keys())]
    going = frozenset(change.path for change in dropped if change.verdict is Verdict.REMOVE)
    judge = _Judge(Survey(root, going), memory, restore, style)
    return [*dropped, *(change for path in sorted(tree) for change in judge.wanted(path, tree[path]))]


def is_stale(root: Path, schema: bytes | None) -> bool:
    """Whether the schema for editors has to be written."""
    return schema is not None and standing(root, SCHEMA) != schema


def _spared(changes: Iterable[Change], places: Mapping[str, str], sources: Iterable[Path]) -> Iterator[Change]:
    """The changes without those of a source that is no longer rendered; raises WritesItsSource for one that is."""
    known = {os.path.realpath(source): source for source in sources}
    for change in changes:
        source = known.get(places[change.path])
        if source is None:
            yield change
        elif change.rendered is not None or not change.recorded:
            raise WritesItsSource(change.path, source)


def _check_single(items: Iterable[Change]) -> None:
    """Raises ValueError where two producers claim one path: an earlier bug."""
    seen: set[str] = set()
    for change in items:
        if change.path in seen:
            raise ValueError(f"{change.path!r} is claimed twice")
        seen.add(change.path)


def _judge_dropped(path: str, root: Path, memory: Memory) -> Change:
    note = "no longer rendered, and you edited it"
    try:
        current = standing(root, path)
    except CannotWrite:  # somebody put a link or a folder there, which is theirs
        return Change(path, Verdict.YOURS, None, None, None, None, note=note)
    base = memory.base(path, current)
    if current is None or memory.wrote(path, current):
        return Change(path, Verdict.REMOVE, current, base, None, None)
    return Change(path, Verdict.YOURS, current, base, current, None, note=note)


@dataclass(frozen=True, slots=True)
class _Judge:
    """All that the verdict on a rendered file depends on, but the file."""

    folder: Survey
    memory: Memory
    restore: Collection[str]
    style: Style

    def wanted(self, path: str, new: bytes) -> Iterator[Change]:
        """The change of a rendered file, and of its `.rej` file where one is written."""
        current = self.folder.standing(path)
        base = self.memory.base(path, current)
        if current is not None:
            yield from self._standing(path, base, current, new)
        elif path in self.memory.files and path not in self.restore:
            note = "you deleted it; --restore brings it back"
            yield Change(path, Verdict.YOURS, None, base, None, new, note=note)
        else:
            yield Change(path, Verdict.CREATE, None, base, new, new)

    def _standing(self, path: str, base: bytes | None, current: bytes, new: bytes) -> Iterator[Change]:
        found = reconcile(base, current, new, self.style)
        if found.verdict is Verdict.MERGE and is_broken(path, found.content, current, new):
            # As if nobody knew what was there before: all that differs is shown.
            note = "merged line by line it could no longer be read"
            found = replace(reconcile(None, current, new, self.style), note=note)
        refused = f"{path}.rej"
        if found.verdict in _MAY_BE_REFUSED and self.folder.standing(refused) is not None:
            found = Reconciled(Verdict.CONFLICT, current, note=f"{refused} is still there; delete it when settled")
        elif found.refused is not None:
            text = refusal(path, found.content, found.refused)
            why = f"{found.note}; " if found.note else ""
            found = replace(found, note=f"{why}what was refused is in {refused}; delete it when settled")
            yield Change(refused, Verdict.CREATE, None, None, text, text, recorded=False)
        yield Change(path, found.verdict, current, base, found.content, new, shown=found.shown, note=found.note)


# A file that is as rendered has nothing left to settle, whatever stands beside it.
_MAY_BE_REFUSED: Collection[Verdict] = frozenset({Verdict.EDITED, Verdict.MERGE, Verdict.CONFLICT})
# After these the rendered text is what the person has, or has chosen to differ from, so it is the next base.
_RECORDED: Collection[Verdict] = frozenset(
    {Verdict.CREATE, Verdict.UPDATE, Verdict.MERGE, Verdict.SAME, Verdict.EDITED}
)
