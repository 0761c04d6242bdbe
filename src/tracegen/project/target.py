"""Where a new project may begin, asked before the first question: nobody answers in vain."""

import os
from collections.abc import Iterator
from pathlib import Path

from tracegen.catalogue import catalogue
from tracegen.project.draft import SPEC, draft
from tracegen.project.questions import complete
from tracegen.project.skeleton import ANSWERS, paths_of
from tracegen.write.memory import is_remembered

_COMPOSED = ("compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml")
_OVERRIDES = tuple(name.replace(".y", ".override.y") for name in _COMPOSED)
_CLUSTERS = ("kustomization.yaml", "k8s", "kubernetes", "manifests", "deploy")


class NotHere(Exception):
    """A project cannot begin in this folder; `hint` is the way out."""

    def __init__(self, message: str, hint: str) -> None:
        self.hint = hint
        super().__init__(f"{message}\n  hint: {hint}")


def check_target(folder: Path) -> None:
    """Raises NotHere where a project cannot begin; a folder that is not empty is fine if nothing meets."""
    for fault in _faults(folder):
        raise NotHere(*fault)


def importable(folder: Path) -> list[str]:
    """What `--from` reads, and people have at the top of a folder: Compose files, else manifests."""
    composed = [name for name in _COMPOSED if (folder / name).is_file()][:1]
    overrides = [name for name in _OVERRIDES if composed and (folder / name).is_file()][:1]
    return composed + overrides or [name for name in _CLUSTERS if (folder / name).exists()][:1]


def occupied(folder: Path) -> list[str]:
    """The files of the skeleton that are there already: they stay as they are, and are left out."""
    return [path for path in paths_of() if os.path.lexists(folder / path)]


def top_of_repository(folder: Path) -> Path | None:
    """The top of the git repository that the folder lies in, or will."""
    above = [_real(folder), *_real(folder).parents]
    return next((each for each in above if (each / ".git").exists()), None)


def _real(folder: Path) -> Path:
    """The folder without links; a loop of links stays as it is."""
    return Path(os.path.realpath(folder))


def _faults(folder: Path) -> Iterator[tuple[str, str]]:
    elsewhere = f"name another folder, such as `tracegen new {_real(folder).name}-tracing`"
    if os.path.lexists(folder) and not folder.is_dir():
        yield f"{folder} is not a folder", elsewhere
    if _is_inside_git(folder):
        yield f"{folder} belongs to git itself", "name a folder outside of .git"
    nearest = next(each for each in [folder.absolute(), *folder.absolute().parents] if each.is_dir())
    if not os.access(nearest, os.W_OK | os.X_OK):
        yield f"{nearest} is not writable", "name a folder that is yours to write"
    if os.path.lexists(folder / SPEC):
        yield f"{folder / SPEC} is there already", "`tracegen update` and `tracegen render` go on with it"
    if is_remembered(folder):
        yield f"{folder} holds what tracegen rendered from elsewhere", elsewhere
    if os.path.lexists(folder / ANSWERS):
        yield (
            f"{folder / ANSWERS} is there: another template made this folder",
            "`tracegen new tracing` begins below it",
        )
    for path in _first_of_rendered(folder):
        found = importable(folder)
        begin = f"`tracegen new --from {folder / found[0]}` begins with what it describes; or " if found else ""
        yield f"{folder / path} is there already, and tracegen writes a file of that name", begin + elsewhere


def _is_inside_git(folder: Path) -> bool:
    resolved = _real(folder)
    bare = (resolved / "HEAD").is_file() and (resolved / "objects").is_dir() and (resolved / "refs").is_dir()
    return bare or ".git" in resolved.parts


def _first_of_rendered(folder: Path) -> Iterator[str]:
    """What every answer would lead to, or one of the backends: the first that is there."""
    if not folder.is_dir():
        return
    for backend in catalogue().backends:
        rendered = draft(complete({"backend": backend}, folder)).rendered
        for path in rendered.tree if rendered else ():
            if os.path.lexists(folder / path):
                yield path
