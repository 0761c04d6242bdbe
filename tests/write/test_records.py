"""What `.tracegen/` remembers, and how much of it may be lost or half merged."""

import json
import subprocess
from hashlib import sha256
from pathlib import Path

import pytest

from tracegen.write import CannotWrite, WrongEnvironment, apply, is_drift, plan_changes
from write.folders import both_sides, everything, outputs, planned, put, render, verdicts

TREE = {"a.yaml": b"one\n", "b/c.yaml": b"two\n"}
NEXT = {"a.yaml": b"one!\n", "b/c.yaml": b"two\n"}
STATE = ".tracegen/state.json"


def test_the_state_holds_the_environment_and_a_hash_for_each_output(tmp_path: Path) -> None:
    render(TREE, tmp_path, "prod")
    assert json.loads((tmp_path / STATE).read_bytes()) == {
        "format": 1,
        "environment": "prod",
        "files": {path: sha256(text).hexdigest() for path, text in TREE.items()},
    }


def test_the_base_holds_the_pristine_text_of_each_output(tmp_path: Path) -> None:
    render(TREE, tmp_path)
    put(tmp_path, {"a.yaml": b"mine"})
    render(TREE, tmp_path)
    for path, text in TREE.items():
        assert (tmp_path / ".tracegen/base" / path).read_bytes() == text


def test_the_records_are_the_same_bytes_whatever_came_before(tmp_path: Path) -> None:
    render(TREE, tmp_path / "straight")
    for tree in ({"gone/x": b"x"}, NEXT, TREE):
        render(tree, tmp_path / "winding")
    assert everything(tmp_path / "straight") == everything(tmp_path / "winding")


@pytest.mark.parametrize(("first", "second"), [("prod", "dev"), ("prod", None), (None, "prod")])
def test_a_folder_refuses_another_environment(tmp_path: Path, first: str | None, second: str | None) -> None:
    render(TREE, tmp_path, first)
    before = everything(tmp_path)
    with pytest.raises(WrongEnvironment) as caught:
        plan_changes(TREE, tmp_path, second)
    assert (caught.value.remembered, caught.value.asked) == (first, second)
    with pytest.raises(WrongEnvironment):
        apply(plan_changes(NEXT, tmp_path, first), tmp_path, second)
    assert everything(tmp_path) == before


def test_a_lost_base_of_an_unedited_file_is_rebuilt_from_it(tmp_path: Path) -> None:
    render(TREE, tmp_path)
    (tmp_path / ".tracegen/base/a.yaml").unlink()
    assert is_drift(plan_changes(TREE, tmp_path, None))
    assert verdicts(render(NEXT, tmp_path))["a.yaml"] == "update"


def test_a_lost_base_is_rebuilt_from_what_is_rendered(tmp_path: Path) -> None:
    render(TREE, tmp_path)
    put(tmp_path, {"a.yaml": b"mine\n"})
    (tmp_path / ".tracegen/base/a.yaml").unlink()
    assert verdicts(render(TREE, tmp_path))["a.yaml"] == "edited"
    assert (tmp_path / ".tracegen/base/a.yaml").read_bytes() == TREE["a.yaml"]


def test_a_lost_base_of_an_edited_file_is_a_conflict(tmp_path: Path) -> None:
    render(TREE, tmp_path)
    put(tmp_path, {"a.yaml": b"mine\n"})
    (tmp_path / ".tracegen/base/a.yaml").unlink()
    assert verdicts(render(NEXT, tmp_path))["a.yaml"] == "conflict"
    assert verdicts(render({}, tmp_path))["a.yaml"] == "yours"
    assert b"mine\n" in outputs(tmp_path)["a.yaml"]


def test_losing_all_records_loses_no_edit(tmp_path: Path) -> None:
    render(TREE, tmp_path)
    put(tmp_path, {"a.yaml": b"mine\n"})
    for place in sorted((tmp_path / ".tracegen").rglob("*"), reverse=True):
        place.unlink() if place.is_file() else place.rmdir()
    assert verdicts(render(NEXT, tmp_path)) == {"a.yaml": "conflict", "b/c.yaml": "same"}
    assert outputs(tmp_path)["a.yaml"] == both_sides(b"mine\n", b"one!\n")


def test_an_edit_made_to_file_and_base_alike_is_not_lost(tmp_path: Path) -> None:
    """Somebody replaces a word in the whole repository."""
    render(TREE, tmp_path)
    put(tmp_path, {"a.yaml": b"mine\n", ".tracegen/base/a.yaml": b"mine\n"})
    assert verdicts(render(NEXT, tmp_path))["a.yaml"] == "conflict"
    assert outputs(tmp_path)["a.yaml"] == both_sides(b"mine\n", b"one!\n")


@pytest.mark.parametrize("text", [b"", b"[]", b"\xff", b'{"format": 1}', b"[" * 100_000, b"null"])
def test_a_broken_state_is_rebuilt_from_the_bases(tmp_path: Path, text: bytes) -> None:
    render(TREE, tmp_path)
    whole = everything(tmp_path)
    put(tmp_path, {"b/c.yaml": b"mine\n", STATE: text})
    changes = render(TREE, tmp_path)
    assert verdicts(changes) == {"a.yaml": "same", "b/c.yaml": "edited"}
    assert is_drift(changes)
    assert everything(tmp_path) == whole | {"b/c.yaml": b"mine\n"}


def test_a_state_with_conflict_markers_still_remembers_its_environment(tmp_path: Path) -> None:
    render(TREE, tmp_path, "prod")
    text = (tmp_path / STATE).read_text()
    (tmp_path / STATE).write_text(text.replace('  "files"', '<<<<<<< HEAD\n  "files"'))
    with pytest.raises(WrongEnvironment):
        plan_changes(TREE, tmp_path, "dev")
    assert set(planned(TREE, tmp_path, "prod").values()) == {"same"}


def test_a_newer_format_is_refused(tmp_path: Path) -> None:
    put(tmp_path, {STATE: b'{"environment": null, "files": {}, "format": 2}'})
    with pytest.raises(CannotWrite, match="newer tracegen"):
        plan_changes(TREE, tmp_path, None)


def test_a_path_in_the_state_cannot_lead_out_of_the_root(tmp_path: Path) -> None:
    """The state comes out of a repository, so it is not to be trusted with removals."""
    known = sha256(b"theirs").hexdigest()
    put(tmp_path, {"theirs": b"theirs", "out/.git/theirs": b"theirs"})
    files = {"../theirs": known, str(tmp_path / "theirs"): known, ".git/theirs": known}
    state = {"environment": None, "files": files, "format": 1}
    put(tmp_path, {f"out/{STATE}": json.dumps(state).encode()})
    assert verdicts(render({}, tmp_path / "out")) == {}
    assert (tmp_path / "theirs").exists()
    assert (tmp_path / "out/.git/theirs").exists()


def _git(root: Path, *arguments: str, check: bool = True) -> str:
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "init.defaultBranch=main"]
    done = subprocess.run(["git", *identity, *arguments], cwd=root, capture_output=True, text=True, check=check)
    return done.stdout


def _commit(root: Path, message: str) -> None:
    _git(root, "add", "--all")
    _git(root, "commit", "--quiet", "--message", message)


@pytest.mark.parametrize("resolve", ["markers", "--ours", "--theirs"])
def test_two_branches_that_both_rendered_heal_with_the_next_render(tmp_path: Path, resolve: str) -> None:
    lines = [f"line {number}\n".encode() for number in range(20)]

    def tree(first: bytes, last: bytes, **more: bytes) -> dict[str, bytes]:
        return {"compose.yaml": b"".join([first, *lines, last]), "same.yaml": b"same\n", **more}

    _git(tmp_path, "init", "--quiet")
    render(tree(b"", b""), tmp_path)
    _commit(tmp_path, "start")
    _git(tmp_path, "checkout", "--quiet", "-b", "other")
    render(tree(b"first\n", b"", theirs=b"t\n"), tmp_path)
    _commit(tmp_path, "theirs")
    _git(tmp_path, "checkout", "--quiet", "main")
    render(tree(b"", b"last\n", ours=b"o\n"), tmp_path)
    _commit(tmp_path, "ours")
    _git(tmp_path, "merge", "other", check=False)
    if resolve != "markers":
        _git(tmp_path, "checkout", resolve, STATE)

    both = tree(b"first\n", b"last\n", theirs=b"t\n", ours=b"o\n")
    assert set(verdicts(render(both, tmp_path)).values()) == {"same"}
    assert not is_drift(plan_changes(both, tmp_path, None))
    later = {path: text + b"more\n" for path, text in both.items()}
    assert set(verdicts(render(later, tmp_path)).values()) == {"update"}


def _branches_that_rendered(root: Path, edit: bytes = b"") -> None:
    """Two branches that changed neighbouring lines of one file, merged by git as far as it can."""
    _git(root, "init", "--quiet")
    render({"a": b"1\n2\n3\n4\n5\n6\n", "b": b"b\n"}, root)
    _commit(root, "start")
    _git(root, "checkout", "--quiet", "-b", "other")
    render({"a": b"1\n2 theirs\n3\n4\n5\n6\n", "b": b"b theirs\n"}, root)
    _commit(root, "theirs")
    _git(root, "checkout", "--quiet", "main")
    render({"a": b"1\n2 ours\n3\n4\n5\n6\n", "b": b"b\n"}, root)
    put(root, {"a": (root / "a").read_bytes() + edit})
    _commit(root, "ours")
    _git(root, "merge", "other", check=False)


BOTH = {"a": b"1\n2 ours and theirs\n3\n4\n5\n6\n", "b": b"b theirs\n"}


def test_git_needs_nobody_for_a_state_that_two_branches_wrote(tmp_path: Path) -> None:
    _branches_that_rendered(tmp_path)
    assert ".tracegen/state.json" not in _git(tmp_path, "diff", "--name-only", "--diff-filter=U")
    assert ".tracegen/base/a" in _git(tmp_path, "diff", "--name-only", "--diff-filter=U")


@pytest.mark.parametrize("resolve", [None, "--ours", "--theirs"])
def test_what_git_could_not_merge_and_nobody_edited_heals(tmp_path: Path, resolve: str | None) -> None:
    _branches_that_rendered(tmp_path)
    if resolve:
        _git(tmp_path, "checkout", resolve, ".")
    assert verdicts(render(BOTH, tmp_path))["a"] == "update"
    assert {path: outputs(tmp_path)[path] for path in BOTH} == BOTH
    assert not is_drift(plan_changes(BOTH, tmp_path, None))
    assert json.loads((tmp_path / STATE).read_bytes())["files"].keys() == BOTH.keys()


def test_an_edit_beside_what_git_could_not_merge_is_kept(tmp_path: Path) -> None:
    _branches_that_rendered(tmp_path, edit=b"mine\n")
    shown = (tmp_path / "a").read_bytes()
    assert verdicts(render(BOTH, tmp_path)) == {"a": "conflict", "b": "same"}
    assert (tmp_path / "a").read_bytes() == shown
    settled = b"1\n2 ours\n3\n4\n5\n6\nmine\n"
    put(tmp_path, {"a": settled})
    assert verdicts(render(BOTH, tmp_path)) == {"a": "merge", "b": "same"}
    assert (tmp_path / "a").read_bytes() == BOTH["a"] + b"mine\n"


@pytest.mark.parametrize("settled", [b"2 ours", b"2 theirs", b"2 mine"])
def test_however_a_person_settles_it_the_edit_stays(tmp_path: Path, settled: bytes) -> None:
    _branches_that_rendered(tmp_path, edit=b"mine\n")
    put(tmp_path, {"a": b"1\n" + settled + b"\n3\n4\n5\n6\nmine\n"})
    for _ in range(2):
        render(BOTH, tmp_path)
        assert (tmp_path / "a").read_bytes().endswith(b"mine\n")
        assert BOTH["a"].splitlines()[1] in (tmp_path / "a").read_bytes()


def test_git_sees_no_working_file(tmp_path: Path) -> None:
    _git(tmp_path, "init", "--quiet")
    render(TREE, tmp_path)
    _commit(tmp_path, "rendered")
    working = ("lock", "journal.json", "journal-undo.json", "staging/new/a.yaml", "kept/a.yaml", "undo/1/old/a.yaml")
    put(tmp_path, {f".tracegen/{name}": b"x" for name in working})
    assert _git(tmp_path, "status", "--porcelain", "--untracked-files=all") == ""


def test_somebodys_own_ignore_file_is_respected(tmp_path: Path) -> None:
    put(tmp_path, {".tracegen/.gitignore": b"/mine\n"})
    render(TREE, tmp_path)
    assert (tmp_path / ".tracegen/.gitignore").read_bytes() == b"/mine\n"


def test_the_schema_for_editors_is_written_and_kept_up_to_date(tmp_path: Path) -> None:
    apply(plan_changes({"a": b"1\n"}, tmp_path, None, schema=b"{}\n"), tmp_path, None)
    assert (tmp_path / ".tracegen/schema.json").read_bytes() == b"{}\n"
    assert not is_drift(plan_changes({"a": b"1\n"}, tmp_path, None, schema=b"{}\n"))
    assert is_drift(plan_changes({"a": b"1\n"}, tmp_path, None, schema=b"[]\n"))
