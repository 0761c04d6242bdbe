"""A folder for the programs that make the skeleton, in the temporary folder of the machine and gone afterwards.

A killed run cannot remove its folder, so the next one does: each holds a lock on a file in it, which the system drops
with the process.
"""

import os
import stat
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tracegen.write.disk import remove_tree
from tracegen.write.lock import hold, is_held

_PREFIX = "tracegen-"
_LOCK = "lock"
#: A folder without a lock is being made, or of a version that had none: then it is left alone for so many seconds.
_YOUNG = 3600


class NoScratch(Exception):
    """The temporary folder is missing, full or not writable."""

    def __init__(self, error: OSError) -> None:
        reason = os.strerror(error.errno).lower() if error.errno else str(error)
        super().__init__(
            f"the skeleton of a project is made in a temporary folder, and there: {reason}\n"
            "  hint: let TMPDIR name a folder with some room that is yours to write"
        )


@contextmanager
def scratch() -> Iterator[Path]:
    """The folder; raises NoScratch where there can be none, or what is done inside finds it full."""
    try:
        _sweep(Path(tempfile.gettempdir()))
        folder = Path(os.path.realpath(tempfile.mkdtemp(prefix=_PREFIX)))
    except OSError as error:
        raise NoScratch(error) from error
    try:
        # Under its name it is locked already, so that nobody takes it for left over.
        descriptor = hold(folder / f"{_LOCK}.new")
        try:
            (folder / f"{_LOCK}.new").replace(folder / _LOCK)
            yield folder
        finally:
            os.close(descriptor)
    except OSError as error:
        raise NoScratch(error) from error
    finally:
        with suppress(OSError):
            remove_tree(folder)


def _sweep(place: Path) -> None:
    """Removes the folders of runs that were killed."""
    for folder in place.glob(f"{_PREFIX}*"):
        with suppress(OSError):
            if _is_ours(folder) and _is_left(folder):
                remove_tree(folder)


def _is_ours(folder: Path) -> bool:
    found = folder.lstat()
    return stat.S_ISDIR(found.st_mode) and hasattr(os, "getuid") and found.st_uid == os.getuid()


def _is_left(folder: Path) -> bool:
    if (folder / _LOCK).exists():
        return not is_held(folder / _LOCK)
    return time.time() - folder.stat().st_mtime > _YOUNG
