"""Expected refusals of the stage that writes: a person can do something about each, and none is a bug."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

#: What the operating system's own words leave unclear.
_CLEARER = {
    errno.EXDEV: "is on another filesystem than .tracegen/, so it cannot be replaced in one step",
    errno.EBUSY: "is in use, or mounted on its own, so it cannot be replaced",
}


class WriteRefused(Exception):
    """The base of every expected refusal."""


class CannotWrite(WriteRefused):
    """`path` cannot be read or written, for `reason`."""

    def __init__(self, path: str, reason: str) -> None:
        """`path` is relative to the root, or the root itself."""
        self.path = path
        self.reason = reason
        super().__init__(f"{path}: {reason}")


class WrongEnvironment(WriteRefused):
    """The folder holds the output for another environment than the one asked for."""

    def __init__(self, remembered: str | None, asked: str | None) -> None:
        """None is "rendered without an environment"."""
        self.remembered = remembered
        self.asked = asked
        super().__init__(f"the folder holds {_words(remembered)}, not {_words(asked)}")


class OtherSpec(WriteRefused):
    """The folder holds what another spec rendered, which would be removed."""

    def __init__(self, root: Path, remembered: str, asked: str) -> None:
        """Both are paths from `root`."""
        self.remembered = remembered
        self.asked = asked
        super().__init__(
            f"{root} holds what {remembered} rendered, and {asked} would take its place\n"
            f"  hint: render it elsewhere with -o, or remove {remembered} if {asked} replaces it"
        )


class NotForOutputs(WriteRefused):
    """The folder belongs to git or to tracegen itself."""

    def __init__(self, root: Path, owner: str) -> None:
        super().__init__(f"{root} belongs to {owner}\n  hint: name a folder outside of it")


class WritesItsSource(WriteRefused):
    """An output has the path of the spec or of a file that it includes."""

    def __init__(self, path: str, source: Path) -> None:
        self.path = path
        super().__init__(
            f"{path} is rendered, and is the place of {source}, which tracegen reads and never writes\n"
            "  hint: give that file another name, or render to another folder with -o"
        )


class NothingToAbort(WriteRefused):
    """No run in this folder ended in a conflict that could be taken back."""

    def __init__(self, root: Path) -> None:
        """`root` is the folder that was looked at."""
        super().__init__(f"{root}: the last run ended in no conflict, so there is nothing to take back")


class Busy(WriteRefused):
    """Another run holds the lock of this folder."""

    def __init__(self, root: Path) -> None:
        self.root = root
        super().__init__(f"another tracegen is writing into {root}; run it again when that has ended")


@contextmanager
def refusing(path: str) -> Iterator[None]:
    """Turns what the operating system refuses inside the block into `CannotWrite` for `path`."""
    try:
        yield
    except OSError as error:
        raise CannotWrite(path, _reason(error)) from error


def _reason(error: OSError) -> str:
    if error.errno is None:
        return str(error)
    return _CLEARER.get(error.errno) or os.strerror(error.errno).lower()


def _words(environment: str | None) -> str:
    return "what is rendered without an environment" if environment is None else f"environment '{environment}'"
