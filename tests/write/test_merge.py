"""Edits and a new text in one file: what is merged, what is a conflict, and what a person chose that stays."""

import os
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tracegen.write import CannotWrite, Style, apply, is_drift, plan_changes
from tracegen.write.markers import holds_markers, marked_lines, sides
from tracegen.write.merge import merge_by_git, put_together
from write.folders import both_sides, outputs, planned, put, render, verdicts

OLD = b"""\
receivers:
  otlp:
    protocols: {grpc: {}}
processors:
  memory_limiter:
    check_interval: 1s
exporters:
  otlp:
    endpoint: jaeger:4317
"""
NEW = OLD.replace(b"jaeger:4317", b"tempo:4317")
EDITED = OLD.replace(
    b"    protocols: {grpc: {}}\n", b"    # for the old clients\n    protocols: {'http': {}, grpc: {}}\n"
)


def folder_with(root: Path, edited: bytes, old: bytes = OLD) -> Path:
    render({"a.yaml": old, "b.yaml": old}, root)
    put(root, {"a.yaml": edited})
    return root


def test_an_edit_and_a_new_text_in_different_places_are_merged(tmp_path: Path) -> None:
    changes = render({"a.yaml": NEW, "b.yaml": NEW}, folder_with(tmp_path, EDITED))
    assert verdicts(changes) == {"a.yaml": "merge", "b.yaml": "update"}
    assert outputs(tmp_path)["a.yaml"] == EDITED.replace(b"jaeger:4317", b"tempo:4317")
    assert not is_drift(plan_changes({"a.yaml": NEW, "b.yaml": NEW}, tmp_path, None))


def test_merged_edits_are_carried_through_every_later_text(tmp_path: Path) -> None:
    folder_with(tmp_path, EDITED)
    for port in (b"1:1", b"2:2", b"3:3", b"jaeger:4317"):
        tree = {"a.yaml": OLD.replace(b"jaeger:4317", port)}
        assert verdicts(render(tree, tmp_path))["a.yaml"] == "merge"
        assert outputs(tmp_path)["a.yaml"] == EDITED.replace(b"jaeger:4317", port)


def test_an_edit_that_tracegen_now_makes_itself_is_as_rendered(tmp_path: Path) -> None:
    assert verdicts(render({"a.yaml": NEW}, folder_with(tmp_path, NEW)))["a.yaml"] == "same"


def test_an_edit_that_holds_all_that_is_new_stays_as_it_is(tmp_path: Path) -> None:
    both = EDITED.replace(b"jaeger:4317", b"tempo:4317")
    changes = render({"a.yaml": NEW}, folder_with(tmp_path, both))
    assert verdicts(changes)["a.yaml"] == "edited"
    assert outputs(tmp_path)["a.yaml"] == both
    assert not is_drift(plan_changes({"a.yaml": NEW}, tmp_path, None))


def test_the_order_comments_and_quotes_that_somebody_chose_stay(tmp_path: Path) -> None:
    head, rest = OLD.split(b"exporters:\n")
    receivers, processors = head.split(b"processors:\n")
    turned = b"# ours\nprocessors:\n" + processors + b"\n" + receivers + b"exporters:\n" + rest
    changes = render({"a.yaml": NEW}, folder_with(tmp_path, turned))
    assert verdicts(changes)["a.yaml"] == "merge"
    assert outputs(tmp_path)["a.yaml"] == turned.replace(b"jaeger:4317", b"tempo:4317")


@pytest.mark.parametrize("style", ["inline", "rej"])
def test_a_conflict_shows_both_sides_once(tmp_path: Path, style: Style) -> None:
    mine = EDITED.replace(b"jaeger:4317", b"mine:4317")
    folder_with(tmp_path, mine)
    for _ in range(2):
        changes = plan_changes({"a.yaml": NEW}, tmp_path, None, style=style)
        assert verdicts(changes)["a.yaml"] == "conflict"
        assert is_drift(changes)
        apply(changes, tmp_path, None)
    found = outputs(tmp_path)
    assert not changes.writes
    if style == "inline":
        sides_shown = both_sides(b"    endpoint: mine:4317\n", b"    endpoint: tempo:4317\n")
        assert found == {"a.yaml": mine.replace(b"    endpoint: mine:4317\n", sides_shown)}
    else:
        assert found["a.yaml"] == mine
        assert b"-    endpoint: mine:4317\n+    endpoint: tempo:4317\n" in found["a.yaml.rej"]


def test_what_is_refused_is_a_patch(tmp_path: Path) -> None:
    latin = "# für alle\n".encode("latin-1")
    mine = latin + EDITED.replace(b"jaeger:4317", b"mine:4317")
    tree = {"a.yaml": NEW.replace(b"1s", b"2s")}
    apply(plan_changes(tree, folder_with(tmp_path, mine), None, style="rej"), tmp_path, None)
    assert outputs(tmp_path)["a.yaml"] == mine.replace(b"1s", b"2s")
    assert os.system(f"cd {tmp_path} && git apply a.yaml.rej") == 0
    assert outputs(tmp_path)["a.yaml"] == latin + EDITED.replace(b"1s", b"2s").replace(b"jaeger", b"tempo")


def test_a_settled_conflict_is_an_edit(tmp_path: Path) -> None:
    folder_with(tmp_path, OLD.replace(b"jaeger:4317", b"mine:4317"))
    render({"a.yaml": NEW}, tmp_path)
    put(tmp_path, {"a.yaml": OLD.replace(b"jaeger:4317", b"mine:4317")})
    assert planned({"a.yaml": NEW}, tmp_path) == {"a.yaml": "edited"}
    assert not is_drift(plan_changes({"a.yaml": NEW}, tmp_path, None))
    later = NEW.replace(b"1s", b"9s")
    assert verdicts(render({"a.yaml": later}, tmp_path)) == {"a.yaml": "merge"}
    assert outputs(tmp_path)["a.yaml"] == later.replace(b"tempo:4317", b"mine:4317")


def test_a_file_that_holds_both_sides_is_not_merged_again(tmp_path: Path) -> None:
    folder_with(tmp_path, OLD.replace(b"jaeger:4317", b"mine:4317"))
    render({"a.yaml": NEW}, tmp_path)
    shown = outputs(tmp_path)["a.yaml"]
    later = {"a.yaml": NEW.replace(b"1s", b"9s"), "c.yaml": b"new\n"}
    changes = render(later, tmp_path)
    assert verdicts(changes) == {"a.yaml": "conflict", "c.yaml": "create"}
    assert outputs(tmp_path) == {"a.yaml": shown, "c.yaml": b"new\n"}
    put(tmp_path, {"a.yaml": OLD.replace(b"jaeger:4317", b"both:4317")})
    assert verdicts(render(later, tmp_path))["a.yaml"] == "merge"
    assert outputs(tmp_path)["a.yaml"] == later["a.yaml"].replace(b"tempo:4317", b"both:4317")


def test_a_refusal_that_is_still_there_is_not_merged_over(tmp_path: Path) -> None:
    folder_with(tmp_path, OLD.replace(b"jaeger:4317", b"mine:4317"))
    apply(plan_changes({"a.yaml": NEW}, tmp_path, None, style="rej"), tmp_path, None)
    refused = outputs(tmp_path)["a.yaml.rej"]
    later = {"a.yaml": NEW.replace(b"1s", b"9s")}
    assert verdicts(render(later, tmp_path)) == {"a.yaml": "conflict"}
    assert outputs(tmp_path)["a.yaml.rej"] == refused
    (tmp_path / "a.yaml.rej").unlink()
    assert verdicts(render(later, tmp_path)) == {"a.yaml": "merge"}


@pytest.mark.parametrize("new", [OLD, NEW], ids=["unchanged", "changed"])
def test_the_ends_of_lines_that_somebody_chose_stay(tmp_path: Path, new: bytes) -> None:
    folder_with(tmp_path, OLD.replace(b"\n", b"\r\n"))
    changes = render({"a.yaml": new}, tmp_path)
    assert verdicts(changes)["a.yaml"] == ("edited" if new == OLD else "merge")
    assert outputs(tmp_path)["a.yaml"] == new.replace(b"\n", b"\r\n")
    assert not is_drift(plan_changes({"a.yaml": new}, tmp_path, None))


def test_a_file_of_unknown_origin_shows_only_where_it_differs(tmp_path: Path) -> None:
    put(tmp_path, {"a.yaml": EDITED})
    changes = render({"a.yaml": OLD}, tmp_path)
    assert verdicts(changes) == {"a.yaml": "conflict"}
    (change,) = changes
    assert marked_lines(outputs(tmp_path)["a.yaml"]) == [3]
    assert change.note == "nobody knows what tracegen last wrote there"


def test_without_git_nothing_is_merged_and_nothing_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder_with(tmp_path, OLD.replace(b"1s", b"5s") + b"# the end\n")
    before = outputs(tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(CannotWrite, match=r"a\.yaml: both you and tracegen changed it, but git is not installed"):
        plan_changes({"a.yaml": NEW}, tmp_path, None)
    assert outputs(tmp_path) == before
    assert planned({"a.yaml": OLD, "b.yaml": NEW}, tmp_path) == {"a.yaml": "edited", "b.yaml": "update"}


words = st.lists(st.sampled_from([b"a\n", b"b\n", b"c\n", b"\n"]), max_size=8).map(b"".join)


@settings(max_examples=150, deadline=None)
@given(words, words, words, words, words)
def test_what_is_put_together_without_git_is_what_git_makes_of_it(
    head: bytes, mine: bytes, between: bytes, new: bytes, tail: bytes
) -> None:
    """Distinct lines around and between, so that there is one way to read the change."""
    texts = [b"1\n" + head, b"2\n" + between + b"3\n", tail + b"4\n"]
    base = texts[0] + b"x\n" + texts[1] + b"y\n" + texts[2]
    current = texts[0] + mine + texts[1] + b"y\n" + texts[2]
    rendered = texts[0] + b"x\n" + texts[1] + new + texts[2]
    for ours, theirs in ((current, rendered), (rendered, current)):
        together = put_together(base, ours, theirs)
        assert together is not None
        by_git = merge_by_git(base, ours, theirs, ())
        assert (together, True) == (by_git.text, by_git.clean)
        assert together == texts[0] + mine + texts[1] + new + texts[2]


@settings(max_examples=150, deadline=None)
@given(words, words, words)
def test_whatever_is_put_together_loses_no_change(base: bytes, current: bytes, new: bytes) -> None:
    together = put_together(base, current, new)
    if together is not None:
        counts = [Counter(text.splitlines()) for text in (base, current, new, together)]
        for line in {line for count in counts for line in count}:
            before, mine, rendered, found = (count[line] for count in counts)
            assert found - before == (mine - before) + (rendered - before)


def test_changes_that_touch_are_left_to_git() -> None:
    assert put_together(b"1\n2\n", b"mine\n2\n", b"1\nnew\n") is None
    assert put_together(b"1\n2\n", b"1\nmine\n2\n", b"1\nnew\n2\n") is None
    assert put_together(b"1\n2\n3", b"0\n2\n3", b"1\n2\n3\n") == b"0\n2\n3\n"


def test_nobodys_configuration_of_git_has_a_part_in_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "config").write_text("[merge]\n  conflictStyle = diff3\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "config"))
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "nowhere"))
    render({"a": b"old\n"}, tmp_path / "root")
    put(tmp_path / "root", {"a": b"mine\n"})
    render({"a": b"new\n"}, tmp_path / "root")
    assert outputs(tmp_path / "root") == {"a": both_sides(b"mine\n", b"new\n")}


def test_what_is_no_text_is_left_and_said(tmp_path: Path) -> None:
    folder_with(tmp_path, b"\0")
    (change, _) = render({"a.yaml": NEW, "b.yaml": NEW}, tmp_path)
    assert (change.verdict.value, change.note) == ("conflict", "it is no text, so it cannot be merged")
    assert outputs(tmp_path)["a.yaml"] == b"\0"
    assert planned({"a.yaml": NEW, "b.yaml": NEW}, tmp_path)["a.yaml"] == "conflict"


@pytest.mark.parametrize("style", ["inline", "rej"])
def test_what_could_no_longer_be_read_after_a_merge_is_a_conflict(tmp_path: Path, style: Style) -> None:
    """Both add one key, in places so far apart that the lines fit."""
    old = OLD + b"    a: 1\n    b: 2\n    c: 3\n"
    mine = old.replace(b"    endpoint", b"    timeout: 9s\n    endpoint")
    new = old.replace(b"c: 3\n", b"c: 3\n    timeout: 5s\n")
    folder_with(tmp_path, mine, old)
    changes = plan_changes({"a.yaml": new}, tmp_path, None, style=style)
    change = next(each for each in changes if each.path == "a.yaml")
    assert change.verdict.value == "conflict"
    assert change.note.startswith("merged line by line it could no longer be read")
    apply(changes, tmp_path, None)
    shown = b"".join(outputs(tmp_path).values())
    assert b"timeout: 9s" in shown
    assert b"timeout: 5s" in shown


@pytest.mark.parametrize(
    ("text", "both"),
    [
        (b"a\n<<<<<<< HEAD\nb\n=======\nc\n>>>>>>> other\nd\n", (b"a\nb\nd\n", b"a\nc\nd\n")),
        (b"<<<<<<< HEAD\nb\n||||||| base\nx\n=======\n>>>>>>> other\n", (b"b\n", b"")),
        (b"<<<<<<< HEAD\r\nb\r\n=======\r\n>>>>>>> other\r\n", (b"b\r\n", b"")),
        (b"Title\n=======\n<<<<<<< a\n=======\n>>>>>>> b\n", (b"Title\n=======\n", b"Title\n=======\n")),
        (b"a\n=======\n", None),
        (b"<<<<<<< HEAD\nb\n", None),
        (b">>>>>>> HEAD\n<<<<<<< b\n", None),
        (b"<<<<<<< HEAD\n=======\n=======\n>>>>>>> b\n", None),
    ],
)
def test_both_sides_are_read_from_what_git_left(text: bytes, both: tuple[bytes, bytes] | None) -> None:
    assert sides(text) == both
    assert holds_markers(text) or both is None
