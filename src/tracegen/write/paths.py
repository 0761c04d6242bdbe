"""Which relative paths tracegen may write, where it keeps its own files, and what holds of all outputs together."""

import unicodedata
from collections.abc import Mapping
from hashlib import sha256

#: POSIX path relative to the output folder → contents.
Tree = Mapping[str, bytes]

HOME = ".tracegen"
#: What tracegen last wrote, and for which spec and environment. Committed.
MEMORY = f"{HOME}/memory"
#: Where earlier versions kept the same: a text for each output, and their hashes.
FORMER_TEXTS = f"{HOME}/base"
FORMER_STATE = f"{HOME}/state.json"
#: The schema of the spec, for editors. Git ignores it; every render writes it.
SCHEMA = f"{HOME}/schema.json"
IGNORE = f"{HOME}/.gitignore"
ATTRIBUTES = f"{HOME}/.gitattributes"
LOCK = f"{HOME}/lock"
STAGING = f"{HOME}/staging"
NEW = f"{STAGING}/new"
OLD = f"{STAGING}/old"
#: What becomes a folder of `undo/` when the run has ended.
LATER = f"{STAGING}/undo"
#: tracegen's texts for files that somebody changed in the moment of writing, until a run ends without conflict.
UNWRITTEN = f"{HOME}/unwritten"
#: What is needed to take back runs that ended in a conflict, each in a numbered folder.
UNDO = f"{HOME}/undo"
#: What a person wrote after a run that was then taken back. Never removed by tracegen.
ASIDE = f"{HOME}/aside"
JOURNAL = f"{HOME}/journal.json"
#: The journal under this name says: take back what was done, instead of finishing it.
JOURNAL_UNDO = f"{HOME}/journal-undo.json"
OWN_PLACES = (
    *(HOME, MEMORY, FORMER_TEXTS, FORMER_STATE, SCHEMA, IGNORE, ATTRIBUTES, LOCK, STAGING, NEW, OLD, LATER),
    *(UNWRITTEN, UNDO, ASIDE, JOURNAL, JOURNAL_UNDO),
)

# `git~1` is the short name under which Windows also reaches `.git`.
_NOT_OURS = frozenset({HOME, ".git", "git~1"})
_WINDOWS_DEVICES = frozenset(
    {"con", "prn", "aux", "nul", "conin$", "conout$"}
    | {f"{device}{number}" for device in ("com", "lpt") for number in "0123456789¹²³"}
)
_WINDOWS_CHARACTERS = frozenset('<>:"|?*\\')
_LONGEST_NAME = 255


def check_tree(tree: Tree) -> None:
    """Raises ValueError where a path is not lawful or two paths cannot both exist: an earlier bug."""
    for path in tree:
        if fault := fault_of(path):
            raise ValueError(f"{path!r} {fault}")
    _check_collisions(tree)


def digest(content: bytes | None) -> str | None:
    """The SHA-256 of a file's contents; None for no file."""
    return None if content is None else sha256(content).hexdigest()


def on_shelf(path: str) -> str:
    """The name of a path in a folder without folders: making and removing these takes longer than all else."""
    name = path.replace("%", "%25").replace("/", "%2F").replace("#", "%23")
    return name if len(name.encode()) <= _LONGEST_NAME else f"#{sha256(path.encode()).hexdigest()}"


def from_shelf(name: str) -> str:
    """The path of a name; of one that is too long to be a name, what stands for it."""
    return name.replace("%23", "#").replace("%2F", "/").replace("%25", "%")


def is_own(path: str) -> bool:
    """Whether `path` is one of tracegen's own records rather than an output."""
    return path.startswith(f"{HOME}/")


def folders_above(path: str) -> list[str]:
    """Every folder that `path` lies in, outermost first, without the root."""
    segments = path.split("/")[:-1]
    return ["/".join(segments[: length + 1]) for length in range(len(segments))]


def folded(path: str) -> str:
    """Two paths with the same folded form are one file where case does not count."""
    return unicodedata.normalize("NFC", path.casefold())


def fault_of(path: str) -> str | None:
    """Why `path` is no lawful output, or None. Lawful: relative, inside the root, portable."""
    if not path or path.startswith("/"):
        return "is not a relative path"
    return next((fault for segment in path.split("/") if (fault := _fault_of_segment(segment))), None)


def is_record(path: str) -> bool:
    """Whether `path` may stand in a journal: a lawful output, one of tracegen's records, or a text set aside."""
    own = (f"{FORMER_TEXTS}/", f"{ASIDE}/")
    inside = next((path.removeprefix(folder) for folder in own if path.startswith(folder)), path)
    return path in (MEMORY, SCHEMA, FORMER_STATE) or fault_of(inside) is None


def is_not_for_outputs(segment: str) -> bool:
    """Whether a folder of this name is git's or tracegen's own."""
    return folded(segment) in _NOT_OURS


def _check_collisions(tree: Tree) -> None:
    files: dict[str, str] = {}
    for path in tree:
        if (other := files.setdefault(folded(path), path)) != path:
            raise ValueError(f"{path!r} and {other!r} are one file where case does not count")
    for path in tree:
        for folder in folders_above(path):
            if file := files.get(folded(folder)):
                raise ValueError(f"{file!r} is a file, and {path!r} needs it as a folder")


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
