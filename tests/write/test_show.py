"""Changes as lines, as data and as a patch."""

import json
import subprocess
from pathlib import Path

import pytest

from tracegen.write import Changes, as_json, count_line, diff, plan_changes, verdict_lines
from write.folders import outputs, put, render

OLD = {
    "a.yaml": b"one\ntwo\nthree\n",
    "no newline": b"one\ntwo",
    "gone.sh": b"x\n",
    "gone empty": b"",
    "crlf.txt": b"one\r\ntwo\r\n",
    "feed.txt": b"one\x0ctwo\n\xe2\x80\xa8three\n",
}
NEW = {
    "a.yaml": b"one\n2\nthree\n",
    "no newline": b"one\n2",
    "sub folder/new file.txt": "grün\n".encode(),
    "new empty": b"",
    "new.sh": b"#!/bin/sh",
    "crlf.txt": b"one\r\n2\r\n",
    "feed.txt": b"one\x0c2\n\xe2\x80\xa8three\n",
}


def shown(new: dict[str, bytes], root: Path) -> str:
    return diff(plan_changes(new, root, None))


def test_one_line_a_path(tmp_path: Path) -> None:
    render({"a": b"1", "b": b"1"}, tmp_path)
    put(tmp_path, {"b": b"mine"})
    changes = plan_changes({"b": b"2", "c": b"3"}, tmp_path, None)
    assert verdict_lines(changes) == ["remove   a", "create   c", "conflict b"]
    assert json.loads(json.dumps(as_json(changes))) == [
        {"path": "a", "verdict": "remove", "note": ""},
        {"path": "b", "verdict": "conflict", "note": ""},
        {"path": "c", "verdict": "create", "note": ""},
    ]
    assert [each["diff"] for each in as_json(changes, with_diff=True)] == [
        diff(Changes((change,))) for change in changes
    ]


def test_what_is_as_rendered_is_counted_and_shown_only_where_it_is_asked_for(tmp_path: Path) -> None:
    render({"a": b"1", "b": b"1", "d": b"1", "e": b"1"}, tmp_path)
    put(tmp_path, {"b": b"mine", "e": b"mine"})
    changes = plan_changes({"a": b"1", "b": b"2", "c": b"3", "d": b"2", "e": b"3"}, tmp_path, None)
    assert verdict_lines(changes) == ["create   c", "update   d", "conflict b", "conflict e"]
    assert verdict_lines(changes, unchanged=True)[0] == "same     a"
    assert count_line([changes], done=True) == "1 created, 1 updated, 2 conflicts, 1 unchanged"
    assert count_line([changes, changes], done=False) == "2 to create, 2 to update, 4 conflicts, 2 unchanged"
    assert count_line([], done=True) == "no file"


def test_nothing_to_do_shows_nothing(tmp_path: Path) -> None:
    render(OLD, tmp_path)
    put(tmp_path, {"a.yaml": b"mine\n"})
    (tmp_path / "gone.sh").unlink()
    assert shown(OLD, tmp_path) == ""


def test_an_update_is_a_unified_diff(tmp_path: Path) -> None:
    render({"a.yaml": b"one\ntwo"}, tmp_path)
    assert shown({"a.yaml": b"one\n2\n"}, tmp_path) == (
        "diff --git a/a.yaml b/a.yaml\n"
        "--- a/a.yaml\n+++ b/a.yaml\n"
        "@@ -1,2 +1,2 @@\n one\n-two\n\\ No newline at end of file\n+2\n"
    )


def test_a_conflict_is_shown_as_it_will_stand_in_the_file(tmp_path: Path) -> None:
    render({"a": b"base\n"}, tmp_path)
    put(tmp_path, {"a": b"mine\n"})
    assert shown({"a": b"new\n"}, tmp_path).endswith(
        "@@ -1 +1,5 @@\n+<<<<<<< yours\n mine\n+=======\n+new\n+>>>>>>> tracegen\n"
    )


@pytest.mark.parametrize("content", [b"\0", b"\xff\xfe", b"text\0more\n"])
def test_what_is_no_text_is_said_in_a_line(tmp_path: Path, content: bytes) -> None:
    render({"a": b"text\n", "b": content}, tmp_path)
    lines = shown({"a": content, "c": content}, tmp_path).splitlines()
    assert "Binary files a/a and b/a differ" in lines
    assert "Binary files a/b and /dev/null differ" in lines
    assert "Binary files /dev/null and b/c differ" in lines


def test_the_diff_is_a_patch_that_git_applies(tmp_path: Path) -> None:
    root, copy = tmp_path / "root", tmp_path / "copy"
    render(OLD, root)
    put(copy, OLD)
    patch = shown(NEW, root).encode()
    subprocess.run(["git", "apply", "--whitespace=nowarn", "-"], cwd=copy, input=patch, check=True)
    assert outputs(copy) == NEW
    assert (copy / "new.sh").stat().st_mode & 0o111
