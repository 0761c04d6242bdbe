"""Changes in words, as a diff and as data. Pure."""

from collections.abc import Iterable, Iterator

from tracegen.write.changes import Change, Changes
from tracegen.write.paths import KEPT
from tracegen.write.reconcile import Verdict
from tracegen.write.recovery import Outcome, Recovery

_WIDTH = max(len(verdict) for verdict in Verdict)


def summary_lines(changes: Changes) -> list[str]:
    """One line a path: verdict, then path."""
    return [f"{change.verdict:<{_WIDTH}} {change.path}" for change in changes]


def as_json(changes: Changes) -> list[dict[str, str]]:
    """One object a path, ready for `json.dumps`."""
    return [{"path": change.path, "verdict": change.verdict.value} for change in changes]


def recovery_lines(recovery: Recovery) -> list[str]:
    """What to tell a person about an interrupted run; nothing where there was none."""
    if recovery.outcome is Outcome.NOTHING:
        return []
    files = ", ".join(recovery.paths) or "no file"
    lines = [f"an interrupted run was {recovery.outcome}: {files}"]
    return lines + [
        f"{path} was changed meanwhile and is left alone; tracegen's text for it, if any, is in {KEPT}/{path}"
        for path in recovery.contested
    ]


def diff(changes: Changes) -> str:
    """What applying would change, as a patch for `git apply`; of a conflict, what tracegen wants instead."""
    return "".join(line for change in changes for line in _diff_of(change))


def _diff_of(change: Change) -> Iterator[str]:
    old = change.before
    new = change.rendered if change.verdict is Verdict.CONFLICT else change.after
    if old == new:
        return
    path = change.path
    yield f"diff --git a/{path} b/{path}\n"
    mode = "100755" if path.endswith(".sh") else "100644"
    if old is None or new is None:
        yield f"{'new' if old is None else 'deleted'} file mode {mode}\n"
    sides = ("/dev/null" if old is None else f"a/{path}", "/dev/null" if new is None else f"b/{path}")
    old_lines, new_lines = _lines(old), _lines(new)
    if old_lines is None or new_lines is None:
        yield f"Binary files {sides[0]} and {sides[1]} differ\n"
    else:
        yield from _text_diff(sides, old_lines, new_lines)


def _text_diff(sides: tuple[str, str], old: list[str], new: list[str]) -> Iterator[str]:
    import difflib

    # Without the tab, `patch` and `git apply` end a name at its first space.
    old_name, new_name = (f"{side}\t" if " " in side else side for side in sides)
    lines = difflib.unified_diff(old, new, old_name, new_name)
    return (line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)


def _lines(content: bytes | None) -> list[str] | None:
    """The lines, each with its line feed; None for what is not text."""
    try:
        text = (content or b"").decode()
    except UnicodeDecodeError:
        return None
    if "\0" in text:
        return None
    return [line for line in _split(text) if line]


def _split(text: str) -> Iterable[str]:
    # Not `splitlines`, which also splits at form feeds and others that are part of a line to everyone else.
    *whole, rest = text.split("\n")
    return [*(f"{line}\n" for line in whole), rest]
