"""`kill -9` at every point of a run: what is left is wholly old or wholly new, and no edit is lost."""

import errno
import os
import shutil
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from tracegen.write import (
    CannotWrite,
    Outcome,
    apply,
    is_drift,
    needs_recovery,
    plan_changes,
    recover,
    recovery_lines,
)
from write.children import Refusing, every_kill, killed_at, needs_fork
from write.folders import everything, leftovers, memory, outputs, planned, put, render

pytestmark = needs_fork

OLD = {"same": b"s", "a.yaml": b"old a\n", "b/c.yaml": b"old c\n", "gone/x.yaml": b"x\n", "flat": b"f\n"}
NEW = {"same": b"s", "a.yaml": b"new a\n", "b/c.yaml": b"new c\n", "new/y.yaml": b"y\n", "flat/deep": b"d\n"}
THEIRS = {"b/notes.md": b"mine\n", ".env": b"SECRET=1\n"}


class Stage:
    """A folder that can be set back, and a run in it that can be killed."""

    def __init__(self, folder: Path, old: dict[str, bytes] | None, edits: dict[str, bytes]) -> None:
        self.root = folder / "root"
        self.start = folder / "start"
        self.start.mkdir()
        put(self.start, THEIRS)
        if old is not None:
            render(old, self.start)
        put(self.start, edits)
        self.reset()
        self.before = outputs(self.root)
        self.run()
        self.after = outputs(self.root)
        self.records = {path: text for path, text in everything(self.root).items() if path[0] == "."}

    def reset(self, start: Path | None = None) -> None:
        shutil.rmtree(self.root, ignore_errors=True)
        shutil.copytree(start or self.start, self.root)

    def run(self) -> None:
        apply(plan_changes(NEW, self.root, None), self.root, None)

    def assert_whole(self, outcome: Outcome) -> None:
        """Outputs are those of before or of after, and the next run ends at those of after, records too."""
        found = outputs(self.root)
        assert (
            found
            in {
                Outcome.NOTHING: [self.before, self.after],
                Outcome.UNDONE: [self.before],
                Outcome.FINISHED: [self.after],
            }[outcome]
        )
        assert leftovers(self.root) == []
        assert not needs_recovery(self.root)
        self.run()
        assert outputs(self.root) == self.after
        records = {path: text for path, text in everything(self.root).items() if path[0] == "."}
        assert records == self.records


STARTS: dict[str, tuple[dict[str, bytes] | None, dict[str, bytes]]] = {
    "first": (None, {}),
    "update": (OLD, {}),
    "edited": (OLD, {"same": b"s, edited\n", "a.yaml": b"mine, a conflict\n", "gone/x.yaml": b"mine\n"}),
}


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(dir=memory()) as folder:
        yield Path(folder)


@pytest.fixture(params=STARTS)
def stage(request: pytest.FixtureRequest, tmp_path: Path) -> Stage:
    return Stage(tmp_path, *STARTS[request.param])


@pytest.fixture(scope="module")
def promised(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, int]:
    """A folder whose run was killed right after it had written its journal, and which kill that was."""
    stage = Stage(tmp_path_factory.mktemp("promised"), *STARTS["update"])
    for call in every_kill(stage.run, stage.reset):
        if (stage.root / ".tracegen/journal.json").exists():
            return stage.root, call
    raise AssertionError("no kill led there")


@pytest.fixture
def root(promised: tuple[Path, int], tmp_path: Path) -> Path:
    return Path(shutil.copytree(promised[0], tmp_path / "root"))


def assert_never_between(stage: Stage) -> None:
    """Before recovery too, no output is lost or half written."""
    found = outputs(stage.root)
    for path, content in found.items():
        assert content in {stage.before.get(path), stage.after.get(path)}
    assert (stage.before.keys() & stage.after.keys()) <= found.keys()


def test_a_run_killed_anywhere_is_finished_or_undone(stage: Stage) -> None:
    outcomes = []
    for _ in every_kill(stage.run, stage.reset):
        assert_never_between(stage)
        interrupted = needs_recovery(stage.root)
        recovery = recover(stage.root)
        assert interrupted == (recovery.outcome is not Outcome.NOTHING)
        assert recovery.contested == ()
        stage.assert_whole(recovery.outcome)
        outcomes.append(recovery.outcome)
    assert set(outcomes) == set(Outcome)
    assert outcomes.index(Outcome.FINISHED) > outcomes.index(Outcome.UNDONE)


def test_a_recovery_killed_anywhere_is_taken_up_again(tmp_path: Path, promised: tuple[Path, int]) -> None:
    stage = Stage(tmp_path, *STARTS["update"])
    for call in range(promised[1], 1000, 14):
        stage.reset()
        if not killed_at(stage.run, call):
            break
        killed = Path(shutil.copytree(stage.root, tmp_path / f"killed{call}"))
        for _ in every_kill(lambda: recover(stage.root), partial(stage.reset, killed)):
            assert_never_between(stage)
            assert recover(stage.root).outcome in {Outcome.FINISHED, Outcome.NOTHING}
            stage.assert_whole(Outcome.FINISHED)
    assert call > promised[1] + 14


def test_a_failing_run_killed_while_it_takes_back_is_whole(tmp_path: Path, promised: tuple[Path, int]) -> None:
    stage = Stage(tmp_path, *STARTS["update"])

    def fail() -> None:
        with pytest.MonkeyPatch.context() as patch, pytest.raises(CannotWrite):
            patch.setattr(os, "replace", Refusing(5, OSError(errno.EIO, "failed")))
            stage.run()

    undoing = 0
    for _ in every_kill(fail, stage.reset, promised[1]):
        undoing += (stage.root / ".tracegen/journal-undo.json").exists()
        assert_never_between(stage)
        stage.assert_whole(recover(stage.root).outcome)
    assert undoing > 15


@pytest.mark.parametrize("path", ["a.yaml", "b/c.yaml", "gone/x.yaml", "new/y.yaml", "flat"])
def test_what_somebody_changes_after_the_kill_is_left_alone(root: Path, path: str) -> None:
    put(root, {path: b"written after the kill\n"})
    recovery = recover(root)
    assert recovery.outcome is Outcome.FINISHED
    assert path in recovery.contested
    assert outputs(root)[path] == b"written after the kill\n"
    assert any(line.startswith(f"{path} was changed meanwhile") for line in recovery_lines(recovery))
    if path in NEW:
        assert (root / ".tracegen/unwritten" / path).read_bytes() == NEW[path]
        assert planned(NEW, root)[path] == "conflict"
        assert is_drift(plan_changes(NEW, root, None))
    for other in NEW.keys() - set(recovery.contested):
        assert outputs(root)[other] == NEW[other]
    assert not needs_recovery(root)


def test_a_file_that_somebody_deletes_after_the_kill_stays_deleted(root: Path) -> None:
    (root / "a.yaml").unlink()
    assert recover(root).contested == ("a.yaml",)
    assert planned(NEW, root)["a.yaml"] == "yours"


def test_a_contested_file_can_be_settled_and_what_was_kept_for_it_goes(root: Path) -> None:
    put(root, {"a.yaml": b"mine\n"})
    recover(root)
    put(root, {"a.yaml": NEW["a.yaml"]})
    render(NEW, root)
    assert outputs(root) == NEW | THEIRS
    assert leftovers(root) == []
    assert not is_drift(plan_changes(NEW, root, None))


def test_a_contested_recovery_killed_anywhere_loses_nothing(root: Path, tmp_path: Path) -> None:
    put(root, {"a.yaml": b"mine\n", "gone/x.yaml": b"mine too\n"})
    killed = shutil.copytree(root, tmp_path / "killed")

    def back_to_the_kill() -> None:
        shutil.rmtree(root)
        shutil.copytree(killed, root)

    for _ in every_kill(lambda: recover(root), back_to_the_kill):
        recover(root)
        found = outputs(root)
        assert found.pop("a.yaml") == b"mine\n"
        assert found.pop("gone/x.yaml") == b"mine too\n"
        assert found == {path: text for path, text in (NEW | THEIRS).items() if path != "a.yaml"}
        assert planned(NEW, root)["a.yaml"] == "conflict"
        assert planned(NEW, root)["gone/x.yaml"] == "yours"
