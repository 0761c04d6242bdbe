"""What a project remembers of its skeleton: the version, and the answers that it was rendered with."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tracegen import __version__
from tracegen.catalogue import numbers_of
from tracegen.problems import ProblemsFound
from tracegen.project.history import addresses, releases
from tracegen.project.skeleton import ANSWERS, paths_of
from tracegen.source.node import plain
from tracegen.source.reader import read
from tracegen.write.disk import standing

_VERSION = re.compile(r"\d{1,9}(\.[0-9A-Za-z]{1,20}){0,5}([-+][0-9A-Za-z.]{1,40})?")


class NewerTracegen(Exception):
    """The project was brought up to date by a newer tracegen than this one: it would be taken back."""

    def __init__(self, what: str) -> None:
        super().__init__(
            f"{ANSWERS} names {what}, and this is tracegen {__version__}\n"
            "  hint: install that one or a newer one; requirements-tracegen.txt names it"
        )


@dataclass(frozen=True)
class Remembered:
    """The tag of the skeleton's version, and its answers."""

    tag: str
    answers: dict[str, Any]


class NoSkeleton(Exception):
    """The project has no skeleton that can be brought up to date; says why."""


def remembered(folder: Path) -> Remembered:
    """What the answers file says; raises NoSkeleton where it is missing, another template's, or broken.

    The file comes out of a repository, so nothing of it is passed on that is not known or of the right form.
    """
    text = standing(folder, ANSWERS)
    if text is None:
        raise NoSkeleton(f"there is no {ANSWERS}, so the project has no skeleton; only what is rendered is looked at")
    try:
        said = plain(read(text, ANSWERS))
    except ProblemsFound as error:
        first = error.problems[0]
        raise NoSkeleton(f"{ANSWERS}:{first.place.line}: {first.message}; the skeleton is left as it is") from None
    if not isinstance(said, dict) or said.get("_src_path") not in addresses():
        raise NoSkeleton(f"{ANSWERS} is of another template, so the skeleton is left as it is")
    tag, version = said.get("_commit"), said.get("tracegen_version")
    if not isinstance(version, str) or not _VERSION.fullmatch(version):
        raise NoSkeleton(f"{ANSWERS}: tracegen_version is no version, so the skeleton is left as it is")
    if tag not in [each.tag for each in releases()]:
        raise NewerTracegen(f"version {tag!r} of the skeleton, which this tracegen does not know")
    if numbers_of(version) > numbers_of(__version__):
        raise NewerTracegen(f"tracegen {version}, which brought the project up to date")
    return Remembered(str(tag), {"leave_out": _paths(said.get("leave_out")), "tracegen_version": version})


def _paths(said: Any) -> list[str]:
    known = {path for each in releases() for path in paths_of(each.tag)}
    return [path for path in said if isinstance(path, str) and path in known] if isinstance(said, list) else []
