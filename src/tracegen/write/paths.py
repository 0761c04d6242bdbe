"""Which relative paths tracegen may write, and where it keeps its own files."""

from hashlib import sha256

from tracegen.emit.output_paths import HOME as HOME
from tracegen.emit.output_paths import fault_of as fault_of
from tracegen.emit.output_paths import folders_above as folders_above

BASE = f"{HOME}/base"
STATE = f"{HOME}/state.json"
#: The schema of the spec, for editors. Committed, so that a checkout has it without tracegen.
SCHEMA = f"{HOME}/schema.json"
IGNORE = f"{HOME}/.gitignore"
ATTRIBUTES = f"{HOME}/.gitattributes"
LOCK = f"{HOME}/lock"
STAGING = f"{HOME}/staging"
NEW = f"{STAGING}/new"
OLD = f"{STAGING}/old"
#: What becomes a folder of `undo/` when the run has ended.
LATER = f"{STAGING}/undo"
KEPT = f"{HOME}/kept"
#: What is needed to take back runs that ended in a conflict, each in a numbered folder.
UNDO = f"{HOME}/undo"
#: What a person wrote after a run that was then taken back. Never removed by tracegen.
ASIDE = f"{HOME}/aside"
JOURNAL = f"{HOME}/journal.json"
#: The journal under this name says: take back what was done, instead of finishing it.
JOURNAL_UNDO = f"{HOME}/journal-undo.json"
OWN_PLACES = (
    *(HOME, BASE, STATE, SCHEMA, IGNORE, ATTRIBUTES, LOCK, STAGING, NEW, OLD, LATER, KEPT, UNDO, ASIDE),
    *(JOURNAL, JOURNAL_UNDO),
)

_LONGEST_NAME = 255


def base_of(path: str) -> str:
    """Where the pristine text of the output `path` is kept."""
    return f"{BASE}/{path}"


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
    """Whether `path` may stand in a journal: a lawful output, a base text, a text set aside, state or schema."""
    inside = next((path.removeprefix(own) for own in (f"{BASE}/", f"{ASIDE}/") if path.startswith(own)), path)
    return path in (STATE, SCHEMA) or fault_of(inside) is None
