"""The skeleton, rendered and brought up to date by copier in a scratch folder; nothing here touches a project.

Copier reads the template at its public address, which git is told (`insteadOf`) to be a repository that was
just made from the released versions: so it works offline, and answers name an address that is the same on
every machine.
"""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tracegen.emit import to_yaml
from tracegen.project.git import environment, git
from tracegen.project.history import addresses, make_repository, releases
from tracegen.project.scratch import scratch

#: Where copier keeps the answers, and the version that they were last rendered with.
ANSWERS = ".copier-answers.yml"

_LAST_LINES = 3


class CopierFailed(Exception):
    """Copier could not do it; carries the end of what it said, which is its reason."""

    def __init__(self, words: str) -> None:
        lines = [line for line in words.splitlines() if line.strip()][-_LAST_LINES:]
        said = "\n  ".join(lines) or "it said nothing"
        super().__init__(f"copier could not make the skeleton, so nothing was written:\n  {said}")


@dataclass(frozen=True)
class Workshop:
    """A scratch folder with the template's repository in it."""

    folder: Path

    def copier(self, *arguments: str, data: Mapping[str, Any]) -> None:
        """Runs copier, with these answers, without questions, and with no settings of this machine."""
        answers = self.folder / "data.yaml"
        answers.write_text(to_yaml(dict(data)), encoding="utf-8")
        command = [sys.executable, "-m", "copier", *arguments, "--quiet", "--defaults", f"--data-file={answers}"]
        done = subprocess.run(command, env=self._environment(), capture_output=True, cwd=self.folder, check=False)
        if done.returncode:
            raise CopierFailed(done.stderr.decode(errors="replace"))

    def rendered(self, name: str, tag: str, data: Mapping[str, Any]) -> dict[str, bytes]:
        """The files of a version for these answers."""
        place = self.folder / name
        self.copier("copy", f"--vcs-ref={tag}", addresses()[0], str(place), data=data)
        return files_below(place)

    def _environment(self) -> dict[str, str]:
        instead = {f"url.{self.folder / 'template.git'}.insteadOf": addresses()[0]}
        own = {
            "COPIER_CACHE_DIR": str(self.folder / "cache"),
            "COPIER_SETTINGS_PATH": os.devnull,
            "PYTHONWARNINGS": "ignore",
            # What copier leaves behind when it is killed is removed with this folder.
            "TMPDIR": str(self.folder),
        }
        return {**environment(instead), **own}


@contextmanager
def workshop() -> Iterator[Workshop]:
    """A scratch folder, removed afterwards. Raises NoScratch, GitFailed and CopierFailed."""
    with scratch() as folder:
        make_repository(folder / "template.git")
        yield Workshop(folder)


def newest() -> str:
    """The tag of the newest version."""
    return releases()[-1].tag


def fresh(data: Mapping[str, Any]) -> dict[str, bytes]:
    """The files of the newest skeleton for these answers."""
    with workshop() as shop:
        return shop.rendered("project", newest(), data)


def brought_up(tag: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> tuple[dict[str, bytes], dict[str, bytes]]:
    """The files of a version for the old answers, and what copier's update makes of them for the new ones.

    What a person changed is not shown to copier: its merge goes by way of a patch in text, and loses what is no
    UTF-8. The writer merges it.
    """
    with workshop() as shop:
        before = shop.rendered("project", tag, old)
        place = shop.folder / "project"
        for words in (["init", "--quiet"], ["add", "--all", "--force"], ["commit", "--quiet", f"--message={tag}"]):
            git(words, folder=place)
        shop.copier("update", f"--vcs-ref={newest()}", str(place), data=new)
        return before, files_below(place)


def paths_of(tag: str | None = None) -> list[str]:
    """The files that a version of the skeleton may write (the newest unless it is named), its answers left out."""
    release = next(each for each in reversed(releases()) if tag in (None, each.tag))
    files = release.folder / "files"
    found = (path.relative_to(files).as_posix() for path in files.rglob("*") if path.is_file())
    return sorted(path.removesuffix(".jinja") for path in found if not path.startswith("[["))


def files_below(place: Path) -> dict[str, bytes]:
    """Every file below a folder by its path, git's own left out."""
    found = (path for path in sorted(place.rglob("*")) if path.is_file() and not path.is_symlink())
    paths = {path.relative_to(place).as_posix(): path for path in found}
    return {name: path.read_bytes() for name, path in paths.items() if not name.startswith(".git/")}
