"""Taking back a run that ended in a conflict: every byte as before, whatever happens meanwhile."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tracegen.write import (
    Aborted,
    CannotWrite,
    NothingToAbort,
    Style,
    abort,
    abort_lines,
    apply,
    can_abort,
    is_drift,
    needs_recovery,
    plan_changes,
    recover,
)
from write.children import every_kill, needs_fork
from write.folders import everything, leftovers, memory, outputs, planned, put, render

OLD = {"a.yaml": b"old\n", "b/c.yaml": b"1\n2\n3\n4\n", "gone/x.yaml": b"x\n", "flat": b"f\n", "run.sh": b"old\n"}
NEW = {"a.yaml": b"new\n", "b/c.yaml": b"1\n2\n3\n5\n", "new/y.yaml": b"y\n", "flat/deep": b"d\n", "run.sh": b"new\n"}
EDITS = {"a.yaml": b"mine\n", "b/c.yaml": b"0\n1\n2\n3\n4\n", "notes.md": b"mine\n"}


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(dir=memory()) as folder:
        yield Path(folder)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A folder with edits, one of which the next run meets."""
    render(OLD, tmp_path / "root")
    put(tmp_path / "root", EDITS)
    return tmp_path / "root"


def modes(root: Path) -> dict[str, int]:
    return {place.relative_to(root).as_posix(): place.stat().st_mode for place in root.rglob("*")}


@pytest.mark.parametrize("style", ["inline", "rej"])
def test_every_byte_and_mode_is_as_before(root: Path, style: Style) -> None:
    (root / "a.yaml").chmod(0o600)
    before, before_modes = everything(root), modes(root)
    for _ in range(2):
        apply(plan_changes(NEW, root, None, style=style), root, None)
        assert everything(root) != before
        aborted = abort(root)
        assert everything(root) == before
        assert modes(root) == before_modes
        assert aborted.aside == aborted.contested == ()
    with pytest.raises(NothingToAbort):
        abort(root)


def test_a_first_run_into_somebodys_files_is_taken_back_whole(tmp_path: Path) -> None:
    put(tmp_path, {"a.yaml": b"mine\n"})
    render(NEW, tmp_path)
    assert len(outputs(tmp_path)) == len(NEW)
    abort(tmp_path)
    assert everything(tmp_path) == {"a.yaml": b"mine\n"}
    assert sorted(place.name for place in tmp_path.iterdir()) == [".tracegen", "a.yaml"]


def test_what_somebody_wrote_since_is_set_aside(root: Path) -> None:
    before = everything(root)
    render(NEW, root)
    put(root, {"a.yaml": b"half settled\n", "new/y.yaml": b"y\nmore\n"})
    aborted = abort(root)
    found = everything(root)
    assert found.pop(".tracegen/aside/a.yaml") == b"half settled\n"
    assert found.pop(".tracegen/aside/new/y.yaml") == b"y\nmore\n"
    assert found == before
    assert aborted.aside == (".tracegen/aside/a.yaml", ".tracegen/aside/new/y.yaml")
    assert "what was written since is in .tracegen/aside/a.yaml" in abort_lines(aborted)
    render(NEW, root)
    put(root, {"a.yaml": b"again\n"})
    assert abort(root).aside == (".tracegen/aside/a.yaml.1",)


def test_what_is_set_aside_is_never_removed(root: Path) -> None:
    render(NEW, root)
    put(root, {"a.yaml": b"half settled\n"})
    abort(root)
    put(root, OLD)
    render(NEW, root)
    assert not is_drift(plan_changes(NEW, root, None))
    assert everything(root)[".tracegen/aside/a.yaml"] == b"half settled\n"


def test_a_run_without_conflict_cannot_be_taken_back_and_ends_the_story(root: Path) -> None:
    render(NEW, root)
    assert can_abort(root)
    put(root, {"a.yaml": b"settled\n"})
    render(NEW, root)
    assert not can_abort(root)
    assert not (root / ".tracegen/undo").exists()
    with pytest.raises(NothingToAbort, match="nothing to take back"):
        abort(root)
    assert outputs(root)["a.yaml"] == b"settled\n"


def test_runs_that_each_ended_in_a_conflict_are_taken_back_one_by_one(root: Path) -> None:
    states = [everything(root)]
    for text in (b"y\n", b"z\n", b"y\n"):
        render(NEW | {"new/y.yaml": text}, root)
        states.append(everything(root))
    for state in reversed(states[:-1]):
        abort(root)
        assert outputs(root) == {path: text for path, text in state.items() if not path.startswith(".tracegen/")}
    assert everything(root) == states[0]


def test_a_run_that_finds_nothing_to_do_keeps_what_can_be_taken_back(root: Path) -> None:
    before = everything(root)
    render(NEW, root)
    render(NEW, root)
    abort(root)
    assert everything(root) == before


def test_looking_at_a_folder_without_a_run_creates_nothing(tmp_path: Path) -> None:
    for place in (tmp_path, tmp_path / "missing"):
        with pytest.raises(NothingToAbort):
            abort(place)
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_copy_is_refused_and_changes_nothing(root: Path) -> None:
    render(NEW, root)
    put(root, {".tracegen/undo/1/old/a.yaml": b"other\n"})
    before = everything(root)
    with pytest.raises(CannotWrite, match="damaged"):
        abort(root)
    assert everything(root) == before


def test_a_journal_that_leads_out_is_refused(root: Path) -> None:
    put(root.parent, {"x": b"theirs"})
    step = b'{"path": "../x", "before": null, "after": null}'
    put(root, {".tracegen/undo/1/journal.json": b'{"format": 1, "steps": [' + step + b'], "folders": []}'})
    with pytest.raises(CannotWrite, match="is no journal of this tracegen"):
        abort(root)
    assert (root.parent / "x").read_bytes() == b"theirs"


def reset(root: Path, start: Path) -> None:
    shutil.rmtree(root, ignore_errors=True)
    shutil.copytree(start, root)


@needs_fork
def test_a_run_with_a_conflict_killed_anywhere_can_be_taken_back(root: Path, tmp_path: Path) -> None:
    start = tmp_path / "start"
    shutil.copytree(root, start)
    before = everything(root)
    taken_back = 0
    for _ in every_kill(lambda: render(NEW, root), lambda: reset(root, start)):
        recover(root)
        if can_abort(root):
            assert outputs(root)["flat/deep"] == b"d\n"
            abort(root)
            taken_back += 1
        assert everything(root) == before
    assert taken_back > 15


@needs_fork
def test_taking_back_killed_anywhere_is_finished_or_undone(root: Path, tmp_path: Path) -> None:
    before = everything(root)
    render(NEW, root)
    put(root, {"a.yaml": b"half settled\n"})
    start = tmp_path / "start"
    shutil.copytree(root, start)
    after = outputs(root)
    for _ in every_kill(lambda: abort(root), lambda: reset(root, start)):
        recover(root)
        assert outputs(root) in (after, {path: text for path, text in before.items() if path[0] != "."})
        if can_abort(root):
            abort(root)
        found = everything(root)
        assert found.pop(".tracegen/aside/a.yaml") == b"half settled\n"
        assert found == before
        assert not needs_recovery(root)


def test_what_is_taken_back_ends_in_the_same_conflict_again(root: Path) -> None:
    wanted = planned(NEW, root)
    for _ in range(2):
        render(NEW, root)
        assert isinstance(abort(root), Aborted)
        assert planned(NEW, root) == wanted
    assert leftovers(root) == []
