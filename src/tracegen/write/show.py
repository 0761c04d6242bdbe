"""Changes in words, as a diff and as data. Pure."""

from collections import Counter
from collections.abc import Iterable, Iterator

from tracegen.write.merge import marked_lines
from tracegen.write.patch import patch
from tracegen.write.paths import UNWRITTEN
from tracegen.write.plan import Change, Changes
from tracegen.write.reconcile import Verdict
from tracegen.write.runs import Aborted, Outcome, Recovery

_WIDTH = max(len(verdict) for verdict in Verdict)

#: What is counted of a verdict, once it is carried out and before.
_COUNTED = {
    Verdict.CREATE: ("created", "to create"),
    Verdict.UPDATE: ("updated", "to update"),
    Verdict.MERGE: ("merged", "to merge"),
    Verdict.REMOVE: ("removed", "to remove"),
    Verdict.EDITED: ("edited", "edited"),
    Verdict.YOURS: ("yours", "yours"),
    Verdict.CONFLICT: ("conflict", "conflict"),
    Verdict.SAME: ("unchanged", "unchanged"),
}


def verdict_lines(changes: Changes, *, unchanged: bool = False) -> list[str]:
    """One line a path, conflicts last: verdict, path, and why where the verdict alone does not tell.

    What is as rendered is left out unless `unchanged` is said.
    """
    shown = [change for change in changes if unchanged or change.verdict is not Verdict.SAME]
    shown.sort(key=lambda change: change.verdict is Verdict.CONFLICT)
    return [f"{change.verdict:<{_WIDTH}} {change.path}{_in_brackets(change.note)}" for change in shown]


def count_line(every: Iterable[Changes], *, done: bool) -> str:
    """How many files there are of each verdict; `done` where they are carried out."""
    found = Counter(change.verdict for changes in every for change in changes)
    counts = [f"{found[verdict]} {words[0 if done else 1]}" for verdict, words in _COUNTED.items() if found[verdict]]
    plural = ", ".join(counts).replace(" conflict", " conflicts" if found[Verdict.CONFLICT] > 1 else " conflict")
    return plural or "no file"


def as_json(changes: Changes, *, with_diff: bool = False) -> list[dict[str, str]]:
    """One object a path, ready for `json.dumps`; `with_diff` adds the lines that change."""
    return [
        {"path": change.path, "verdict": change.verdict.value, "note": change.note}
        | ({"diff": "".join(_diff_of(change))} if with_diff else {})
        for change in changes
    ]


def conflict_lines(changes: Changes) -> list[str]:
    """Where the conflicts are once the changes are applied; nothing where there is none."""
    return [line for change in changes.conflicts for line in _where(change)]


def _where(change: Change) -> Iterator[str]:
    marked = marked_lines(change.after or b"")
    if marked:
        yield from (f"{change.path}:{line}: conflict: keep what is right of both sides" for line in marked)
    elif change.note:
        yield f"{change.path}: conflict: {change.note}"


def _in_brackets(note: str) -> str:
    return f" ({note})" if note else ""


def recovery_lines(recovery: Recovery) -> list[str]:
    """What to tell a person about an interrupted run; nothing where there was none."""
    if recovery.outcome is Outcome.NOTHING:
        return []
    files = ", ".join(recovery.paths) or "no file"
    lines = [f"an interrupted run was {recovery.outcome}: {files}"]
    return lines + [
        f"{path} was changed meanwhile and is left alone; tracegen's text for it, if any, is in {UNWRITTEN}/{path}"
        for path in recovery.contested
    ]


def abort_lines(aborted: Aborted) -> list[str]:
    """What to tell a person about a run that was taken back."""
    lines = [f"taken back: {', '.join(aborted.paths) or 'no file'}"]
    lines += [f"what was written since is in {path}" for path in aborted.aside]
    return lines + [f"{path} was changed in this moment and is left alone" for path in aborted.contested]


def diff(changes: Changes) -> str:
    """What applying would change, as a patch for `git apply`; a conflict with both sides, as it will be shown."""
    return "".join(line for change in changes for line in _diff_of(change))


def _diff_of(change: Change) -> Iterator[str]:
    old, new = change.before, change.after
    if old == new:
        return
    path = change.path
    yield f"diff --git a/{path} b/{path}\n"
    mode = "100755" if path.endswith(".sh") else "100644"
    if old is None or new is None:
        yield f"{'new' if old is None else 'deleted'} file mode {mode}\n"
    yield from patch(path, old, new)
