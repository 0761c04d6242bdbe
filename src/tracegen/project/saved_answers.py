"""Answers, kept while they are given: an interrupted `tracegen new` offers them again."""

import os
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Any

from tracegen.emit import to_yaml
from tracegen.project.draft import Answers
from tracegen.source.files import CannotRead, read_file
from tracegen.source.node import plain
from tracegen.source.reader import read


def place_of(folder: Path) -> Path:
    """Where the answers for a project in this folder are kept."""
    home = os.environ.get("XDG_STATE_HOME") or str(Path.home() / ".local" / "state")
    name = sha256(os.fsencode(os.path.realpath(folder))).hexdigest()[:16]
    return Path(home) / "tracegen" / "new" / f"{name}.yaml"


def keep(answers: Answers, folder: Path) -> bool:
    """Keeps the answers, for this user alone; False where the system does not let us."""
    place = place_of(folder)
    text = to_yaml(dict(answers), f"Answers for a project in {os.path.realpath(folder)}")
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        draft = place.with_suffix(".new")
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            file.write(text)
        draft.replace(place)
    except OSError:
        return False
    return True


def kept(folder: Path) -> dict[str, Any]:
    """The answers of an interrupted run; empty where there are none, or none that can be read."""
    with suppress(Exception):
        return load(place_of(folder))
    return {}


def forget(folder: Path) -> None:
    """Removes them: the project is there."""
    with suppress(OSError):
        place_of(folder).unlink(missing_ok=True)


def load(path: Path) -> dict[str, Any]:
    """The answers in a file; raises CannotRead or ProblemsFound."""
    found = plain(read(read_file(path), str(path)))
    if not isinstance(found, dict):
        raise CannotRead(str(path), "it holds no answers")
    return found
