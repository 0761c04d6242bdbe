"""One run at a time in a folder: a lock on `.tracegen/lock`, which the system drops when its holder dies.

The file stays: whoever removed it could take the lock of another run away.
"""

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tracegen.write.disk import check_root
from tracegen.write.errors import Busy, CannotWrite, refusing
from tracegen.write.paths import HOME, LOCK

# What a file system says that has no locks, such as NFS without its lock service.
_NO_LOCKS = frozenset({errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP})
_TAKEN = frozenset({errno.EACCES, errno.EDEADLK} if sys.platform == "win32" else {errno.EWOULDBLOCK})
_NO_FOLLOW = getattr(os, "O_NOFOLLOW", 0)
_WAY_OUT = "this file system has no locks, so two runs could mix; render to a local folder with -o and copy it"


@contextmanager
def exclusive(root: Path) -> Iterator[None]:
    """Holds the lock of `root`, which is created with its folders if it is missing.

    Raises Busy where another run holds it, CannotWrite where it cannot be taken.
    """
    check_root(root)
    missing = [folder for folder in (root, *root.parents) if not folder.exists()]
    descriptor = None
    try:
        with refusing(HOME):
            (root / HOME).mkdir(parents=True, exist_ok=True)
        descriptor = _open(root)
        yield
    finally:
        if descriptor is not None:
            os.close(descriptor)
        else:
            _remove_empty([root / HOME, *missing])


def is_busy(root: Path) -> bool:
    """Whether a run is going on in this folder right now. Reads only."""
    return is_held(root / LOCK)


def hold(place: Path) -> int:
    """Creates a file if it is missing and locks it until the returned descriptor is closed; raises OSError."""
    descriptor = os.open(place, os.O_RDWR | os.O_CREAT | _NO_FOLLOW, 0o644)
    try:
        _take(descriptor)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def is_held(place: Path) -> bool:
    """Whether a process holds the lock of this file. Reads only."""
    try:
        descriptor = os.open(place, os.O_RDWR | _NO_FOLLOW)
    except OSError:
        return False
    try:
        _take(descriptor)
    except OSError as error:
        return error.errno in _TAKEN
    finally:
        os.close(descriptor)
    return False


def _open(root: Path) -> int:
    with refusing(LOCK):
        try:
            return hold(root / LOCK)
        except OSError as error:
            if error.errno in _TAKEN:
                raise Busy(root) from None
            if error.errno in _NO_LOCKS:
                raise CannotWrite(LOCK, _WAY_OUT) from error
            raise


if sys.platform == "win32":
    import msvcrt

    def _take(descriptor: int) -> None:
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _take(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _remove_empty(folders: list[Path]) -> None:
    for folder in folders:
        with suppress(OSError):
            folder.rmdir()
