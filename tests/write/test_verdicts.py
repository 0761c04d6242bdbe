"""One verdict a path: what each means for the file, for the records, and for `--check`."""

from pathlib import Path

import pytest

from tracegen.write import CannotWrite, Verdict, apply, is_drift, plan_changes
from write.folders import both_sides, everything, leftovers, outputs, planned, put, render, verdicts

OLD = {"compose.yaml": b"one\ntwo\n", "collector/gateway.yaml": b"queue\n"}
NEW = {"compose.yaml": b"one\nthree\n", "collector/gateway.yaml": b"queue\n"}


def test_what_is_not_there_is_created(tmp_path: Path) -> None:
    changes = render(OLD, tmp_path)
    assert set(verdicts(changes).values()) == {"create"}
    assert outputs(tmp_path) == OLD


def test_a_folder_that_is_missing_is_created_with_its_parents(tmp_path: Path) -> None:
    render(OLD, tmp_path / "env" / "prod")
    assert outputs(tmp_path / "env" / "prod") == OLD


def test_rendering_twice_is_the_same(tmp_path: Path) -> None:
    render(OLD, tmp_path)
    before = {place: place.stat() for place in tmp_path.rglob("*")}
    changes = render(OLD, tmp_path)
    assert set(verdicts(changes).values()) == {"same"}
    assert not is_drift(changes)
    assert {place: place.stat() for place in tmp_path.rglob("*")} == before


def test_what_nobody_edited_is_updated(tmp_path: Path) -> None:
    render(OLD, tmp_path)
    changes = render(NEW, tmp_path)
    assert verdicts(changes) == {"compose.yaml": "update", "collector/gateway.yaml": "same"}
    assert is_drift(changes)
    assert outputs(tmp_path) == NEW
    assert not is_drift(plan_changes(NEW, tmp_path, None))


def test_an_edit_stays_where_tracegen_has_nothing_new_to_say(tmp_path: Path) -> None:
    render(OLD, tmp_path)
    put(tmp_path, {"compose.yaml": b"mine\n"})
    changes = render(OLD, tmp_path)
    assert verdicts(changes)["compose.yaml"] == "edited"
    assert not is_drift(changes)
    assert outputs(tmp_path)["compose.yaml"] == b"mine\n"


def test_an_edit_and_a_new_text_are_a_conflict_until_somebody_settles_it(tmp_path: Path) -> None:
    render(OLD, tmp_path)
    put(tmp_path, {"compose.yaml": b"one\nmine\n"})
    for _ in range(2):
        changes = render(NEW, tmp_path)
        assert verdicts(changes)["compose.yaml"] == "conflict"
        assert is_drift(changes)
        assert outputs(tmp_path)["compose.yaml"] == b"one\n" + both_sides(b"mine\n", b"three\n")
    put(tmp_path, {"compose.yaml": NEW["compose.yaml"]})
    assert verdicts(render(NEW, tmp_path))["compose.yaml"] == "same"
    assert not is_drift(plan_changes(NEW, tmp_path, None))


def test_a_conflict_does_not_hold_up_the_other_files(tmp_path: Path) -> None:
    render({"a": b"1", "b": b"1"}, tmp_path)
    put(tmp_path, {"a": b"mine"})
    render({"a": b"2", "b": b"2"}, tmp_path)
    assert outputs(tmp_path) == {"a": both_sides(b"mine\n", b"2\n"), "b": b"2"}


def test_an_unknown_file_in_the_way_is_a_conflict(tmp_path: Path) -> None:
    put(tmp_path, {"compose.yaml": b"mine\n"})
    changes = render(OLD, tmp_path)
    assert verdicts(changes)["compose.yaml"] == "conflict"
    assert outputs(tmp_path)["compose.yaml"] == both_sides(b"mine\n", b"one\ntwo\n")
    assert planned(OLD, tmp_path)["compose.yaml"] == "conflict"


def test_an_unknown_file_with_the_same_text_is_adopted(tmp_path: Path) -> None:
    put(tmp_path, OLD)
    assert set(verdicts(render(OLD, tmp_path)).values()) == {"same"}
    assert set(verdicts(render(NEW, tmp_path)).values()) == {"update", "same"}


def test_what_is_no_longer_rendered_goes_with_its_empty_folders(tmp_path: Path) -> None:
    render({"kept": b"", "a/b/c.yaml": b"c", "a/d.yaml": b"d"}, tmp_path)
    changes = render({"kept": b""}, tmp_path)
    assert verdicts(changes) == {"a/b/c.yaml": "remove", "a/d.yaml": "remove", "kept": "same"}
    assert not (tmp_path / "a").exists()
    assert planned({"kept": b""}, tmp_path) == {"kept": "same"}


def test_a_folder_with_somebodys_file_in_it_stays(tmp_path: Path) -> None:
    render({"a/b/c.yaml": b"c"}, tmp_path)
    put(tmp_path, {"a/notes.txt": b"mine"})
    render({}, tmp_path)
    assert outputs(tmp_path) == {"a/notes.txt": b"mine"}
    assert not (tmp_path / "a/b").exists()


def test_an_empty_folder_of_somebody_else_stays(tmp_path: Path) -> None:
    render({"a/b.yaml": b"b"}, tmp_path)
    (tmp_path / "empty").mkdir()
    render({}, tmp_path)
    assert (tmp_path / "empty").is_dir()


def test_the_root_stays_even_when_nothing_is_rendered(tmp_path: Path) -> None:
    render(OLD, tmp_path / "out")
    render({}, tmp_path / "out")
    assert outputs(tmp_path / "out") == {}
    assert (tmp_path / "out").is_dir()


def test_what_is_no_longer_rendered_but_edited_is_left_and_shown(tmp_path: Path) -> None:
    render(OLD, tmp_path)
    put(tmp_path, {"compose.yaml": b"mine\n"})
    for _ in range(2):
        changes = render({}, tmp_path)
        assert verdicts(changes)["compose.yaml"] == "yours"
    assert not is_drift(changes)
    assert outputs(tmp_path) == {"compose.yaml": b"mine\n"}


def test_a_left_file_goes_when_its_edit_is_taken_back(tmp_path: Path) -> None:
    render(OLD, tmp_path)
    put(tmp_path, {"compose.yaml": b"mine\n"})
    render({}, tmp_path)
    put(tmp_path, {"compose.yaml": OLD["compose.yaml"]})
    render({}, tmp_path)
    assert outputs(tmp_path) == {}


@pytest.mark.parametrize("tree", [OLD, NEW], ids=["unchanged", "changed"])
def test_a_deleted_file_stays_deleted(tmp_path: Path, tree: dict[str, bytes]) -> None:
    render(OLD, tmp_path)
    (tmp_path / "compose.yaml").unlink()
    changes = render(tree, tmp_path)
    assert verdicts(changes)["compose.yaml"] == "yours"
    assert not is_drift(changes)
    assert "compose.yaml" not in outputs(tmp_path)


def test_a_deleted_file_comes_back_when_asked_for(tmp_path: Path) -> None:
    render(OLD, tmp_path)
    (tmp_path / "compose.yaml").unlink()
    changes = plan_changes(NEW, tmp_path, None, restore=["compose.yaml"])
    assert verdicts(changes)["compose.yaml"] == "create"
    apply(changes, tmp_path, None)
    assert outputs(tmp_path) == NEW


def test_a_deleted_file_that_is_no_longer_rendered_is_forgotten(tmp_path: Path) -> None:
    render(OLD, tmp_path)
    (tmp_path / "compose.yaml").unlink()
    render({"collector/gateway.yaml": b"queue\n"}, tmp_path)
    assert planned(OLD, tmp_path)["compose.yaml"] == "create"


def test_what_tracegen_did_not_write_is_never_touched(tmp_path: Path) -> None:
    theirs = {".env": b"PASSWORD=x", "collector/notes.md": b"mine", ".git/config": b"[core]"}
    put(tmp_path, theirs)
    for tree in (OLD, NEW, {}):
        render(tree, tmp_path)
        assert {path: outputs(tmp_path)[path] for path in theirs} == theirs


def test_a_file_makes_way_for_a_folder_and_a_folder_for_a_file(tmp_path: Path) -> None:
    flat, deep = {"stub": b"flat"}, {"stub/tracing.py": b"deep"}
    for tree in (flat, deep, flat):
        render(tree, tmp_path)
        assert outputs(tmp_path) == tree
        assert not is_drift(plan_changes(tree, tmp_path, None))


def test_a_run_leaves_only_what_belongs_into_git(tmp_path: Path) -> None:
    render(OLD, tmp_path)
    assert leftovers(tmp_path) == []
    assert set(everything(tmp_path)) - set(OLD) == {".tracegen/memory"}


def test_planning_reads_only(tmp_path: Path) -> None:
    plan_changes(OLD, tmp_path / "missing", None)
    plan_changes(OLD, tmp_path, None)
    assert list(tmp_path.iterdir()) == []


def test_a_file_changed_after_planning_is_not_overwritten(tmp_path: Path) -> None:
    render(OLD, tmp_path)
    changes = plan_changes(NEW, tmp_path, None)
    put(tmp_path, {"compose.yaml": b"mine\n"})
    with pytest.raises(CannotWrite, match=r"compose\.yaml: was changed"):
        apply(changes, tmp_path, None)
    assert outputs(tmp_path)["compose.yaml"] == b"mine\n"
    assert leftovers(tmp_path) == []


def test_changes_are_sorted_by_path(tmp_path: Path) -> None:
    render({"z": b"", "a": b""}, tmp_path)
    changes = plan_changes({"m": b"", "b/c": b""}, tmp_path, None)
    assert [change.path for change in changes] == ["a", "b/c", "m", "z"]
    assert changes.items[0].verdict is Verdict.REMOVE
