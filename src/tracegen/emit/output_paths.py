"""Which relative paths are lawful outputs: one law for the rules, which refuse a spec, and for the writer."""

import unicodedata
from collections.abc import Iterable
from functools import lru_cache

#: Where tracegen keeps its own files; no output lies in it.
HOME = ".tracegen"

# `git~1` is the short name under which Windows also reaches `.git`.
_NOT_OURS = frozenset({HOME, ".git", "git~1"})
_WINDOWS_DEVICES = frozenset(
    {"con", "prn", "aux", "nul", "conin$", "conout$"}
    | {f"{device}{number}" for device in ("com", "lpt") for number in "0123456789¹²³"}
)
_WINDOWS_CHARACTERS = frozenset('<>:"|?*\\')
_LONGEST_NAME = 255


def folders_above(path: str) -> list[str]:
    """Every folder that `path` lies in, outermost first, without the root."""
    segments = path.split("/")[:-1]
    return ["/".join(segments[: length + 1]) for length in range(len(segments))]


@lru_cache(maxsize=8192)  # the folders above many files are the same few
def folded(path: str) -> str:
    """Two paths with the same folded form are one file where case does not count."""
    return unicodedata.normalize("NFC", path.casefold())


def fault_of(path: str) -> str | None:
    """Why `path` is no lawful output, or None. Lawful: relative, inside the root, portable."""
    if not path or path.startswith("/"):
        return "is not a relative path"
    return next((fault for segment in path.split("/") if (fault := _fault_of_segment(segment))), None)


def clash_of(paths: Iterable[str]) -> str | None:
    """Why two of some lawful paths cannot both be files of one folder, or None."""
    files: dict[str, str] = {}
    for path in paths:
        if (other := files.setdefault(folded(path), path)) != path:
            return f"{path!r} and {other!r} are one file where case does not count"
    for path in files.values():
        for folder in folders_above(path):
            if file := files.get(folded(folder)):
                return f"{file!r} is a file, and {path!r} needs it as a folder"
    return None


def is_not_for_outputs(segment: str) -> bool:
    """Whether a folder of this name is git's or tracegen's own."""
    return folded(segment) in _NOT_OURS


@lru_cache(maxsize=8192)  # the same few names make up most of a tree
def _fault_of_segment(segment: str) -> str | None:
    if segment in {"", ".", ".."}:
        return "has an empty segment, '.' or '..'"
    if is_not_for_outputs(segment):
        return f"lies in {segment}, which outputs must not touch"
    if not _is_printable(segment):
        return "has a control, invisible or unencodable character"
    if not _fits_windows(segment):
        return f"has a name that Windows reserves: {segment!r}"
    return "has a name longer than 255 bytes" if len(segment.encode()) > _LONGEST_NAME else None


def _is_printable(segment: str) -> bool:
    # Cf: macOS skips invisible characters when it compares names, so one of them could spell `.git`.
    return all(unicodedata.category(character) not in {"Cc", "Cf", "Cs"} for character in segment)


def _fits_windows(segment: str) -> bool:
    if segment[-1] in ". " or not _WINDOWS_CHARACTERS.isdisjoint(segment):
        return False
    return segment.split(".")[0].rstrip().casefold() not in _WINDOWS_DEVICES
