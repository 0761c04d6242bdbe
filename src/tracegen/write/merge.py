"""Three texts into one, by `git merge-file`: the merge that every developer already knows how to read.

Where the two changes are each in one place, with a line between them that nobody touched, there is one way only to
put them together, and git is not started: for many files that takes longer than all else.
"""

import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from tracegen.write.errors import MergeFailed
from tracegen.write.markers import RENDERED, YOURS

if TYPE_CHECKING:
    from tempfile import TemporaryDirectory

#: From here on the exit code of `git merge-file` is no count of conflicts.
_FAILED = 128


@dataclass(frozen=True, slots=True)
class Merged:
    """A merged text; with conflicts, both sides stand in it between markers."""

    text: bytes
    clean: bool


def merge(base: bytes, current: bytes, new: bytes) -> Merged:
    """Brings the changes from `base` to `new` into `current`, both sides between markers where they meet.

    Raises MergeFailed where one of them is no text, or git is needed and not installed.
    """
    apart = put_together(base, current, new)
    if apart is not None:
        return Merged(apart, True)
    return merge_by_git(base, current, new, ("-L", YOURS, "-L", "before", "-L", RENDERED))


def merge_favouring(side: str, base: bytes, current: bytes, new: bytes) -> bytes:
    """The same with one side, `ours` or `theirs`, where the two meet."""
    return merge_by_git(base, current, new, (f"--{side}",)).text


def put_together(base: bytes, current: bytes, new: bytes) -> bytes | None:
    """The merge of two changes that are each in one place and do not touch; None of any others."""
    lines, ours, theirs = (text.splitlines(keepends=True) for text in (base, current, new))
    start, end = _changed(lines, ours)
    other_start, other_end = _changed(lines, theirs)
    if end < other_start:
        return b"".join([*ours[: len(ours) - (len(lines) - end)], *theirs[end:]])
    if other_end < start:
        return b"".join([*theirs[: len(theirs) - (len(lines) - other_end)], *ours[other_end:]])
    return None


def _changed(lines: list[bytes], other: list[bytes]) -> tuple[int, int]:
    """The lines, from and to, outside which both are the same."""
    shorter = min(len(lines), len(other))
    start = next((at for at in range(shorter) if lines[at] != other[at]), shorter)
    most = shorter - start
    same = next((count for count in range(most) if lines[-1 - count] != other[-1 - count]), most)
    return start, len(lines) - same


def merge_by_git(base: bytes, current: bytes, new: bytes, options: tuple[str, ...]) -> Merged:
    """What `git merge-file` makes of the three."""
    import subprocess

    folder = _scratch(os.getpid()).name
    for name, text in (("current", current), ("base", base), ("new", new)):
        (Path(folder) / name).write_bytes(text)
    # Nobody's own configuration, and no repository around, has a part in it.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    environment |= {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "LC_ALL": "C"}
    command = ["git", "-c", "merge.conflictStyle=merge", "merge-file", "-p", *options, "current", "base", "new"]
    try:
        done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, check=False)
    except FileNotFoundError:
        raise MergeFailed("git is not installed, which tracegen merges with") from None
    if not 0 <= done.returncode < _FAILED:
        raise MergeFailed(done.stderr.decode(errors="replace").strip() or "git merge-file failed")
    return Merged(done.stdout, done.returncode == 0)


@cache
def _scratch(process: int) -> "TemporaryDirectory[str]":
    """One folder for all merges of a process, since making and removing folders takes longer than merging."""
    from tempfile import TemporaryDirectory

    return TemporaryDirectory(prefix=f"tracegen-{process}-", ignore_cleanup_errors=True)
