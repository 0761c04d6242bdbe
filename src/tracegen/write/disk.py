"""Looking at a destination without being led out of it, and the few primitives that change one."""

import io
import os
import stat
from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from pathlib import Path

from tracegen.emit.output_paths import is_not_for_outputs
from tracegen.write.errors import CannotWrite, NotForOutputs, refusing
from tracegen.write.paths import HOME, OWN_PLACES, fault_of, folders_above, is_own

_FRESH = os.O_WRONLY | os.O_CREAT | os.O_EXCL


def standing(root: Path, path: str, going: Collection[str] = ()) -> bytes | None:
    """The contents at `path`, or None where nothing stands.

    `going`: files that are removed before anything is written, so they stand in nobody's way.
    Raises CannotWrite where a folder, a link or a special file is in the way, or it cannot be read.
    """
    return Survey(root, going).standing(path)


class Survey:
    """What stands at many paths of a root while nothing is written there: each folder is looked at once."""

    def __init__(self, root: Path, going: Collection[str] = ()) -> None:
        self._root, self._going = root, going
        self._folders: dict[str, bool] = {"": True}

    def standing(self, path: str) -> bytes | None:
        """As the function of this name."""
        with refusing(path):
            if not self._has_folder(path.rpartition("/")[0], path):
                return None
            place = f"{self._root}/{path}"
            mode = _mode(place)
            if mode is None or (stat.S_ISDIR(mode) and _holds_only(self._root, path, self._going)):
                return None
            if not stat.S_ISREG(mode):
                raise CannotWrite(path, _kind(mode))
            with io.FileIO(place) as file:
                return file.readall()

    def _has_folder(self, folder: str, path: str) -> bool:
        known = self._folders.get(folder)
        if known is None:
            above = self._has_folder(folder.rpartition("/")[0], path)
            known = self._folders[folder] = above and self._is_folder(folder, path)
        return known

    def _is_folder(self, folder: str, path: str) -> bool:
        mode = _mode(f"{self._root}/{folder}")
        if mode is None or folder in self._going:
            return False
        if stat.S_ISLNK(mode):
            _check_link(self._root, path, folder)
        elif not stat.S_ISDIR(mode):
            raise CannotWrite(path, f"{folder} is a file where a folder is needed")
        return True


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


def real_places(root: Path, paths: Iterable[str]) -> dict[str, str]:
    """Where each path leads when the links to folders on its way are followed; its last step is taken as it is."""
    folders: dict[str, str] = {}
    places = {}
    for path in paths:
        folder, _, name = path.rpartition("/")
        if folder not in folders:
            folders[folder] = os.path.realpath(root / folder)
        places[path] = f"{folders[folder].rstrip('/')}/{name}"
    return places


def check_distinct(places: Mapping[str, str]) -> None:
    """Raises CannotWrite where a link inside the root makes two of these paths, by their places, one file."""
    seen: dict[str, str] = {}
    for path, place in places.items():
        other = seen.setdefault(place, path)
        if other != path:
            raise CannotWrite(path, f"is the same file as {other}, through a symbolic link")


def check_writable(root: Path, paths: Iterable[str]) -> None:
    """Raises CannotWrite where the folder that one of the paths goes into is known to refuse it.

    Not the last word (immutable files, mounts), but the usual case is met before anything is done.
    """
    folders = {path.rpartition("/")[0]: path for path in paths}
    for path in folders.values():
        folder = (root / path).parent
        while not folder.is_dir():
            folder = folder.parent
        if not os.access(folder, os.W_OK | os.X_OK):
            raise CannotWrite(path, f"the folder {folder} is not writable")


def write_new(place: Path, content: bytes, mode: int | None = None) -> None:
    """Writes a file that is not there yet, with that mode whatever the umask; without one the umask decides."""
    first = 0o644 if mode is None else mode
    try:
        file = os.open(place, _FRESH, first)
    except FileNotFoundError:
        place.parent.mkdir(parents=True, exist_ok=True)
        file = os.open(place, _FRESH, first)
    with io.FileIO(file, "w") as out:
        rest = memoryview(content)
        while rest:
            rest = rest[out.write(rest) :]
    if mode is not None:
        place.chmod(mode)


def move_to(root: Path, staged: Path, path: str) -> None:
    """Puts a staged file in the place of an output or record, whose folders are made where they are missing."""
    target = root / path
    if not target.parent.is_dir():
        make_folders(root, path)
    staged.replace(target)


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


def _mode(place: str | Path) -> int | None:
    try:
        return os.lstat(place).st_mode
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
