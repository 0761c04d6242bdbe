"""Histories of the skeleton that only tests have: three versions, of which a tracegen may know the first few."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from support import ROOT
from tracegen.project import create, skeleton, skeleton_changes
from tracegen.project import history as histories

#: v2 changes the README and `.gitignore`, adds renovate.json and does without NOTES.md; v3 changes a workflow too.
THREE = ROOT / "tests" / "data" / "skeletons"


def history(folder: Path, versions: int) -> Path:
    """A folder like `templates/project` with the first of the three versions."""
    shutil.copytree(THREE, folder)
    released = folder / "released.yaml"
    entries = yaml.safe_load(released.read_text(encoding="utf-8"))
    released.write_text(yaml.safe_dump(entries[:versions]), encoding="utf-8")
    return folder


#: What copier made, by the history, the function and its arguments: it depends on nothing else (test_skeleton.py).
_MADE: dict[tuple[str, ...], Any] = {}


@pytest.fixture
def copier_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Copier runs once for the same history and answers: a test waits for what it is about."""
    monkeypatch.setattr(create, "fresh", _remembering(skeleton.fresh))
    monkeypatch.setattr(skeleton_changes, "brought_up", _remembering(skeleton.brought_up))


def _remembering(function: Callable[..., Any]) -> Callable[..., Any]:
    def once(*arguments: Any) -> Any:
        known = (
            histories.home().joinpath("released.yaml").read_text(encoding="utf-8"),
            function.__name__,
            repr(arguments),
        )
        if known not in _MADE:
            _MADE[known] = function(*arguments)
        return _MADE[known]

    return once
