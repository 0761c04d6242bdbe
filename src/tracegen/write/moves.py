"""Code that was in the tree of an environment and is in that of the base now: what somebody edited goes with it.

Pure. The edit is merged into the file that is read from now on, and the old one goes only when that took every line
of it; where the two meet, both files stay as they are until a person has looked.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace

from tracegen.write.merge import holds_markers
from tracegen.write.plan import Change, Changes
from tracegen.write.reconcile import Verdict, is_broken, reconcile

#: The tree of the base from that of an environment.
_THERE = "../.."


@dataclass(frozen=True, slots=True)
class Origin:
    """The changes of an environment's tree, and what it leaves to the base.

    `name` is its folder from that of the base, and `left` are the folders of the base that are read in place of its
    own.
    """

    name: str
    changes: Changes
    left: Collection[str]


def move(base: Changes, origins: Sequence[Origin]) -> tuple[Changes, list[Changes]]:
    """The changes with every edit of a moved file in its new place; those of the base and of each origin."""
    places = {change.path: change for change in base}
    # A run that ends in a conflict can be taken back, and what was moved by it would be nowhere then.
    waits = bool(base.conflicts)
    found = []
    for origin in origins:
        items = [_moved(change, origin, places, waits) for change in origin.changes]
        found.append(replace(origin.changes, items=tuple(items)))
    return replace(base, items=tuple(places[change.path] for change in base)), found


def stay(changes: Changes, left: Collection[str]) -> Changes:
    """The changes of an environment that is written alone: what was edited in it waits for a run of both trees."""
    items = [
        replace(change, note=f"{_THERE}/{change.path} is read instead; `tracegen render --all` moves your edit there")
        if _is_left_behind(change, left)
        else change
        for change in changes
    ]
    return replace(changes, items=tuple(items))


def kept(changes: Changes, contested: Collection[str]) -> Changes:
    """The changes, but what was to move into a file that somebody has just changed stays where it is."""
    items = [
        replace(change, verdict=Verdict.YOURS, after=change.before)
        if change.path in contested and change.verdict is Verdict.REMOVE
        else change
        for change in changes
    ]
    return replace(changes, items=tuple(items))


def _moved(change: Change, origin: Origin, places: dict[str, Change], waits: bool) -> Change:
    """What becomes of a change; the file that takes the edit is replaced in `places`."""
    if not _is_left_behind(change, origin.left) or change.path not in places:
        return change
    target = places[change.path]
    here = f"{origin.name}/{change.path}"
    if target.after is None or change.before is None:
        return replace(change, note=f"{target.path} beside the spec is read instead, which you deleted")
    if waits or holds_markers(change.before):
        return replace(change, note=f"goes into {target.path} beside the spec when nothing is in conflict")
    merged = _merged(change, target.after)
    if merged is None:
        note = f"{target.path} beside the spec is read instead, and differs: move your edit there, then delete this"
        return replace(change, verdict=Verdict.CONFLICT, note=note)
    if merged != target.after:
        note = f"with your edit of {here}"
        places[target.path] = replace(target, verdict=Verdict.MERGE, after=merged, note=note)
    return replace(change, verdict=Verdict.REMOVE, after=None, note=f"your edit is in {target.path} beside the spec")


def _is_left_behind(change: Change, left: Collection[str]) -> bool:
    below = any(change.path.startswith(f"{folder}/") for folder in left)
    return below and change.verdict is Verdict.YOURS and change.rendered is None and change.before is not None


def _merged(change: Change, there: bytes) -> bytes | None:
    """The edit in the text that is there; None where they meet, or nobody knows what was edited."""
    assert change.before is not None, "it was edited"
    found = reconcile(change.base, change.before, there)
    if found.verdict is Verdict.CONFLICT or is_broken(change.path, found.content, change.before, there):
        return None
    return found.content if set(_lines(there)) <= {*_lines(found.content), *_lines(change.base or b"")} else None


def _lines(text: bytes) -> Iterator[bytes]:
    return (line.rstrip(b"\r") for line in text.split(b"\n"))
