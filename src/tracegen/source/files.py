"""From the name of a spec to a `Document`: the spec and what it includes, read from disk, all problems at once."""

import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from tracegen.problems import Place, Problem, ProblemsFound, Severity
from tracegen.source.codes import INCLUDE, OTHER_KIND, UNREADABLE
from tracegen.source.includes import Included, Includes
from tracegen.source.kinds import Kind, kind_of_text
from tracegen.source.node import Mapping, Node, Sequence
from tracegen.source.reader import LARGEST_FILE, read
from tracegen.source.words import did_you_mean, quoted

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


def load(path: str, stdin: BinaryIO | None = None) -> Document:
    """Read a spec and what it includes; `-` reads `stdin`, and includes from the working directory.

    Raises `CannotRead` when there is no such file, `ProblemsFound` with all problems when one is an error.
    """
    if path == "-":
        data = stdin.read(LARGEST_FILE + 1) if stdin else b""
        _refuse_other_kinds(data, STDIN)
        root = read(data, STDIN)
        return _follow(root, STDIN, Includes(Path(), None))
    spec = Path(path)
    file = shown(spec)
    data = read_file(spec)
    _refuse_other_kinds(data, file)
    root = read(data, file)
    return _follow(root, file, Includes(spec.parent, spec.resolve()))


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


def _follow(root: Mapping, file: str, includes: Includes) -> Document:
    files = includes.follow(root)
    problems = list(includes.problems)
    included: list[tuple[str, Mapping]] = []
    for item in files:
        name = shown(includes.folder / item.path)
        try:
            below = read(_bytes(includes.folder / item.path, item), name)
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
        refused = _refusal(key, entry.value)
        if refused:
            found.append(Problem.of(INCLUDE, entry.key_place, key, *refused))
    return found


def _refusal(key: str, value: Node) -> tuple[str, str] | None:
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
