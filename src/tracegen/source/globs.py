"""Which files below a folder a pattern such as `teams/**/*.yaml` names.

Not `Path.glob`: what it does with symbolic links and hidden files differs between Python versions, and an
include must name the same files everywhere.
"""

import os
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path

#: tracegen's own folder: what it holds was written by tracegen and is never read as a spec.
OWN_FOLDER = ".tracegen"


def is_pattern(text: str) -> bool:
    """Whether a path has wildcards."""
    return any(sign in text for sign in "*?[")


def matches(folder: Path, pattern: str) -> Iterator[str]:
    """The paths of files below a folder that match, relative to it and in no order.

    `*` stays within a name, `**` goes through folders but no links to folders; neither matches a hidden name.
    """
    parts = tuple(part for part in pattern.split("/") if part not in ("", "."))
    waiting: list[tuple[str, tuple[str, ...]]] = [("", parts)]
    seen = set(waiting)
    while waiting:
        below, rest = waiting.pop()
        for path, is_file, left in _step(folder, below, rest):
            if not left and is_file:
                yield path
            elif left and not is_file and (path, left) not in seen:
                # `**` reaches a folder by several ways; each is walked once.
                seen.add((path, left))
                waiting.append((path, left))


def _step(folder: Path, below: str, rest: tuple[str, ...]) -> Iterator[tuple[str, bool, tuple[str, ...]]]:
    """What one part of a pattern leads to: a path, whether it is a file, and the parts still to match."""
    part = rest[0]
    if part == "**":
        after = rest[1:] or ("*",)
        yield below, False, after
        yield from ((path, False, rest) for path, kind in _entries(folder, below, "*") if kind == "folder")
        return
    for path, kind in _entries(folder, below, part):
        yield path, kind == "file", rest[1:]


def _entries(folder: Path, below: str, part: str) -> Iterator[tuple[str, str]]:
    try:
        entries = list(os.scandir(folder / below))
    except OSError:  # not a folder, or not ours to look into
        return
    for entry in entries:
        hidden = entry.name.startswith(".") and not part.startswith(".")
        if not hidden and entry.name != OWN_FOLDER and fnmatchcase(entry.name, part):
            yield f"{below}/{entry.name}".lstrip("/"), _kind(entry)


def _kind(entry: os.DirEntry[str]) -> str:
    try:
        if entry.is_file():
            return "file"
        return "linked folder" if entry.is_symlink() else "folder" if entry.is_dir() else "other"
    except OSError:
        return "other"
