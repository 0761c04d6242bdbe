"""One run at a time in a folder.

The lock is `flock` on `.tracegen/lock`, which the kernel drops when its holder dies. Where Python has no
`fcntl` (Windows), the lock is the file itself, created exclusively: there a killed run leaves it behind, and
the message of `Busy` says to remove it by hand.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tracegen.write.disk import check_root
from tracegen.write.errors import Busy, CannotWrite, refusing
from tracegen.write.paths import HOME, LOCK
from tracegen.write.staging import leave_no_empty_home

try:
    import fcntl
except ImportError:
    fcntl = None  # type: ignore[assignment]

# Each try loses only against a run that ended between two of our calls.
_TRIES = 100


@contextmanager
def exclusive(root: Path) -> Iterator[None]:
    """Holds the lock of `root`, which is created with its folders if it is missing.

    Raises Busy where another run holds it, CannotWrite where it cannot be taken. Leaves no lock behind, and
    no folder that it created and nobody filled.
    """
    check_root(root)
    missing = [folder for folder in (root, *root.parents) if not folder.exists()]
    try:
        with refusing(HOME):
            root.mkdir(parents=True, exist_ok=True)
            descriptor = _acquire(root)
        try:
            yield
        finally:
            _release(root, descriptor)
    finally:
        for folder in missing:
            with suppress(OSError):
                folder.rmdir()


def _acquire(root: Path) -> int:
    for _ in range(_TRIES):
        (root / HOME).mkdir(exist_ok=True)
        with suppress(FileNotFoundError):  # the holder before us has just removed its empty `.tracegen`
            descriptor = _open(root)
            if _is_current(root, descriptor):
                return descriptor
            os.close(descriptor)
    raise CannotWrite(LOCK, "cannot be taken")


def _open(root: Path) -> int:
    place = root / LOCK
    if fcntl is None:
        try:
            return os.open(place, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o644)
        except FileExistsError:
            raise Busy(root, f"; if none is, remove {place}") from None
    descriptor = os.open(place, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise Busy(root) from None
    return descriptor


def _is_current(root: Path, descriptor: int) -> bool:
    """Whether the locked file is the one that others would open; its last holder may have removed it."""
    try:
        return os.path.samestat(os.fstat(descriptor), (root / LOCK).stat())
    except FileNotFoundError:
        return False


def _release(root: Path, descriptor: int) -> None:
    leave_no_empty_home(root)
    with suppress(OSError):
        (root / LOCK).unlink()
    os.close(descriptor)
    with suppress(OSError):
        (root / HOME).rmdir()
