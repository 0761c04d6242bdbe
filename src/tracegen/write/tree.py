"""The whole output as a value, and what must hold before any of it is written."""

from collections.abc import Mapping
from hashlib import sha256

from tracegen.emit.output_paths import clash_of, fault_of

#: POSIX path relative to the output folder → contents.
Tree = Mapping[str, bytes]


def check_tree(tree: Tree) -> None:
    """Raises ValueError where a path is not lawful or two paths cannot both exist: an earlier bug."""
    for path in tree:
        if fault := fault_of(path):
            raise ValueError(f"{path!r} {fault}")
    if clash := clash_of(tree):
        raise ValueError(clash)


def digest(content: bytes | None) -> str | None:
    """The SHA-256 of a file's contents; None for no file."""
    return None if content is None else sha256(content).hexdigest()
