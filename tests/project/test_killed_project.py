"""`kill -9` while a project is written or updated: the next command finishes it or undoes it, and says so."""

import shutil
from functools import partial
from pathlib import Path

import pytest

from project.histories import copier_once as copier_once
from project.histories import history
from support import tracegen, tree_of
from tracegen.project import history as histories
from tracegen.project.skeleton import ANSWERS
from write.children import killed_at, needs_fork

# Copier's answers are real, and asked for once: what is killed here is the writing.
pytestmark = [needs_fork, pytest.mark.usefixtures("copier_once")]

#: Every so many of the calls through which a run changes the disk; all of them would take minutes.
STEP = 5


@pytest.fixture(autouse=True)
def state(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


def files(folder: Path) -> dict[str, bytes]:
    """All files but the lock: one that nobody holds is none."""
    return {path: text for path, text in tree_of(folder).items() if path != ".tracegen/lock"}


def test_a_project_that_was_being_written(tmp_path: Path) -> None:
    wanted = tmp_path / "wanted" / "shop"
    tracegen("new", wanted, "--defaults")
    killed, call = 0, 1
    while True:
        folder = tmp_path / str(call) / "shop"
        if not killed_at(partial(tracegen, "new", folder, "--defaults"), call):
            break
        again = tracegen("new", folder, "--defaults")
        # Killed when all was done: then the project is simply there.
        assert again.code == 0 or "tracegen.yaml is there already" in again.err, again.err
        assert files(folder) == files(wanted)
        killed, call = killed + ("interrupted run was" in again.err), call + STEP
    assert killed, "some of them had begun to write"


def test_a_project_that_was_being_brought_up_to_date(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(histories, "home", lambda: tmp_path / "one")
    history(tmp_path / "one", 1)
    start = tmp_path / "start"
    assert tracegen("new", start, "--defaults").code == 0
    readme = (start / "README.md").read_text(encoding="utf-8").replace("the platform team", "Maria")
    (start / "README.md").write_text(readme, encoding="utf-8")
    monkeypatch.setattr(histories, "home", lambda: tmp_path / "three")
    history(tmp_path / "three", 3)
    wanted = tmp_path / "wanted"
    shutil.copytree(start, wanted)
    assert tracegen("update", wanted).code == 0
    killed, call = 0, 1
    while True:
        folder = tmp_path / str(call)
        shutil.copytree(start, folder)
        if not killed_at(partial(tracegen, "update", folder), call):
            break
        assert b"Ask Maria." in (folder / "README.md").read_bytes()
        again = tracegen("update", folder)
        assert again.code == 0, again.err
        assert files(folder) == files(wanted)
        killed, call = killed + ("interrupted run was" in again.err), call + STEP
    assert killed and ANSWERS in files(wanted)
