"""Which relative paths tracegen may write, where it keeps its own files, and what holds of all outputs together."""

from collections.abc import Mapping
from hashlib import sha256

from tracegen.emit.output_paths import HOME as HOME
from tracegen.emit.output_paths import clash_of
from tracegen.emit.output_paths import fault_of as fault_of
from tracegen.emit.output_paths import folders_above as folders_above

#: POSIX path relative to the output folder → contents.
Tree = Mapping[str, bytes]

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

_LONGEST_NAME = 255


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


def is_record(path: str) -> bool:
    """Whether `path` may stand in a journal: a lawful output, one of tracegen's records, or a text set aside."""
    own = (f"{FORMER_TEXTS}/", f"{ASIDE}/")
    inside = next((path.removeprefix(folder) for folder in own if path.startswith(folder)), path)
    return path in (MEMORY, SCHEMA, FORMER_STATE) or fault_of(inside) is None
