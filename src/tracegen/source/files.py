"""From the name of a spec to a `Document`: the spec and what it includes, read from disk, all problems at once."""

import os
import stat
from collections import abc
from collections.abc import Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from itertools import islice
from pathlib import Path
from typing import BinaryIO

from tracegen.problems import Place, Problem, ProblemsFound, Severity
from tracegen.source.kinds import Kind, kind_of_text
from tracegen.source.node import Mapping, Node, Scalar, Sequence
from tracegen.source.reader import LARGEST_FILE, read
from tracegen.source.words import INCLUDE, OTHER_KIND, UNREADABLE, Guesses, did_you_mean, quoted

MOST_FILES = 1_000

#: tracegen's own folder: what it holds was written by tracegen and is never read as a spec.
_OWN_FOLDER = ".tracegen"

#: What standard input is called in problems.
STDIN = "<stdin>"

_KINDS: dict[str, tuple[type[Node], str]] = {"services": (Mapping, "mapping"), "slos": (Sequence, "list")}

_NOT_FILES = (
    (stat.S_ISDIR, "it is a folder"),
    (stat.S_ISFIFO, "it is a pipe"),
    (stat.S_ISSOCK, "it is a socket"),
    (stat.S_ISCHR, "it is a device"),
    (stat.S_ISBLK, "it is a device"),
)


class CannotRead(Exception):
    """A file that was asked for cannot be read at all: wrong usage, not a wrong spec."""

    def __init__(self, path: str, reason: str, hint: str = "") -> None:
        """`path` is as it was given; `hint` may be empty."""
        self.path, self.reason, self.hint = path, reason, hint
        super().__init__(f"cannot read {path}: {reason}")


@dataclass(frozen=True, slots=True)
class Document:
    """A spec as it was written: its root, and the roots of what it includes, not yet merged."""

    root: Mapping
    file: str
    folder: Path
    included: tuple[tuple[str, Mapping], ...] = ()
    #: Warnings and notes; an error would have stopped the reading.
    problems: tuple[Problem, ...] = ()


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


def load(path: str, stdin: BinaryIO | None = None, instead: abc.Mapping[str, bytes] | None = None) -> Document:
    """Read a spec and what it includes; `-` reads `stdin`, and includes from the working directory.

    `instead` are bytes to take in place of files, by their names as `Document` has them.
    Raises `CannotRead` when there is no such file, `ProblemsFound` with all problems when one is an error.
    """
    if path == "-":
        data = stdin.read(LARGEST_FILE + 1) if stdin else b""
        _refuse_other_kinds(data, STDIN)
        root = read(data, STDIN)
        return _follow(root, STDIN, Includes(Path(), None))
    spec = Path(path)
    file = shown(spec)
    data = (instead or {}).get(file) or read_file(spec)
    _refuse_other_kinds(data, file)
    root = read(data, file)
    return _follow(root, file, Includes(spec.parent, spec.resolve()), instead)


def _refuse_other_kinds(data: bytes, file: str) -> None:
    """One problem in place of a dozen, where somebody gave what tracegen can begin with and not what it reads."""
    kind = kind_of_text(data[:LARGEST_FILE].decode("utf-8", "replace"))
    if kind in (Kind.SPEC, Kind.UNKNOWN):
        return
    message = f"this is {kind.value}, and not a spec"
    hint = f"`tracegen new --from {file}` writes a spec of what it describes"
    if kind is Kind.COLLECTOR:
        hint = "name what runs the services, such as a Compose file: `tracegen new --from compose.yaml`"
    raise ProblemsFound([Problem.of(OTHER_KIND, Place(file, 1, 1), "", message, hint)])


def _follow(root: Mapping, file: str, includes: Includes, instead: abc.Mapping[str, bytes] | None = None) -> Document:
    files = includes.follow(root)
    problems = list(includes.problems)
    included: list[tuple[str, Mapping]] = []
    for item in files:
        name = shown(includes.folder / item.path)
        try:
            below = read((instead or {}).get(name) or _bytes(includes.folder / item.path, item), name)
            problems += _check_keys(below)
            included.append((name, below))
        except ProblemsFound as found:
            problems += found.problems
    if any(problem.severity is Severity.ERROR for problem in problems):
        raise ProblemsFound(problems)
    return Document(root, file, includes.folder, tuple(included), tuple(problems))


def _bytes(path: Path, item: Included) -> bytes:
    try:
        return read_file(path)
    except CannotRead as error:
        message = f"{quoted(item.path)} cannot be read: {error.reason}"
        problem = Problem.of(UNREADABLE, item.place, item.key, message, "is it yours to read?")
        raise ProblemsFound([problem]) from None


def _check_keys(root: Mapping) -> list[Problem]:
    """An included file has services and slos and nothing else, so that the rest is in one place."""
    found = []
    for key, entry in root.entries.items():
        refused = _refusal_of_key(key, entry.value)
        if refused:
            found.append(Problem.of(INCLUDE, entry.key_place, key, *refused))
    return found


def _refusal_of_key(key: str, value: Node) -> tuple[str, str] | None:
    if key == "include":
        return "an included file cannot include others", "name them in the `include` of the spec"
    if key not in _KINDS:
        return (
            f"{quoted(key)} is not for an included file",
            "it has `services:` and `slos:`; the rest is in the spec",
        )
    kind, name = _KINDS[key]
    if not isinstance(value, kind):
        return f"{key} of an included file is not a {name}", f"write a {name} under it, or remove the key"
    return None


def read_file(path: Path) -> bytes:
    """The bytes of a regular file, up to a little more than the reader accepts."""
    try:
        # Asked before opening, since opening a pipe waits for its other end.
        mode = path.stat().st_mode
        reason = next((reason for is_kind, reason in _NOT_FILES if is_kind(mode)), "")
        if not reason:
            with path.open("rb") as stream:
                return stream.read(LARGEST_FILE + 1)
    except OSError as error:
        reason = _reason(error)
    except ValueError:  # a NUL byte in the name
        reason = "it is no name of a file"
    raise CannotRead(str(path), reason, _way_out(path, reason))


def is_file(path: Path) -> bool:
    """Whether there is a file; a name that no file can have is none."""
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


def shown(path: Path) -> str:
    """A path as people see it: relative to the working directory if it lies below it, else as given."""
    absolute = Path(os.path.abspath(path))  # noqa: PTH100 (resolve() would follow links)
    here = Path.cwd()
    return (absolute.relative_to(here) if absolute.is_relative_to(here) else path).as_posix()


def _reason(error: OSError) -> str:
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        return "no such file"
    if isinstance(error, PermissionError):
        return "permission denied"
    return (error.strerror or "it cannot be read").lower()


def _way_out(path: Path, reason: str) -> str:
    if reason == "it is a pipe" or reason == "it is a device":
        return "`-` reads standard input"
    if reason == "it is a folder":
        inside = path / "tracegen.yaml"
        return f"did you mean '{shown(inside)}'?" if inside.is_file() else "name a file in it"
    if reason == "no such file":
        near = did_you_mean(path.name, _files_beside(path))
        return near or "`tracegen new` writes a spec to begin with"
    return ""


def _files_beside(path: Path) -> list[str]:
    try:
        return sorted(entry.name for entry in path.parent.iterdir() if entry.is_file())
    except OSError:
        return []
