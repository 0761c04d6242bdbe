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
from tempfile import TemporaryDirectory
from typing import Any

from tracegen.emit import to_yaml
from tracegen.project.git import environment
from tracegen.project.history import addresses, make_repository, releases

ANSWERS = ".copier-answers.yml"


class CopierFailed(RuntimeError):
    """Copier could not do it; carries what it said."""


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
            raise CopierFailed(done.stderr.decode(errors="replace").strip())

    def _environment(self) -> dict[str, str]:
        repository = str(self.folder / "template.git")
        instead = {f"url.{repository}.insteadOf": address for address in addresses()[:1]}
        own = {
            "COPIER_CACHE_DIR": str(self.folder / "cache"),
            "COPIER_SETTINGS_PATH": os.devnull,
            "PYTHONWARNINGS": "ignore",
        }
        return {**environment(instead), **own}


@contextmanager
def workshop() -> Iterator[Workshop]:
    """A scratch folder, removed afterwards."""
    with TemporaryDirectory(prefix="tracegen-", ignore_cleanup_errors=True) as folder:
        make_repository(Path(folder) / "template.git")
        yield Workshop(Path(folder))


def newest() -> str:
    """The tag of the newest version."""
    return releases()[-1].tag


def fresh(data: Mapping[str, Any]) -> dict[str, bytes]:
    """The files of the newest skeleton for these answers."""
    with workshop() as shop:
        place = shop.folder / "project"
        shop.copier("copy", f"--vcs-ref={newest()}", addresses()[0], str(place), data=data)
        return files_below(place)


def files_below(place: Path) -> dict[str, bytes]:
    """Every file below a folder by its path, git's own left out."""
    found = (path for path in sorted(place.rglob("*")) if path.is_file() and not path.is_symlink())
    paths = {path.relative_to(place).as_posix(): path for path in found}
    return {name: path.read_bytes() for name, path in paths.items() if not name.startswith(".git/")}
