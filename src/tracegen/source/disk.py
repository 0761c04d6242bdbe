"""Reading one file from disk, and its name as people see it."""

import os
import stat
from pathlib import Path

from tracegen.source.reader import LARGEST_FILE
from tracegen.source.words import nearest

_KINDS = (
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


def read_file(path: Path) -> bytes:
    """The bytes of a regular file, up to a little more than the reader accepts."""
    try:
        # Asked before opening, since opening a pipe waits for its other end.
        mode = path.stat().st_mode
        reason = next((reason for is_kind, reason in _KINDS if is_kind(mode)), "")
        if not reason:
            with path.open("rb") as stream:
                return stream.read(LARGEST_FILE + 1)
    except OSError as error:
        reason = _reason(error)
    except ValueError:  # a NUL byte in the name
        reason = "it is no name of a file"
    raise CannotRead(str(path), reason, _hint(path, reason))


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


def _hint(path: Path, reason: str) -> str:
    if reason == "it is a pipe" or reason == "it is a device":
        return "`-` reads standard input"
    if reason == "it is a folder":
        inside = path / "tracegen.yaml"
        return f"did you mean '{shown(inside)}'?" if inside.is_file() else "name a file in it"
    if reason == "no such file":
        near = nearest(path.name, _files_beside(path))
        return near or "`tracegen new` writes a spec to begin with"
    return ""


def _files_beside(path: Path) -> list[str]:
    try:
        return sorted(entry.name for entry in path.parent.iterdir() if entry.is_file())
    except OSError:
        return []
