"""From a tree and a folder to the changes between them. Reads only."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from tracegen.write.changes import Change, Changes
from tracegen.write.disk import check_distinct, standing
from tracegen.write.errors import CannotWrite, MergeFailed
from tracegen.write.paths import SCHEMA
from tracegen.write.reading import is_broken
from tracegen.write.reconcile import Reconciled, Style, Verdict, reconcile, refusal
from tracegen.write.records import record_writes
from tracegen.write.state import Records, load_records
from tracegen.write.tree import Tree, check_tree


def plan_changes(
    tree: Tree,
    root: Path,
    environment: str | None,
    *,
    restore: Collection[str] = (),
    schema: bytes | None = None,
    style: Style = "inline",
    beside: Iterable[Change] = (),
) -> Changes:
    """What applying `tree` to the folder `root` would do; reads only, and `root` need not exist.

    `restore` names files that somebody deleted and now wants back; `schema` is what `.tracegen/schema.json`
    shall hold, for editors; `style` is how conflicts are shown; `beside` are changes of a person's files,
    carried out in the same step and not remembered.
    Raises ValueError for a tree that cannot be written anywhere, WrongEnvironment for a folder that holds
    another environment, CannotWrite where something stands in the way, or a merge is needed and git is missing.
    """
    check_tree(tree)
    records = load_records(root)
    records.refuse_other(environment)
    items = tuple(sorted([*judged(tree, root, records, restore, style), *beside], key=lambda change: change.path))
    _check_single(items)
    check_distinct(root, [change.path for change in items])
    stale = bool(record_writes(items, records, environment)) or is_stale(root, schema)
    return Changes(items, stale, schema)


def judged(
    tree: Tree, root: Path, records: Records, restore: Collection[str] = (), style: Style = "inline"
) -> list[Change]:
    """What becomes of each path that a tree wants or the records remember; reads only.

    Raises CannotWrite where something stands in the way, or a merge is needed and git is missing.
    """
    dropped = [_judge_dropped(path, root, records) for path in sorted(records.paths - tree.keys())]
    going = frozenset(change.path for change in dropped if change.verdict is Verdict.REMOVE)
    judge = _Judge(root, records, going, restore, style)
    return [*dropped, *(change for path in sorted(tree) for change in judge.wanted(path, tree[path]))]


def is_stale(root: Path, schema: bytes | None) -> bool:
    """Whether the schema for editors has to be written."""
    return schema is not None and standing(root, SCHEMA) != schema


def _check_single(items: Iterable[Change]) -> None:
    """Raises ValueError where two producers claim one path: an earlier bug."""
    seen: set[str] = set()
    for change in items:
        if change.path in seen:
            raise ValueError(f"{change.path!r} is claimed twice")
        seen.add(change.path)


def _judge_dropped(path: str, root: Path, records: Records) -> Change:
    note = "no longer rendered, and you edited it"
    try:
        current = standing(root, path)
    except CannotWrite:  # somebody put a link or a folder there, which is theirs
        return Change(path, Verdict.YOURS, None, None, None, None, note=note)
    base = records.pristine(path, current)
    if current is None or current == base:
        return Change(path, Verdict.REMOVE, current, base, None, None)
    return Change(path, Verdict.YOURS, current, base, current, None, note=note)


@dataclass(frozen=True, slots=True)
class _Judge:
    """All that the verdict on a rendered file depends on, but the file."""

    root: Path
    records: Records
    going: Collection[str]
    restore: Collection[str]
    style: Style

    def wanted(self, path: str, new: bytes) -> Iterator[Change]:
        """The change of a rendered file, and of its `.rej` file where one is written."""
        current = standing(self.root, path, self.going)
        base = self.records.pristine(path, current, new)
        if current is not None:
            yield from self._standing(path, base, current, new)
        elif path in self.records.paths and path not in self.restore:
            note = "you deleted it; --restore brings it back"
            yield Change(path, Verdict.YOURS, None, base, None, new, note=note)
        else:
            yield Change(path, Verdict.CREATE, None, base, new, new)

    def _standing(self, path: str, base: bytes | None, current: bytes, new: bytes) -> Iterator[Change]:
        try:
            found = reconcile(base, current, new, self.style)
            if found.verdict is Verdict.MERGE and is_broken(path, found.content, current, new):
                # As if nobody knew what was there before: all that differs is shown.
                note = "merged line by line it could no longer be read"
                found = replace(reconcile(None, current, new, self.style), note=note)
        except MergeFailed as error:
            raise CannotWrite(path, f"both you and tracegen changed it, but {error}") from error
        refused = f"{path}.rej"
        if found.verdict in _MAY_BE_REFUSED and standing(self.root, refused) is not None:
            found = Reconciled(Verdict.CONFLICT, current, note=f"{refused} is still there; delete it when settled")
        elif found.refused is not None:
            text = refusal(path, found.content, found.refused)
            why = f"{found.note}; " if found.note else ""
            found = replace(found, note=f"{why}what was refused is in {refused}; delete it when settled")
            yield Change(refused, Verdict.CREATE, None, None, text, text, recorded=False)
        yield Change(path, found.verdict, current, base, found.content, new, shown=found.shown, note=found.note)


# A file that is as rendered has nothing left to settle, whatever stands beside it.
_MAY_BE_REFUSED = frozenset({Verdict.EDITED, Verdict.MERGE, Verdict.CONFLICT})
