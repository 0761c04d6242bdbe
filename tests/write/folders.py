"""Short words for what the tests of writing do again and again."""

import os
from collections.abc import Mapping
from pathlib import Path

from tracegen.write import Changes, Tree, apply, plan_changes
from tracegen.write.memory import load_memory


def memory() -> Path | None:
    """A place for folders made and thrown away by the hundred, which a busy disk makes slow."""
    place = Path("/dev/shm")
    return place if os.access(place, os.W_OK) else None


def render(tree: Tree, root: Path, environment: str | None = None) -> Changes:
    """Plans and applies, as `tracegen render` does."""
    changes = plan_changes(tree, root, environment)
    apply(changes, root, environment)
    return changes


def verdicts(changes: Changes) -> dict[str, str]:
    """Verdict by path."""
    return {change.path: change.verdict.value for change in changes}


def planned(tree: Tree, root: Path, environment: str | None = None) -> dict[str, str]:
    """The verdicts that a run would reach now."""
    return verdicts(plan_changes(tree, root, environment))


def outputs(root: Path) -> dict[str, bytes]:
    """Every file below the root but those of `.tracegen`."""
    return {path: content for path, content in everything(root).items() if not path.startswith(".tracegen/")}


#: What tells git of `.tracegen/`, and the lock: they come with the first run and stay, and tell nothing of a folder.
ALWAYS = (".tracegen/lock", ".tracegen/.gitignore", ".tracegen/.gitattributes")


def everything(root: Path) -> dict[str, bytes]:
    """Every file below the root but the few that come with the first run and stay."""
    files = {
        place.relative_to(root).as_posix(): place.read_bytes()
        for place in sorted(root.rglob("*"))
        if place.is_file() and not place.is_symlink()
    }
    return {path: content for path, content in files.items() if not path.endswith(ALWAYS)}


def remembered(root: Path) -> dict[str, tuple[bytes, ...]]:
    """The texts that tracegen last wrote, by their path."""
    return dict(load_memory(root).files)


def both_sides(yours: bytes, rendered: bytes) -> bytes:
    """A conflict as it is shown in a file."""
    return b"<<<<<<< yours\n" + yours + b"=======\n" + rendered + b">>>>>>> tracegen\n"


def leftovers(root: Path) -> list[str]:
    """What only a running or an interrupted run may leave in `.tracegen`."""
    names = ("staging", "journal.json", "journal-undo.json", "unwritten", "aside")
    return [name for name in names if (root / ".tracegen" / name).exists()]


def put(root: Path, files: Mapping[str, bytes]) -> None:
    """Writes files as a person does."""
    for path, content in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(content)
