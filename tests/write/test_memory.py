"""What `.tracegen/` remembers, how much of it may be lost or half merged, and what git makes of it."""

import json
import random
import shutil
import subprocess
from hashlib import sha256
from pathlib import Path

import pytest

from tracegen.write import CannotWrite, OtherSpec, WrongEnvironment, abort, apply, is_drift, plan_changes
from tracegen.write.memory import load_memory, memory_text, parse_memory
from write.folders import both_sides, everything, outputs, planned, put, remembered, render, verdicts

TREE = {"a.yaml": b"one\n", "b/c.yaml": b"two\n"}
NEXT = {"a.yaml": b"one!\n", "b/c.yaml": b"two\n"}
MEMORY = ".tracegen/memory"


def test_the_memory_holds_the_environment_and_the_pristine_text_of_each_output(tmp_path: Path) -> None:
    render(TREE, tmp_path, "prod")
    put(tmp_path, {"a.yaml": b"mine"})
    render(TREE, tmp_path, "prod")
    memory = load_memory(tmp_path)
    assert memory.environments == ("prod",)
    assert remembered(tmp_path) == {path: (text,) for path, text in TREE.items()}


def test_what_is_remembered_is_the_same_whatever_came_before(tmp_path: Path) -> None:
    render(TREE, tmp_path / "straight")
    for tree in ({"gone/x": b"x"}, NEXT, TREE):
        render(tree, tmp_path / "winding")
    assert remembered(tmp_path / "straight") == remembered(tmp_path / "winding")
    assert outputs(tmp_path / "straight") == outputs(tmp_path / "winding")


def test_a_first_run_remembers_in_the_same_bytes_wherever_it_is(tmp_path: Path) -> None:
    for name in ("one", "other"):
        render(TREE, tmp_path / name)
    assert everything(tmp_path / "one") == everything(tmp_path / "other")


LARGE = {f"services/s{number}/{name}": f"{name} {number}\n".encode() * 40 for number in range(40) for name in "abcd"}


def test_a_small_change_leaves_the_large_line_as_it_was(tmp_path: Path) -> None:
    render(LARGE, tmp_path)
    first = (tmp_path / MEMORY).read_bytes()
    for text in (b"changed\n", b"again\n"):
        render({**LARGE, "services/s0/a": text}, tmp_path)
        found = (tmp_path / MEMORY).read_bytes()
        assert found.startswith(first) and len(found) < len(first) + 400
    render(LARGE, tmp_path)
    assert (tmp_path / MEMORY).read_bytes() == first
    render({path: text + b"more\n" for path, text in LARGE.items()}, tmp_path)
    assert (tmp_path / MEMORY).read_bytes().count(b"\n") == 2


def test_what_is_dropped_from_a_second_line_is_forgotten(tmp_path: Path) -> None:
    render(LARGE, tmp_path)
    less = dict(list(LARGE.items())[5:])
    render(less, tmp_path)
    assert remembered(tmp_path).keys() == less.keys()


def test_the_memory_is_small(tmp_path: Path) -> None:
    render(LARGE, tmp_path)
    files = [place for place in (tmp_path / ".tracegen").iterdir() if place.name not in ("lock",)]
    assert len(files) <= 4
    text = (tmp_path / MEMORY).read_bytes()
    assert text.count(b"\n") == 2
    assert len(text) < 0.1 * sum(map(len, LARGE.values()))


def test_no_word_of_a_text_or_a_path_stands_in_the_memory(tmp_path: Path) -> None:
    """So replacing it in a whole repository does not reach what is remembered."""
    tree = {"jaeger/config.yaml": b"service: jaeger\n" * 30, "compose.yaml": b"jaeger\n"}
    render(tree, tmp_path, "production")
    text = (tmp_path / MEMORY).read_bytes()
    assert not [word for word in (b"jaeger", b"compose", b"service", b"production") if word in text]
    assert b"\0" not in text and b"\r" not in text


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


def test_a_lost_memory_of_unedited_files_is_learned_again(tmp_path: Path) -> None:
    render(TREE, tmp_path)
    (tmp_path / MEMORY).unlink()
    assert is_drift(plan_changes(TREE, tmp_path, None))
    assert set(verdicts(render(TREE, tmp_path)).values()) == {"same"}
    assert verdicts(render(NEXT, tmp_path))["a.yaml"] == "update"


def test_losing_all_loses_no_edit_and_removes_nothing(tmp_path: Path) -> None:
    render(TREE, tmp_path)
    put(tmp_path, {"a.yaml": b"mine\n"})
    shutil.rmtree(tmp_path / ".tracegen")
    assert planned({}, tmp_path) == {}
    assert verdicts(render(NEXT, tmp_path)) == {"a.yaml": "conflict", "b/c.yaml": "same"}
    assert outputs(tmp_path)["a.yaml"] == both_sides(b"mine\n", b"one!\n")


@pytest.mark.parametrize("damage", range(40))
def test_damage_makes_conflicts_and_overwrites_nothing(tmp_path: Path, damage: int) -> None:
    """One changed, lost or doubled byte anywhere."""
    render(LARGE, tmp_path)
    put(tmp_path, {"services/s1/a": b"mine\n"})
    text = (tmp_path / MEMORY).read_bytes()
    at = random.Random(damage).randrange(len(text))
    put(tmp_path, {MEMORY: text[:at] + (b"", b"x", text[at : at + 1] * 2)[damage % 3] + text[at + 1 :]})
    changes = render({path: text + b"new\n" for path, text in LARGE.items()}, tmp_path)
    assert b"mine\n" in outputs(tmp_path)["services/s1/a"]
    assert set(verdicts(changes).values()) <= {"conflict", "update", "merge"}
    assert len(remembered(tmp_path)) == len(LARGE)


@pytest.mark.parametrize("text", [b"", b"[]", b"\xff", b":" * 100_000, b"::", b":" + b"=" * 50 + b":", b"null\n" * 9])
def test_what_is_no_memory_is_as_if_it_were_lost(tmp_path: Path, text: bytes) -> None:
    put(tmp_path, {"b/c.yaml": b"mine\n", MEMORY: text})
    changes = render(TREE, tmp_path)
    assert verdicts(changes) == {"a.yaml": "create", "b/c.yaml": "conflict"}
    assert planned({}, tmp_path) == {"a.yaml": "remove", "b/c.yaml": "yours"}


def _line(said: object, texts: bytes = b"") -> bytes:
    """A line with a right hash, as somebody writes it who knows how."""
    from tracegen.write import memory

    payload = memory._compressed(json.dumps(said).encode() + b"\n" + texts)
    line = sha256(payload).digest()[: memory._HASH_LENGTH] + payload
    for plain, escaped in memory._ESCAPES.items():
        line = line.replace(plain, escaped)
    return b":" + line + b":\n"


SAID = {"format": 2, "on": "", "environment": None, "spec": None, "lengths": [7], "files": {"theirs": [0]}}


@pytest.mark.parametrize(
    "wrong",
    [
        {"files": {"../theirs": [0]}},
        {"files": {".git/theirs": [0]}},
        {"files": {"theirs": [1]}},
        {"files": {"theirs": None}},
        {"files": []},
        {"lengths": [8]},
        {"lengths": [float("inf")]},
        {"lengths": None},
        {"environment": 1},
        {"spec": []},
        {"on": None},
        {"format": None, "files": 3},
    ],
    ids=str,
)
def test_a_line_that_is_not_of_the_form_is_not_believed(tmp_path: Path, wrong: dict[str, object]) -> None:
    put(tmp_path, {"theirs": b"theirs", "out/theirs": b"theirs", "out/.git/theirs": b"theirs"})
    put(tmp_path / "out", {MEMORY: _line({**SAID, **wrong}, b"theirs!")})
    assert verdicts(render({}, tmp_path / "out")) == {}
    assert (tmp_path / "theirs").exists() and (tmp_path / "out/theirs").exists()
    assert (tmp_path / "out/.git/theirs").exists()


def test_a_newer_format_is_refused(tmp_path: Path) -> None:
    put(tmp_path, {MEMORY: _line({**SAID, "format": 3}, b"theirs!")})
    with pytest.raises(CannotWrite, match="newer tracegen"):
        plan_changes(TREE, tmp_path, None)


def test_a_line_that_grows_without_end_is_not_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from tracegen.write import memory

    monkeypatch.setattr(memory, "_MOST_BYTES", 1024 * 1024 * 16)
    put(tmp_path, {MEMORY: _line({**SAID, "lengths": [2**25]}, bytes(2**25))})
    assert planned({}, tmp_path) == {}


def test_a_second_spec_does_not_take_the_place_of_one_that_is_there(tmp_path: Path) -> None:
    put(tmp_path, {"one.yaml": b"1", "two.yaml": b"2"})
    apply(plan_changes(TREE, tmp_path, None, sources=[tmp_path / "one.yaml"]), tmp_path, None)
    before = everything(tmp_path)
    with pytest.raises(OtherSpec, match=r"holds what one\.yaml rendered, and two\.yaml"):
        plan_changes({"z": b"z"}, tmp_path, None, sources=[tmp_path / "two.yaml"])
    assert everything(tmp_path) == before
    (tmp_path / "one.yaml").rename(tmp_path / "three.yaml")
    changes = plan_changes(TREE, tmp_path, None, sources=[tmp_path / "three.yaml"])
    assert not is_drift(changes)
    assert plan_changes({}, tmp_path, None, sources=[tmp_path / "three.yaml"]).items[0].verdict.value == "remove"


def _git(root: Path, *arguments: str, check: bool = True) -> str:
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "init.defaultBranch=main"]
    done = subprocess.run(["git", *identity, *arguments], cwd=root, capture_output=True, text=True, check=check)
    return done.stdout


def _commit(root: Path, message: str) -> None:
    _git(root, "add", "--all")
    _git(root, "commit", "--quiet", "--message", message)


def _unmerged(root: Path) -> set[str]:
    return set(_git(root, "diff", "--name-only", "--diff-filter=U").split())


@pytest.mark.parametrize("resolve", [None, "--ours", "--theirs"])
def test_two_branches_that_both_rendered_heal_with_the_next_render(tmp_path: Path, resolve: str | None) -> None:
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
    _git(tmp_path, "merge", "other")
    if resolve:
        side = {"--ours": "main", "--theirs": "other"}[resolve]
        _git(tmp_path, "checkout", side, "--", MEMORY)

    both = tree(b"first\n", b"last\n", theirs=b"t\n", ours=b"o\n")
    assert set(verdicts(render(both, tmp_path)).values()) == {"same"}
    assert not is_drift(plan_changes(both, tmp_path, None))
    later = {path: text + b"more\n" for path, text in both.items()}
    assert set(verdicts(render(later, tmp_path)).values()) == {"update"}


def test_what_git_merged_and_nobody_edited_is_replaced_and_may_go(tmp_path: Path) -> None:
    """The next text is neither that of one branch nor what git made of both."""
    lines = [f"line {number}\n".encode() for number in range(20)]
    start = b"".join(lines)
    _git(tmp_path, "init", "--quiet")
    render({"a": start}, tmp_path)
    _commit(tmp_path, "start")
    _git(tmp_path, "checkout", "--quiet", "-b", "other")
    render({"a": b"first\n" + start, "b": b"b\n"}, tmp_path)
    _commit(tmp_path, "theirs")
    _git(tmp_path, "checkout", "--quiet", "main")
    render({"a": start + b"last\n", "c": b"c\n"}, tmp_path)
    _commit(tmp_path, "ours")
    _git(tmp_path, "merge", "other")
    assert verdicts(render({"a": b"quite\nanother\n"}, tmp_path)) == {"a": "update", "b": "remove", "c": "remove"}
    assert outputs(tmp_path).keys() & {"a", "b", "c"} == {"a"}


def test_a_text_that_one_branch_forgot_and_the_other_took_up_is_there(tmp_path: Path) -> None:
    """One branch has no Python service any more; the other got a second one, and somebody edited it."""
    python = b"".join(b"python %d\n" % number for number in range(30))
    _git(tmp_path, "init", "--quiet")
    render({"one/work.py": python, **LARGE}, tmp_path)
    _commit(tmp_path, "start")
    _git(tmp_path, "checkout", "--quiet", "-b", "other")
    render({"one/work.py": python, "two/work.py": python, **LARGE}, tmp_path)
    put(tmp_path, {"two/work.py": b"mine\n" + python})
    _commit(tmp_path, "theirs")
    _git(tmp_path, "checkout", "--quiet", "main")
    render(LARGE, tmp_path)
    _commit(tmp_path, "ours")
    _git(tmp_path, "merge", "other")
    newer = python.replace(b"python 20", b"newer 20")
    assert verdicts(render({"two/work.py": newer, **LARGE}, tmp_path))["two/work.py"] == "merge"
    assert outputs(tmp_path)["two/work.py"] == b"mine\n" + newer


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


def test_git_needs_nobody_for_a_memory_that_two_branches_wrote(tmp_path: Path) -> None:
    _branches_that_rendered(tmp_path)
    assert _unmerged(tmp_path) == {"a"}


def test_what_git_merged_well_is_no_drift(tmp_path: Path) -> None:
    """Each branch rendered other files, so that a pipeline finds nothing to do after the merge."""
    _git(tmp_path, "init", "--quiet")
    render(LARGE, tmp_path)
    _commit(tmp_path, "start")
    _git(tmp_path, "checkout", "--quiet", "-b", "other")
    theirs = {"services/s1/a": b"theirs\n", "theirs": b"t\n"}
    render({**LARGE, **theirs}, tmp_path)
    _commit(tmp_path, "theirs")
    _git(tmp_path, "checkout", "--quiet", "main")
    ours = {"services/s2/a": b"ours\n", "ours": b"o\n"}
    render({**LARGE, **ours}, tmp_path)
    _commit(tmp_path, "ours")
    _git(tmp_path, "merge", "other")
    both = {**LARGE, **theirs, **ours}
    changes = plan_changes(both, tmp_path, None)
    assert set(verdicts(changes).values()) == {"same"}
    assert changes.writes and not is_drift(changes)
    render(both, tmp_path)
    assert not plan_changes(both, tmp_path, None).writes


@pytest.mark.parametrize("resolve", [None, "--ours", "--theirs"])
def test_what_git_could_not_merge_and_nobody_edited_heals(tmp_path: Path, resolve: str | None) -> None:
    _branches_that_rendered(tmp_path)
    if resolve:
        _git(tmp_path, "checkout", resolve, ".")
    assert verdicts(render(BOTH, tmp_path))["a"] == "update"
    assert {path: outputs(tmp_path)[path] for path in BOTH} == BOTH
    assert not is_drift(plan_changes(BOTH, tmp_path, None))
    assert remembered(tmp_path) == {path: (text,) for path, text in BOTH.items()}


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
    working = ("lock", "journal.json", "journal-undo.json", "staging/new/a.yaml", "unwritten/a.yaml", "schema.json")
    put(tmp_path, {f".tracegen/{name}": b"x" for name in (*working, "undo/1/old/a.yaml", "aside/a.yaml")})
    assert _git(tmp_path, "status", "--porcelain", "--untracked-files=all") == ""


def test_somebodys_own_ignore_file_is_respected(tmp_path: Path) -> None:
    put(tmp_path, {".tracegen/.gitignore": b"/mine\n"})
    render(TREE, tmp_path)
    assert (tmp_path / ".tracegen/.gitignore").read_bytes() == b"/mine\n"


def _rebased(root: Path) -> None:
    _git(root, "checkout", "--quiet", "other")
    _git(root, "rebase", "--quiet", "main")


def _merged(root: Path) -> None:
    _git(root, "merge", "other")


@pytest.mark.parametrize("joined", [_merged, _rebased])
@pytest.mark.parametrize("seed", range(6))
def test_branches_with_renders_and_edits_lose_no_line_and_conflict_only_where_they_meet(
    tmp_path: Path, joined: object, seed: int
) -> None:
    """Each branch changes other files and other lines, some by a render and some by hand."""
    dice = random.Random(seed)
    lines = {path: [b"%s %d\n" % (path.encode(), number) for number in range(30)] for path in "abcdefgh"}
    wanted = {path: list(text) for path, text in lines.items()}

    def tree() -> dict[str, bytes]:
        return {path: b"".join(text) for path, text in wanted.items()}

    _git(tmp_path, "init", "--quiet")
    render(tree(), tmp_path)
    _commit(tmp_path, "start")
    persons: list[bytes] = []
    both = {path: list(text) for path, text in lines.items()}
    for branch, first, edited in (("other", 1, 9), ("main", 16, 23)):
        _git(tmp_path, "checkout", "--quiet", *(["-b", branch] if branch == "other" else [branch]))
        wanted = {path: list(text) for path, text in lines.items()}
        for step in range(3):
            path, at = dice.choice("abcdefgh"), first + 2 * step
            wanted[path][at] = both[path][at] = b"%s rendered %d\n" % (branch.encode(), step)
            render(tree(), tmp_path)
            path = dice.choice("abcdefgh")
            line = b"%s person %d\n" % (branch.encode(), step)
            text = (tmp_path / path).read_bytes().splitlines(keepends=True)
            place = text.index(lines[path][edited + 2 * step])
            put(tmp_path, {path: b"".join([*text[:place], line, *text[place:]])})
            persons.append(line)
            _commit(tmp_path, f"{branch} {step}")
    joined(tmp_path)  # type: ignore[operator]
    wanted = both
    wanted["a"][0] = b"both and newer\n"
    changes = render(tree(), tmp_path)
    found = outputs(tmp_path)
    assert not changes.conflicts
    for path in wanted:
        rest = [line for line in found[path].splitlines(keepends=True) if line not in persons]
        assert rest == wanted[path]
    assert sorted(line for path in wanted for line in found[path].splitlines(keepends=True) if line in persons) == (
        sorted(persons)
    )


def test_a_clone_with_other_ends_of_lines_and_no_history_goes_on(tmp_path: Path) -> None:
    origin = tmp_path / "origin"
    origin.mkdir()
    _git(origin, "init", "--quiet")
    render(TREE, origin)
    put(origin, {"a.yaml": b"one\nmine\n"})
    _commit(origin, "all")
    _git(tmp_path, "clone", "--quiet", "--depth=1", "--config", "core.autocrlf=true", f"file://{origin}", "clone")
    clone = tmp_path / "clone"
    assert (clone / "a.yaml").read_bytes() == b"one\r\nmine\r\n"
    assert (clone / MEMORY).read_bytes() == (origin / MEMORY).read_bytes()
    assert set(planned(TREE, clone).values()) == {"edited"}
    assert not is_drift(plan_changes(TREE, clone, None))
    render({**TREE, "a.yaml": b"new\none\n"}, clone)
    assert outputs(clone)["a.yaml"] == b"new\r\none\r\nmine\r\n"


def test_a_word_replaced_in_the_whole_repository_is_an_edit_everywhere(tmp_path: Path) -> None:
    tree = {
        f"{name}.yaml": f"# tracegen\nservice: {name}\nport: 1\nlevel: info\n".encode() for name in ("api", "web")
    }
    render(tree, tmp_path)
    for place in sorted(tmp_path.rglob("*")):
        if place.is_file():
            text = place.read_bytes()
            place.write_bytes(
                text.replace(b"api", b"shop").replace(b"tracegen", b"tracing").replace(b"port", b"gate")
            )
    changed = outputs(tmp_path)
    assert set(planned(tree, tmp_path).values()) == {"edited"}
    assert not is_drift(plan_changes(tree, tmp_path, None))
    newer = {path: text.replace(b"info", b"debug") for path, text in tree.items()}
    assert set(verdicts(render(newer, tmp_path)).values()) <= {"merge", "conflict"}
    assert all(b"gate: 1" in outputs(tmp_path)[path] for path in changed)


def test_the_schema_for_editors_is_written_and_kept_up_to_date(tmp_path: Path) -> None:
    apply(plan_changes({"a": b"1\n"}, tmp_path, None, schema=b"{}\n"), tmp_path, None)
    assert (tmp_path / ".tracegen/schema.json").read_bytes() == b"{}\n"
    assert not plan_changes({"a": b"1\n"}, tmp_path, None, schema=b"{}\n").writes
    newer = plan_changes({"a": b"1\n"}, tmp_path, None, schema=b"[]\n")
    assert newer.writes and not is_drift(newer), "it is in no clone"
    apply(newer, tmp_path, None)
    assert (tmp_path / ".tracegen/schema.json").read_bytes() == b"[]\n"


FORMER_STATE = ".tracegen/state.json"


def _former(root: Path, tree: dict[str, bytes], environment: str | None = None) -> None:
    """What an earlier version left."""
    put(root, {**tree, **{f".tracegen/base/{path}": text for path, text in tree.items()}})
    files = {path: sha256(text).hexdigest() for path, text in tree.items()}
    state = {"environment": environment, "files": files, "format": 1}
    ignored = b"# Working files of tracegen. All else here belongs into git.\n/aside/\n/journal.json\n"
    ignored += b"/journal-undo.json\n/kept/\n/lock\n/staging/\n/undo/\n"
    put(root, {FORMER_STATE: (json.dumps(state, indent=2, sort_keys=True) + "\n").encode()})
    put(root, {".tracegen/.gitignore": ignored, ".tracegen/schema.json": b"{}\n"})


LINES = b"".join(b"line %d\n" % number for number in range(12))


def test_a_folder_of_an_earlier_version_is_brought_over_with_its_edits(tmp_path: Path) -> None:
    _former(tmp_path, {"a": LINES, "b/c": LINES, "gone": b"gone\n", "lost": b"lost\n"})
    put(tmp_path, {"a": b"mine\n" + LINES})
    (tmp_path / "lost").unlink()
    before = everything(tmp_path)
    new = {path: LINES.replace(b"line 9", b"new 9") for path in ("a", "b/c")} | {"lost": b"lost\n"}
    assert verdicts(render(new, tmp_path)) == {"a": "merge", "b/c": "update", "gone": "remove", "lost": "yours"}
    assert outputs(tmp_path) == {"a": b"mine\n" + new["a"], "b/c": new["b/c"]}
    assert sorted(everything(tmp_path)) == [MEMORY, ".tracegen/schema.json", "a", "b/c"]
    assert b"/schema.json" in (tmp_path / ".tracegen/.gitignore").read_bytes()
    assert before.keys() - everything(tmp_path).keys() > {FORMER_STATE, ".tracegen/base/b/c"}
    assert not is_drift(plan_changes(new, tmp_path, None))


def test_bringing_it_over_can_be_taken_back(tmp_path: Path) -> None:
    _former(tmp_path, {"a": LINES, "b/c": LINES})
    put(tmp_path, {"a": LINES.replace(b"line 9", b"mine 9")})
    before = everything(tmp_path)
    assert verdicts(render({"a": LINES.replace(b"line 9", b"new 9")}, tmp_path))["a"] == "conflict"
    abort(tmp_path)
    assert everything(tmp_path) == before


def test_an_environment_of_an_earlier_version_is_known(tmp_path: Path) -> None:
    _former(tmp_path, TREE, "prod")
    with pytest.raises(WrongEnvironment):
        plan_changes(TREE, tmp_path, "dev")
    text = (tmp_path / FORMER_STATE).read_text().replace('  "files"', '<<<<<<< HEAD\n  "files"')
    put(tmp_path, {FORMER_STATE: text.encode()})
    with pytest.raises(WrongEnvironment):
        plan_changes(TREE, tmp_path, None)
    assert set(planned(TREE, tmp_path, "prod").values()) == {"same"}


def test_a_folder_of_an_earlier_version_that_is_as_rendered_is_no_drift(tmp_path: Path) -> None:
    _former(tmp_path, TREE)
    changes = plan_changes(TREE, tmp_path, None)
    assert changes.writes and not is_drift(changes)


@pytest.mark.parametrize("lost", ["hash", "text"])
def test_half_a_record_is_no_proof(tmp_path: Path, lost: str) -> None:
    """A file of a person, and a text or a hash alike, but not both."""
    put(tmp_path, {"theirs": b"theirs\n", "tracegen.yaml": b"theirs\n"})
    if lost == "hash":
        put(tmp_path, {".tracegen/base/theirs": b"theirs\n", ".tracegen/base/tracegen.yaml": b"theirs\n"})
    else:
        known = sha256(b"theirs\n").hexdigest()
        state = {"environment": None, "files": {"theirs": known, "tracegen.yaml": known}, "format": 1}
        put(tmp_path, {FORMER_STATE: json.dumps(state).encode()})
    assert "remove" not in planned({}, tmp_path).values()
    render({}, tmp_path)
    assert outputs(tmp_path) == {"theirs": b"theirs\n", "tracegen.yaml": b"theirs\n"}


def test_a_word_replaced_in_file_and_former_text_is_a_conflict_also_without_hashes(tmp_path: Path) -> None:
    _former(tmp_path, TREE)
    put(tmp_path, {"a.yaml": b"mine\n", ".tracegen/base/a.yaml": b"mine\n"})
    for state in ((tmp_path / FORMER_STATE).read_bytes(), b""):
        put(tmp_path, {FORMER_STATE: state})
        assert planned(NEXT, tmp_path)["a.yaml"] == "conflict"
    (tmp_path / FORMER_STATE).unlink()
    assert verdicts(render(NEXT, tmp_path))["a.yaml"] == "conflict"
    assert outputs(tmp_path)["a.yaml"] == both_sides(b"mine\n", b"one!\n")


def test_what_git_merged_in_a_former_folder_heals(tmp_path: Path) -> None:
    theirs, ours = LINES.replace(b"line 3", b"theirs 3"), LINES.replace(b"line 3", b"ours 3")
    shown = LINES.replace(b"line 3\n", b"<<<<<<< HEAD\nours 3\n=======\ntheirs 3\n>>>>>>> other\n")
    _former(tmp_path, {"a": ours})
    put(tmp_path, {"a": shown, ".tracegen/base/a": shown})
    text = (tmp_path / FORMER_STATE).read_text()
    line = next(each for each in text.splitlines(keepends=True) if '"a":' in each)
    other = line.replace(sha256(ours).hexdigest(), sha256(theirs).hexdigest())
    put(tmp_path, {FORMER_STATE: text.replace(line, line.rstrip() + ",\n" + other).encode()})
    assert verdicts(render({"a": LINES}, tmp_path)) == {"a": "update"}
    assert outputs(tmp_path)["a"] == LINES


@pytest.mark.parametrize("text", [b"", b"[]", b"\xff", b'{"format": 1}', b"[" * 100_000, b"null"])
def test_a_broken_state_of_an_earlier_version_loses_no_edit(tmp_path: Path, text: bytes) -> None:
    _former(tmp_path, TREE)
    put(tmp_path, {"b/c.yaml": b"mine\n", FORMER_STATE: text})
    assert verdicts(render(TREE, tmp_path)) == {"a.yaml": "same", "b/c.yaml": "conflict"}
    assert b"mine\n" in outputs(tmp_path)["b/c.yaml"]


def test_reading_gives_what_was_written() -> None:
    files = {"a": (b"", b"x=\0\n\r"), "b/c": (bytes(range(256)) * 3,), "d": (b"x=\0\n\r",)}
    memory = parse_memory(memory_text(parse_memory(b""), files, "prod", "../tracegen.yaml"))
    assert (memory.files, memory.environments, memory.spec) == (files, ("prod",), "../tracegen.yaml")
    assert memory.is_whole
