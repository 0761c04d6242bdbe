"""Whether a merged text is still what it was: two edits that fit line by line may double a key. Pure."""

from pathlib import PurePosixPath

from tracegen.problems import ProblemsFound
from tracegen.source.reader import read

_YAML = frozenset({".yaml", ".yml", ".json"})


def is_broken(path: str, merged: bytes, *sides: bytes) -> bool:
    """Whether a YAML or JSON file can no longer be read after a merge, though each side of it can."""
    if PurePosixPath(path).suffix not in _YAML or _reads(merged):
        return False
    return all(_reads(side) for side in sides)


def _reads(text: bytes) -> bool:
    try:
        read(text, "")
    except ProblemsFound:
        return False
    return True
