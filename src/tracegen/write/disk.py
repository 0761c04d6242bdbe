"""Looking at a destination without being led out of it, and the few primitives that change one."""

import os
import stat
from collections.abc import Collection, Iterable
from contextlib import suppress
from pathlib import Path

from tracegen.emit.output_paths import is_not_for_outputs
from tracegen.write.errors import CannotWrite, NotForOutputs, refusing
from tracegen.write.paths import HOME, OWN_PLACES, fault_of, folders_above, is_own


def standing(root: Path, path: str, going: Collection[str] = ()) -> bytes | None:
    """The contents at `path`, or None where nothing stands.

    `going`: files that are removed before anything is written, so they stand in nobody's way.
    Raises CannotWrite where a folder, a link or a special file is in the way, or it cannot be read.
    """
    with refusing(path):
        if not _has_folder(root, path, going):
            return None
        mode = _mode(root / path)
        if mode is None or (stat.S_ISDIR(mode) and _holds_only(root, path, going)):
            return None
        if not stat.S_ISREG(mode):
            raise CannotWrite(path, _kind(mode))
        return (root / path).read_bytes()


def check_root(root: Path) -> None:
    """Raises CannotWrite where the root is no folder, or a place of tracegen's own is a link to elsewhere.

    Raises NotForOutputs where it lies in `.git` or `.tracegen`.
    """
    with refusing(os.fspath(root)):
        if root.exists() and not root.is_dir():
            raise CannotWrite(os.fspath(root), "is a file where a folder is needed")
        _check_owner(root)
    for own in OWN_PLACES:
        with refusing(own):
            mode = _mode(root / own)
        if mode is not None and not (stat.S_ISDIR(mode) or (stat.S_ISREG(mode) and own != HOME)):
            raise CannotWrite(own, _kind(mode))


def _check_owner(root: Path) -> None:
    resolved = Path(os.path.realpath(root))
    for name in resolved.parts:
        if is_not_for_outputs(name):
            raise NotForOutputs(root, "tracegen itself" if name.casefold() == HOME else "git itself")
    if (resolved / "HEAD").is_file() and (resolved / "objects").is_dir() and (resolved / "refs").is_dir():
        raise NotForOutputs(root, "git itself")


def check_distinct(root: Path, paths: Iterable[str]) -> None:
    """Raises CannotWrite where a link inside the root makes two paths one file."""
    folders: dict[str, str] = {}
    seen: dict[str, str] = {}
    for path in paths:
        folder, _, name = path.rpartition("/")
        if folder not in folders:
            folders[folder] = os.path.realpath(root / folder)
        other = seen.setdefault(f"{folders[folder]}/{name}", path)
        if other != path:
            raise CannotWrite(path, f"is the same file as {other}, through a symbolic link")


def check_writable(root: Path, path: str) -> None:
    """Raises CannotWrite where the folder that `path` goes into is known to refuse it.

    Not the last word (immutable files, mounts), but the usual case is met before anything is done.
    """
    folder = (root / path).parent
    while not folder.is_dir():
        folder = folder.parent
    if not os.access(folder, os.W_OK | os.X_OK):
        raise CannotWrite(path, f"the folder {folder} is not writable")


def write_new(place: Path, content: bytes, mode: int | None = None) -> None:
    """Writes a file that is not there yet, with that mode whatever the umask; without one the umask decides."""
    place.parent.mkdir(parents=True, exist_ok=True)
    first = 0o644 if mode is None else mode
    with os.fdopen(os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, first), "wb") as file:
        file.write(content)
    if mode is not None:
        place.chmod(mode)


def make_folders(root: Path, path: str) -> None:
    """Makes the folders above an output; a container may mount one, and its user has to get in whatever the umask."""
    for folder in folders_above(path):
        place = root / folder
        if not place.is_dir():
            place.mkdir()
            if not is_own(path):
                place.chmod(0o755)


def remove_file(place: Path) -> None:
    """Removes a file if it is there; a folder that has taken its place, or that of a folder above it, stays."""
    if place.is_file():
        place.unlink()


def remove_tree(place: Path) -> None:
    """Removes a folder of tracegen's own with all that is in it; links are not followed."""
    for folder, folders, files in os.walk(place, topdown=False):
        for name in files:
            (Path(folder) / name).unlink()
        for name in folders:
            child = Path(folder) / name
            child.unlink() if child.is_symlink() else child.rmdir()
    if place.is_dir():
        place.rmdir()
    else:
        place.unlink(missing_ok=True)


def prune(root: Path, folders: Iterable[str]) -> None:
    """Removes those of the folders, named outermost first, that are empty."""
    for folder in reversed(list(folders)):
        with suppress(OSError):
            (root / folder).rmdir()


def _has_folder(root: Path, path: str, going: Collection[str]) -> bool:
    for folder in folders_above(path):
        mode = _mode(root / folder)
        if mode is None or folder in going:
            return False
        if stat.S_ISLNK(mode):
            _check_link(root, path, folder)
        elif not stat.S_ISDIR(mode):
            raise CannotWrite(path, f"{folder} is a file where a folder is needed")
    return True


def _check_link(root: Path, path: str, folder: str) -> None:
    """A link to another folder of the output is somebody's choice; out of it, or into `.git`, a trap."""
    home, target = Path(os.path.realpath(root)), Path(os.path.realpath(root / folder))
    if is_own(path) or not target.is_relative_to(home):
        raise CannotWrite(path, f"{folder} is a symbolic link that leaves the folder")
    inside = target.relative_to(home).as_posix()
    if inside != "." and (fault := fault_of(inside)):
        raise CannotWrite(path, f"{folder} is a symbolic link to {inside}, which {fault}")
    if not target.is_dir():
        raise CannotWrite(path, f"{folder} is a symbolic link to no folder")


def _mode(place: Path) -> int | None:
    try:
        return place.lstat().st_mode
    except FileNotFoundError:
        return None


def _holds_only(root: Path, path: str, going: Collection[str]) -> bool:
    """Whether all files below the folder `path` are going, so that it will be pruned."""
    inside = [Path(folder, name) for folder, _, files in os.walk(root / path) for name in files]
    return bool(inside) and all(place.relative_to(root).as_posix() in going for place in inside)


def _kind(mode: int) -> str:
    if stat.S_ISLNK(mode):
        return "is a symbolic link, which tracegen does not write through"
    return "is a folder where a file is needed" if stat.S_ISDIR(mode) else "is not a regular file"
