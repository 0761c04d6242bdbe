"""The skeleton's released versions, made into a git repository with the same commits on every machine.

`templates/project/` holds a folder for each version and `released.yaml` their days. Copier updates only from a
git repository with tags, so one is made where it is needed: a stream for `git fast-import` is written from the
folders, with a fixed author and the recorded days.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from pathlib import Path

from tracegen.catalogue.data import data_path
from tracegen.catalogue.listing import read_yaml
from tracegen.project.git import GitFailed, git

_AUTHOR = b"tracegen <tracegen@tracegen.example>"
_BRANCH = b"refs/heads/main"


@dataclass(frozen=True)
class Release:
    """A version of the skeleton: its tag, the day it was made on, and its folder."""

    tag: str
    day: date
    folder: Path


def home() -> Path:
    """The folder of all versions."""
    return data_path("templates", "project")


def addresses() -> tuple[str, ...]:
    """Where the repository can be cloned from, the present address first."""
    return tuple(read_yaml(home() / "address.yaml"))


def releases() -> tuple[Release, ...]:
    """All versions, the oldest first."""
    entries = read_yaml(home() / "released.yaml")
    return tuple(Release(each["tag"], each["day"], home() / each["tag"]) for each in entries)


def make_repository(place: Path) -> None:
    """Makes a bare repository with a commit and a tag for each version; the same ids wherever it is made."""
    git(["init", "--quiet", "--bare", "--initial-branch=main", "--object-format=sha1", str(place)])
    if not place.is_dir():
        raise GitFailed("`git init` made no repository")
    git(["fast-import", "--quiet"], folder=place, stdin=b"".join(_stream()))


def _stream() -> Iterator[bytes]:
    for release in releases():
        yield from _commit(release)


def _commit(release: Release) -> Iterator[bytes]:
    seconds = int(datetime.combine(release.day, time(), UTC).timestamp())
    stamp = b"%s %d +0000" % (_AUTHOR, seconds)
    message = f"Skeleton {release.tag}\n".encode()
    yield b"commit %s\nauthor %s\ncommitter %s\n" % (_BRANCH, stamp, stamp)
    yield b"data %d\n%s" % (len(message), message)
    yield b"deleteall\n"
    for path in sorted(each for each in release.folder.rglob("*") if each.is_file()):
        content = path.read_bytes()
        name = path.relative_to(release.folder).as_posix().encode()
        yield b"M 100644 inline %s\ndata %d\n%s\n" % (name, len(content), content)
    yield b"\nreset refs/tags/%s\nfrom %s\n\n" % (release.tag.encode(), _BRANCH)
