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
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tracegen.emit import to_yaml
from tracegen.project.git import environment, git
from tracegen.project.history import addresses, make_repository, releases

#: Where copier keeps the answers, and the version that they were last rendered with.
ANSWERS = ".copier-answers.yml"

#: Copier's words behind the markers of a conflict, and those of all that tracegen writes.
_WORDS = ((b"<<<<<<< before updating\n", b"<<<<<<< yours\n"), (b">>>>>>> after updating\n", b">>>>>>> tracegen\n"))


class CopierFailed(RuntimeError):
    """Copier could not do it; carries what it said."""


@dataclass(frozen=True)
class Updated:
    """A file of the skeleton: as it stands, as the version before had it, and as it comes out; None is no file.

    `gone` says that the new version does without it, and that it stays because somebody edited it.
    """

    path: str
    before: bytes | None
    pristine: bytes | None
    after: bytes | None
    gone: bool = False


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
        return shop.rendered("project", newest(), data)


def brought_up(
    standing: Mapping[str, bytes], tag: str, old: Mapping[str, Any], new: Mapping[str, Any]
) -> list[Updated]:
    """The files of a skeleton at a tag, as copier brings them to the newest: what a person changed is kept.

    `standing` are those that are there, edited or not; `old` and `new` the answers before and after. Where a
    person's change and the new text meet, both sides stand in the file.
    """
    with workshop() as shop:
        pristine = shop.rendered("pristine", tag, old)
        place = shop.folder / "project"
        _write(place, {**standing, ANSWERS: pristine[ANSWERS]})
        for words in (
            ["init", "--quiet"],
            ["add", "--all", "--force"],
            ["commit", "--quiet", "--message=as it stands"],
        ):
            git(words, folder=place)
        target = [f"--vcs-ref={newest()}", "--conflict=inline", str(place)]
        shop.copier("update", *target, data=new)
        after = {path: _in_our_words(text) for path, text in files_below(place).items()}
    paths = sorted({*standing, *pristine, *after})
    return [_kept(Updated(path, standing.get(path), pristine.get(path), after.get(path))) for path in paths]


def _in_our_words(text: bytes) -> bytes:
    for copiers, ours in _WORDS:
        text = text.replace(copiers, ours)
    return text


def _kept(file: Updated) -> Updated:
    """What the new version does without goes only where nobody changed it; copier would remove it all the same."""
    edited = file.before is not None and file.before != file.pristine
    return replace(file, after=file.before, gone=True) if file.after is None and edited else file


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


def _write(place: Path, files: Mapping[str, bytes]) -> None:
    for path, content in files.items():
        (place / path).parent.mkdir(parents=True, exist_ok=True)
        (place / path).write_bytes(content)
