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


class MergeFailed(WriteRefused):
    """Three texts cannot be merged here, for a reason that is no conflict."""


class NothingToAbort(WriteRefused):
    """No run in this folder ended in a conflict that could be taken back."""

    def __init__(self, root: Path) -> None:
        """`root` is the folder that was looked at."""
        super().__init__(f"{root}: the last run ended in no conflict, so there is nothing to take back")


class Busy(WriteRefused):
    """Another run holds the lock of this folder."""

    def __init__(self, root: Path, hint: str = "") -> None:
        """`hint` goes on with the sentence."""
        self.root = root
        super().__init__(f"another tracegen is writing into {root}{hint}")


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
