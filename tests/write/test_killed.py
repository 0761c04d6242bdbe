"""`kill -9` at every point of a run: what is left is wholly old or wholly new, and no edit is lost."""

import shutil
from collections.abc import Callable
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
from write.children import every_kill, killed_at, needs_fork
from write.folders import everything, leftovers, outputs, planned, put, render

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

    def reset(self) -> None:
        shutil.rmtree(self.root, ignore_errors=True)
        shutil.copytree(self.start, self.root)

    def run(self) -> None:
        apply(plan_changes(NEW, self.root, None), self.root, None)

    def assert_whole(self, outcome: Outcome) -> None:
        """Outputs and records are those of before or of after, and the next run ends at those of after."""
        assert outputs(self.root) == (self.before if outcome is Outcome.UNDONE else self.after)
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


@pytest.fixture(params=STARTS)
def stage(request: pytest.FixtureRequest, tmp_path: Path) -> Stage:
    return Stage(tmp_path, *STARTS[request.param])


def test_a_run_killed_anywhere_is_finished_or_undone(stage: Stage) -> None:
    outcomes = []
    for _ in every_kill(stage.run, stage.reset):
        interrupted = needs_recovery(stage.root)
        recovery = recover(stage.root)
        outcomes.append(recovery.outcome)
        assert interrupted == (recovery.outcome is not Outcome.NOTHING)
        assert recovery.contested == ()
        if recovery.outcome is Outcome.NOTHING:
            whole = Outcome.FINISHED if outputs(stage.root) == stage.after else Outcome.UNDONE
            (stage.root / ".tracegen/lock").unlink(missing_ok=True)
            stage.assert_whole(whole)
        else:
            stage.assert_whole(recovery.outcome)
    assert set(outcomes) == set(Outcome)
    assert outcomes.index(Outcome.FINISHED) > outcomes.index(Outcome.UNDONE)


def test_before_recovery_nothing_but_tracegens_own_files_is_touched(stage: Stage) -> None:
    for _ in every_kill(stage.run, stage.reset):
        found = outputs(stage.root)
        for path, content in found.items():
            assert content in {stage.before.get(path), stage.after.get(path)}
        for path in stage.before.keys() & stage.after.keys():
            assert path in found


def test_a_recovery_killed_anywhere_is_taken_up_again(tmp_path: Path) -> None:
    stage = Stage(tmp_path, *STARTS["edited"])
    tried = 0
    for call in (12, 25, 40, 46, 50, 55, 60, 70):
        stage.reset()
        if not killed_at(stage.run, call) or not needs_recovery(stage.root):
            continue
        shutil.rmtree(tmp_path / "killed", ignore_errors=True)
        shutil.copytree(stage.root, tmp_path / "killed")
        wanted = recover(stage.root).outcome

        def back_to_the_kill() -> None:
            shutil.rmtree(stage.root)
            shutil.copytree(tmp_path / "killed", stage.root)

        for _ in every_kill(lambda: recover(stage.root), back_to_the_kill):
            again = recover(stage.root).outcome
            assert again in {wanted, Outcome.NOTHING}
            (stage.root / ".tracegen/lock").unlink(missing_ok=True)
            stage.assert_whole(wanted)
            tried += 1
    assert tried > 100


def first_kill(stage: Stage, wanted: Callable[[], bool]) -> None:
    """Kills the run at the first point after which `wanted` holds."""
    for _ in every_kill(stage.run, stage.reset):
        if wanted():
            return
    raise AssertionError("no kill led there")


@pytest.mark.parametrize("path", ["a.yaml", "b/c.yaml", "gone/x.yaml", "new/y.yaml", "flat"])
def test_what_somebody_changes_after_the_kill_is_left_alone(tmp_path: Path, path: str) -> None:
    stage = Stage(tmp_path, *STARTS["update"])
    first_kill(stage, (stage.root / ".tracegen/journal.json").exists)
    put(stage.root, {path: b"written after the kill\n"})
    recovery = recover(stage.root)
    assert recovery.outcome is Outcome.FINISHED
    assert path in recovery.contested
    assert outputs(stage.root)[path] == b"written after the kill\n"
    assert any(line.startswith(f"{path} was changed meanwhile") for line in recovery_lines(recovery))
    if path in NEW:
        assert (stage.root / ".tracegen/kept" / path).read_bytes() == NEW[path]
        assert planned(NEW, stage.root)[path] == "conflict"
        assert is_drift(plan_changes(NEW, stage.root, None))
    for other in NEW.keys() - set(recovery.contested):
        assert outputs(stage.root)[other] == NEW[other]
    assert not needs_recovery(stage.root)


def test_a_contested_file_can_be_settled_and_what_was_kept_for_it_goes(tmp_path: Path) -> None:
    stage = Stage(tmp_path, *STARTS["update"])
    first_kill(stage, (stage.root / ".tracegen/journal.json").exists)
    put(stage.root, {"a.yaml": b"mine\n"})
    recover(stage.root)
    put(stage.root, {"a.yaml": NEW["a.yaml"]})
    stage.run()
    stage.assert_whole(Outcome.FINISHED)


def test_a_contested_recovery_killed_anywhere_loses_nothing(tmp_path: Path) -> None:
    stage = Stage(tmp_path, *STARTS["update"])
    first_kill(stage, (stage.root / ".tracegen/journal.json").exists)
    put(stage.root, {"a.yaml": b"mine\n", "gone/x.yaml": b"mine too\n"})
    shutil.copytree(stage.root, tmp_path / "killed")

    def back_to_the_kill() -> None:
        shutil.rmtree(stage.root)
        shutil.copytree(tmp_path / "killed", stage.root)

    for _ in every_kill(lambda: recover(stage.root), back_to_the_kill):
        recover(stage.root)
        found = outputs(stage.root)
        assert found.pop("a.yaml") == b"mine\n"
        assert found.pop("gone/x.yaml") == b"mine too\n"
        assert found == {path: text for path, text in stage.after.items() if path != "a.yaml"}
        assert planned(NEW, stage.root)["a.yaml"] == "conflict"
        assert planned(NEW, stage.root)["gone/x.yaml"] == "left"


def test_an_undone_run_names_what_it_had_got_ready(tmp_path: Path) -> None:
    put(
        tmp_path,
        {".tracegen/staging/new/a.yaml": b"half", ".tracegen/staging/new/.tracegen/base/a.yaml": b""},
    )
    recovery = recover(tmp_path)
    assert recovery.outcome is Outcome.UNDONE
    assert recovery.paths == ("a.yaml",)
    assert recovery_lines(recovery) == ["an interrupted run was undone: a.yaml"]
    assert list(tmp_path.iterdir()) == []


def test_a_folder_without_an_interrupted_run_is_not_touched(tmp_path: Path) -> None:
    for root in (tmp_path, tmp_path / "missing"):
        assert not needs_recovery(root)
        assert recover(root).outcome is Outcome.NOTHING
    assert list(tmp_path.iterdir()) == []
    assert recovery_lines(recover(tmp_path)) == []


JOURNALS = {
    "no JSON": b"{",
    "no journal": b"[]",
    "newer": b'{"format": 2, "steps": [], "folders": []}',
    "leads out": b'{"format": 1, "steps": [{"path": "../x", "before": null, "after": null}], "folders": []}',
    "absolute": b'{"format": 1, "steps": [{"path": "/x", "before": null, "after": null}], "folders": []}',
    "into git": b'{"format": 1, "steps": [{"path": ".git/x", "before": "0", "after": null}], "folders": []}',
    "out by base": b'{"format": 1, "steps": [{"path": ".tracegen/base/../../x", "before": "0",'
    b' "after": null}], "folders": []}',
    "folder leads out": b'{"format": 1, "steps": [], "folders": ["../empty"]}',
    "number": b'{"format": 1, "steps": [{"path": 1, "before": null, "after": null}], "folders": []}',
}


@pytest.mark.parametrize("text", JOURNALS.values(), ids=JOURNALS)
def test_a_journal_that_tracegen_did_not_write_is_refused(tmp_path: Path, text: bytes) -> None:
    put(tmp_path, {"root/.tracegen/journal.json": text, "x": b"theirs", "root/.git/x": b"theirs"})
    (tmp_path / "empty").mkdir()
    before = everything(tmp_path)
    with pytest.raises(CannotWrite, match=r"journal\.json: is no journal of this tracegen"):
        recover(tmp_path / "root")
    assert everything(tmp_path) == before
    assert (tmp_path / "empty").is_dir()
