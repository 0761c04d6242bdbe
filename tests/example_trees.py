"""The examples: what a team wrote in each, what that renders, and which part of it the repository keeps."""

import shutil
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path

from support import ROOT, Ran, tracegen, tree_of

FOLDER = ROOT / "examples"
EXAMPLES = sorted(path.parent for path in FOLDER.glob("*/tracegen.yaml"))
MEMORY = ".tracegen"


def written(example: Path) -> list[Path]:
    """The files of an example that a person wrote."""
    return [example / "README.md", example / "tracegen.yaml", *sorted(example.glob("teams/*.yaml"))]


def environments(example: Path) -> list[str]:
    """The environments that an example shows beside its base."""
    folder = example / "env"
    return sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []


def commands(example: Path) -> list[list[str]]:
    """The arguments of each `tracegen render` that an example takes."""
    return [[], *(["--env", name] for name in environments(example))]


def copy_of(example: Path, target: Path) -> None:
    """What a person wrote, in a folder of its own."""
    for path in written(example):
        place = target / path.relative_to(example)
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, place)


def rendered(example: Path, target: Path) -> list[Ran]:
    """Render a copy of an example into a folder, whole, as a person does; how the commands ended."""
    copy_of(example, target)
    return [tracegen("render", target / "tracegen.yaml", *arguments) for arguments in commands(example)]


def all_rendered(target: Path) -> Path:
    """Every example, rendered whole into a folder each; the folder of all."""
    for example in EXAMPLES:
        assert all(each.code == 0 for each in rendered(example, target / example.name)), example.name
    return target


def tree_without_memory(folder: Path) -> dict[str, bytes]:
    """The files below a folder but what tracegen remembers."""
    return {path: content for path, content in tree_of(folder).items() if MEMORY not in Path(path).parts}


def is_kept(example: Path, path: str) -> bool:
    """Whether the repository keeps a file of an example: `examples/.gitignore` does not name it."""
    place = Path(example.name, path)
    ways = [f"/{each.as_posix()}" for each in (place, *place.parents) if each.name]
    ignored = False
    for line in _ignored():
        pattern = line.removeprefix("!")
        if any(_fits(way, pattern) for way in ways):
            ignored = not line.startswith("!")
    return not ignored


def _fits(way: str, pattern: str) -> bool:
    """As git reads the few kinds of lines there are: `/` at the beginning, `*` within a name, or a plain name."""
    if not pattern.startswith("/"):
        return way.rsplit("/", 1)[-1] == pattern
    names, patterns = way.split("/"), pattern.split("/")
    return len(names) == len(patterns) and all(map(fnmatchcase, names, patterns))


@cache
def _ignored() -> tuple[str, ...]:
    lines = (FOLDER / ".gitignore").read_text(encoding="utf-8").splitlines()
    return tuple(line for line in lines if line and not line.startswith("#"))
