"""What the machine lacks or has too little of: told with a way out and exit code 2, and nothing is written."""

import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

import pytest

from project.histories import history
from support import Ran, tracegen, tree_of
from tracegen.project import history as histories
from tracegen.project.scratch import scratch
from tracegen.project.skeleton import ANSWERS
from write.children import killed_at, needs_fork


@pytest.fixture(autouse=True)
def state(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project of the first of three versions of the skeleton, which the next update brings up."""
    monkeypatch.setattr(histories, "home", lambda: tmp_path / "one")
    history(tmp_path / "one", 1)
    assert tracegen("new", tmp_path / "shop", "--defaults").code == 0
    monkeypatch.setattr(histories, "home", lambda: tmp_path / "three")
    history(tmp_path / "three", 3)
    return tmp_path / "shop"


def git_that(place: Path, script: str, mode: int = 0o755) -> str:
    """A PATH on which git is this script."""
    place.mkdir()
    (place / "git").write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    (place / "git").chmod(mode)
    return f"{place}:/nowhere"


#: How a git fails, and what of it is told.
GITS = {
    "missing": (None, "git was not found"),
    "xcrun": ("echo 'xcrun: error: invalid active developer path' >&2; exit 1", "invalid active developer path"),
    "a shim": ("echo 'git: no version is set' >&2; exit 126", "no version is set"),
    "too old": ('echo "error: unknown option \\`initial-branch\'" >&2; exit 129', "unknown option"),
    "silent": ("exit 127", "exit code 127"),
    "a banner": ("echo hello", "made no repository"),
    "no program": ("\0", "cannot be started"),
}


@pytest.mark.parametrize("kind", GITS)
def test_a_git_that_fails_is_told_in_its_own_words(
    shop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    script, words = GITS[kind]
    before = tree_of(shop)
    if kind == "no program":
        path = git_that(tmp_path / "bin", "", 0o755)
        (tmp_path / "bin/git").write_bytes(b"\x7fELF no program")
    else:
        path = git_that(tmp_path / "bin", script) if script else "/nowhere"
    monkeypatch.setenv("PATH", path)
    for ran in (
        tracegen("update", shop),
        tracegen("update", shop, "--plan"),
        tracegen("new", tmp_path / "b", "--defaults"),
    ):
        assert (ran.code, words in ran.err) == (2, True), ran.err
        assert "Traceback" not in ran.err
    assert tree_of(shop) == before
    assert not (tmp_path / "b").exists()


def test_a_git_that_may_not_be_run_is_told(shop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied", "git")

    monkeypatch.setattr(subprocess, "run", refused)
    ran = tracegen("update", shop)
    assert (ran.code, "cannot be started: permission denied" in ran.err) == (2, True), ran.err


def test_rendering_and_merging_need_no_git(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    compose = shop / "compose.yaml"
    compose.write_text(compose.read_text(encoding="utf-8") + "x-mine: 1\n", encoding="utf-8")
    spec = shop / "tracegen.yaml"
    spec.write_text(spec.read_text(encoding="utf-8") + 'versions: {jaeger: "2.20.0"}\n', encoding="utf-8")
    ran = tracegen("render", spec)
    assert ran.code == 0 and "merge    compose.yaml" in ran.out
    assert "x-mine: 1" in compose.read_text(encoding="utf-8")


def in_temporary_folder(monkeypatch: pytest.MonkeyPatch, place: Path) -> None:
    monkeypatch.setenv("TMPDIR", str(place))
    monkeypatch.setattr(tempfile, "tempdir", None)


def test_without_a_temporary_folder_what_needs_none_works_and_the_rest_says_so(
    shop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none() -> str:
        raise FileNotFoundError(2, "No usable temporary directory found in ['/tmp']")

    monkeypatch.setattr(tempfile, "gettempdir", none)
    (shop / "compose.yaml").write_text("name: mine\n", encoding="utf-8")
    assert tracegen("render", shop / "tracegen.yaml", "--check").code == 0
    ran = tracegen("update", shop)
    assert (ran.code, "TMPDIR" in ran.err) == (2, True), ran.err
    assert "bug" not in ran.err


def test_a_full_temporary_folder_is_told_as_that(shop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = tmp_path / "small"
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=16k", "tmpfs", str(place)]
    if shutil.which("mount") is None or subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("this user may not mount a small filesystem")
    try:
        in_temporary_folder(monkeypatch, place)
        before = tree_of(shop)
        ran = tracegen("update", shop)
        assert ran.code == 2 and "no space left on device" in ran.err.lower(), ran.err
        assert "standard output" not in ran.err
        assert tree_of(shop) == before
        assert list(place.iterdir()) == []
    finally:
        subprocess.run(["umount", str(place)], check=True)


@needs_fork
def test_what_killed_runs_leave_in_the_temporary_folder_goes_with_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "temporary"
    place.mkdir()
    in_temporary_folder(monkeypatch, place)
    (place / "tracegen-somebody").write_text("no folder", encoding="utf-8")
    left = 0
    for call in range(1, 30, 2):

        def run() -> None:
            with scratch() as folder:
                (folder / "below").mkdir()
                (folder / "below" / "file").write_text("text", encoding="utf-8")
                (folder / "below" / "file").replace(folder / "other")

        killed_at(run, call)
        left += len(list(place.glob("tracegen-*"))) > 1
        for folder in place.glob("tracegen-*"):
            # One that had no lock yet is left alone for an hour: it may be being made.
            if folder.is_dir() and not (folder / "lock").exists():
                os.utime(folder, (time.time() - 4000, time.time() - 4000))
        with scratch() as folder:
            assert sorted(place.iterdir()) == sorted([folder, place / "tracegen-somebody"])
        assert list(place.iterdir()) == [place / "tracegen-somebody"]
    assert left > 2


def test_the_folder_of_a_run_that_goes_on_is_left_alone() -> None:
    with scratch() as one:
        with scratch() as other:
            assert one.is_dir() and other.is_dir()
        assert one.is_dir() and not other.exists()
    assert not one.exists()


ANSWERS_OF_NOBODY = [
    ("tracegen_version: ", "tracegen_version: '' # "),
    ("tracegen_version: ", "tracegen_version: 1e400 # "),
    ("tracegen_version: ", "tracegen_version: [a] # "),
    ("leave_out:", "leave_out: [[a], {b: c}, 1e400]\nother:"),
    ("_commit: v1", "_commit: [v1]"),
    ("_src_path: ", "_src_path: {a: b} # "),
]


@pytest.mark.parametrize(("old", "new"), ANSWERS_OF_NOBODY)
def test_answers_of_any_form_are_no_bug(shop: Path, old: str, new: str) -> None:
    place = shop / ANSWERS
    text = place.read_text(encoding="utf-8")
    assert old in text
    place.write_text(text.replace(old, new), encoding="utf-8")
    ran = tracegen("update", shop)
    assert ran.code in (0, 1, 2) and "bug" not in ran.err, ran.err


def test_a_loop_of_links_is_no_place_for_a_project(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to("loop")
    for place in (tmp_path / "loop", tmp_path / "loop" / "below"):
        ran: Ran = tracegen("new", place, "--defaults")
        assert ran.code == 2 and "bug" not in ran.err, ran.err


@pytest.mark.parametrize(
    "said", ["project: 1e400", "project: .nan", "project: {a: b}", "targets: 1e400", "services: 1e400"]
)
def test_numbers_that_are_no_texts_make_no_project(tmp_path: Path, said: str) -> None:
    (tmp_path / "answers.yaml").write_text(f"{said}\n", encoding="utf-8")
    ran = tracegen("new", tmp_path / "shop", "--defaults", "--answers", tmp_path / "answers.yaml")
    assert ran.code == 2 and "bug" not in ran.err, ran.err
    assert not (tmp_path / "shop").exists()
