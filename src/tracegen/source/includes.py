"""Which files the `include` of a spec names: below its folder, in a fixed order, each once."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from itertools import islice
from pathlib import Path

from tracegen.problems import Place, Problem, Severity
from tracegen.source.codes import INCLUDE
from tracegen.source.node import Mapping, Node, Scalar, Sequence
from tracegen.source.words import Guesses, quoted

MOST_FILES = 1_000

#: tracegen's own folder: what it holds was written by tracegen and is never read as a spec.
_OWN_FOLDER = ".tracegen"


@dataclass(frozen=True, slots=True)
class Included:
    """A file to include: its path below the spec's folder, and the item that asked for it."""

    path: str
    place: Place
    key: str


@dataclass(slots=True)
class Includes:
    """Collects the files and the problems of one `include`."""

    folder: Path
    spec: Path | None
    files: dict[Path, Included] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    #: There are too many files, which was said.
    full: bool = False
    _guesses: Guesses = field(default_factory=Guesses)
    _files_below: list[str] | None = None

    def follow(self, root: Mapping) -> list[Included]:
        """All files that a spec includes, sorted by path."""
        entry = root.entries.get("include")
        if entry is not None:
            self._items(entry.value, entry.key_place)
        return sorted(self.files.values(), key=lambda included: included.path)

    def _items(self, node: Node, key_place: Place) -> None:
        if isinstance(node, Sequence):
            for number, item in enumerate(node.items[:MOST_FILES]):
                self._item(item, f"include[{number}]")
            if len(node.items) > MOST_FILES:
                self._too_many(node.items[MOST_FILES].place, "include")
        elif isinstance(node, Scalar) and isinstance(node.value, str):
            self._item(node, "include")  # the short form of a list of one
        else:
            hint = "write `include: [teams/*.yaml]`, or remove the key"
            self._error(key_place, "include", "include is a list of file names", hint)

    def _item(self, node: Node, key: str) -> None:
        if not isinstance(node, Scalar) or not isinstance(node.value, str):
            self._error(node.place, key, "an include is the name of a file", "such as `teams/payments.yaml`")
            return
        refused = _refusal(node.text)
        if refused:
            self._error(node.place, key, f"{quoted(node.text)} {refused[0]}", refused[1])
        elif _is_pattern(node.text):
            self._pattern(node.text, node.place, key)
        else:
            self._literal(node.text, node.place, key)

    def _pattern(self, text: str, place: Place, key: str) -> None:
        found = sorted(islice(_matches(self.folder, text), MOST_FILES + 1))
        for path in found:
            self._add(Included(path, place, key))
        if not found:
            hint = "braces are no wildcards: write one item for each" if "{" in text else "is the folder right?"
            message = f"{quoted(text)} matches no file"
            self.problems.append(Problem(INCLUDE, place, key, message, hint, Severity.WARNING))

    def _literal(self, text: str, place: Place, key: str) -> None:
        path = "/".join(part for part in text.split("/") if part not in ("", "."))
        target = self.folder / path
        try:
            is_folder, is_there = target.is_dir(), target.exists()
        except OSError as error:  # a name that is too long, a folder that is not ours to look into
            why = (error.strerror or "it cannot be looked at").lower()
            self._error(place, key, f"{quoted(text)} cannot be read: {why}", "is the name right?")
            return
        if is_folder:
            self._error(place, key, f"{quoted(text)} is a folder", f"write `{path}/*.yaml`")
        elif not is_there:
            hint = self._near(path) or "the path counts from the folder of the spec"
            self._error(place, key, f"there is no file {quoted(text)}", hint)
        elif self._is_spec(target.resolve()):
            self._error(place, key, f"{quoted(text)} is this spec itself", "remove it")
        else:
            self._add(Included(path, place, key))

    def _add(self, included: Included) -> None:
        real = (self.folder / included.path).resolve()
        if self._is_spec(real):
            return
        if not real.is_relative_to(self.folder.resolve()):
            message = f"{quoted(included.path)} is a link that leads out of the spec's folder"
            self._error(included.place, included.key, message, "copy the file into it")
        elif len(self.files) < MOST_FILES:
            self.files.setdefault(real, included)
        elif real not in self.files:
            self._too_many(included.place, included.key)

    def _too_many(self, place: Place, key: str) -> None:
        if not self.full:
            self.full = True
            hint = "name the folders that hold specs, not one far above them"
            self._error(place, key, f"more than {MOST_FILES:,} files are included", hint)

    def _near(self, path: str) -> str:
        """A hint that names a file with almost that path."""
        if self._files_below is None:
            self._files_below = sorted(islice(_matches(self.folder, "**/*.y*ml"), MOST_FILES))
        return self._guesses.near(path, self._files_below)

    def _is_spec(self, real: Path) -> bool:
        return self.spec is not None and real == self.spec

    def _error(self, place: Place, key: str, message: str, hint: str) -> None:
        self.problems.append(Problem.of(INCLUDE, place, key, message, hint))


def _refusal(text: str) -> tuple[str, str] | None:
    """Why a path is refused before anybody looks at the disk, with the way out."""
    parts = text.split("/")
    if not text.strip() or "\0" in text:
        return "is no name of a file", "such as `teams/payments.yaml`"
    if "\\" in text:
        return "has a backslash", "write `/` between folders, on every system"
    if text.startswith(("/", "~")) or text[1:2] == ":":
        return "is not relative", "an include is named from the folder of the spec"
    if ".." in parts:
        return "leads out of the spec's folder", "move the file below the spec, or the spec above it"
    if _OWN_FOLDER in parts:
        return "lies in tracegen's own folder", "include the file it was rendered from"
    return None


def _is_pattern(text: str) -> bool:
    """Whether a path has wildcards."""
    return any(sign in text for sign in "*?[")


def _matches(folder: Path, pattern: str) -> Iterator[str]:
    """The paths of files below a folder that match, relative to it and in no order.

    `*` stays within a name, `**` goes through folders but no links to folders; neither matches a hidden name.
    Not `glob`: its `**` follows links, so two that lead upward make it list a trillion paths.
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
        if not hidden and entry.name != _OWN_FOLDER and fnmatchcase(entry.name, part):
            yield f"{below}/{entry.name}".lstrip("/"), _kind(entry)


def _kind(entry: os.DirEntry[str]) -> str:
    try:
        if entry.is_file():
            return "file"
        return "linked folder" if entry.is_symlink() else "folder" if entry.is_dir() else "other"
    except OSError:
        return "other"
