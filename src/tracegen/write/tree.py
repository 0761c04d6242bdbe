"""The whole output as a value, and what must hold before any of it is written."""

from collections.abc import Mapping
from hashlib import sha256

from tracegen.write.paths import fault_of, folded, folders_above

#: POSIX path relative to the output folder → contents.
Tree = Mapping[str, bytes]


def check_tree(tree: Tree) -> None:
    """Raises ValueError where a path is not lawful or two paths cannot both exist: an earlier bug."""
    for path in tree:
        if fault := fault_of(path):
            raise ValueError(f"{path!r} {fault}")
    _check_collisions(tree)


def digest(content: bytes | None) -> str | None:
    """The SHA-256 of a file's contents; None for no file."""
    return None if content is None else sha256(content).hexdigest()


def _check_collisions(tree: Tree) -> None:
    files: dict[str, str] = {}
    for path in tree:
        if (other := files.setdefault(folded(path), path)) != path:
            raise ValueError(f"{path!r} and {other!r} are one file where case does not count")
    for path in tree:
        for folder in folders_above(path):
            if file := files.get(folded(folder)):
                raise ValueError(f"{file!r} is a file, and {path!r} needs it as a folder")
