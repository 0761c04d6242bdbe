"""From a tree and a folder to the changes between them. Reads only."""

from collections.abc import Collection, Iterable
from pathlib import Path

from tracegen.write.changes import Change, Changes
from tracegen.write.disk import check_distinct, standing
from tracegen.write.errors import CannotWrite
from tracegen.write.paths import SCHEMA
from tracegen.write.reconcile import Verdict, reconcile
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
    beside: Iterable[Change] = (),
) -> Changes:
    """What applying `tree` to the folder `root` would do; reads only, and `root` need not exist.

    `restore` names files that somebody deleted and now wants back; `schema` is what `.tracegen/schema.json`
    shall hold, for editors; `beside` are changes of a person's files, carried out in the same step and not
    remembered.
    Raises ValueError for a tree that cannot be written anywhere, WrongEnvironment for a folder that holds
    another environment, CannotWrite where something stands in the way.
    """
    check_tree(tree)
    records = load_records(root)
    records.refuse_other(environment)
    dropped = [_judge_dropped(path, root, records) for path in sorted(records.paths - tree.keys())]
    going = frozenset(change.path for change in dropped if change.verdict is Verdict.REMOVE)
    wanted = [_judge_wanted(path, tree[path], root, records, going, restore) for path in sorted(tree)]
    items = tuple(sorted([*dropped, *wanted, *beside], key=lambda change: change.path))
    check_distinct(root, [change.path for change in items])
    stale = bool(record_writes(items, records, environment)) or is_stale(root, schema)
    return Changes(items, stale, schema)


def is_stale(root: Path, schema: bytes | None) -> bool:
    """Whether the schema for editors has to be written."""
    return schema is not None and standing(root, SCHEMA) != schema


def _judge_dropped(path: str, root: Path, records: Records) -> Change:
    try:
        current = standing(root, path)
    except CannotWrite:  # somebody put a link or a folder there, which is theirs
        return Change(path, Verdict.LEFT, None, None, None, None)
    base = records.pristine(path, current)
    if current is None or current == base:
        return Change(path, Verdict.REMOVE, current, base, None, None)
    return Change(path, Verdict.LEFT, current, base, current, None)


def _judge_wanted(
    path: str, new: bytes, root: Path, records: Records, going: Collection[str], restore: Collection[str]
) -> Change:
    current = standing(root, path, going)
    base = records.pristine(path, current, new)
    if current is not None:
        reconciled = reconcile(base, current, new)
        return Change(path, reconciled.verdict, current, base, reconciled.content, new)
    if path in records.paths and path not in restore:
        return Change(path, Verdict.DELETED, None, base, None, new)
    return Change(path, Verdict.CREATE, None, base, new, new)
