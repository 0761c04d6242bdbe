"""Edits and a new text in one file: what is merged, what is a conflict, and what a person chose that stays."""

import os
import subprocess
import time
from collections import Counter
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tracegen.write import Style, apply, is_drift, plan_changes
from tracegen.write.merge import holds_markers, is_mixture, keeps_lines, marked_lines, merge, sides
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


def test_no_program_is_needed_to_merge(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder_with(tmp_path, OLD.replace(b"1s", b"5s"))
    monkeypatch.setenv("PATH", str(tmp_path))
    assert planned({"a.yaml": NEW}, tmp_path)["a.yaml"] == "merge"


words = st.lists(st.sampled_from([b"a\n", b"b\n", b"c\n", b"\n", b"d\r\n", b"e"]), max_size=12).map(b"".join)


@settings(max_examples=600, deadline=None)
@given(words, words, words)
def test_whatever_is_merged_holds_every_line_of_both(base: bytes, current: bytes, new: bytes) -> None:
    """A line that only one side has is there; one that both had goes only where a side took it away."""
    merged = merge(base, current, new)
    assert keeps_lines(base, current, merged.text) and keeps_lines(base, new, merged.text)
    assert merged.clean == (merged.yours == merged.rendered == merged.text)
    assert merged.clean or (holds_markers(merged.text) and marked_lines(merged.text))


@settings(max_examples=300, deadline=None)
@given(words, words, words)
def test_a_clean_merge_adds_and_takes_as_often_as_both_sides_did(base: bytes, current: bytes, new: bytes) -> None:
    merged = merge(base, current, new)
    if merged.clean:
        counts = [Counter(text.splitlines()) for text in (base, current, new, merged.text)]
        for line in {line for count in counts for line in count}:
            before, mine, rendered, found = (count[line] for count in counts)
            both = (mine - before) + (rendered - before)
            # What both sides did alike is done once.
            assert (
                min(mine - before, rendered - before, both)
                <= found - before
                <= max(mine - before, rendered - before, both)
            )


@settings(max_examples=150, deadline=None)
@given(words, words, words, words, words)
def test_changes_apart_are_put_together(head: bytes, mine: bytes, between: bytes, new: bytes, tail: bytes) -> None:
    """Distinct lines around and between, so that there is one way to read the change."""
    texts = [b"1\n" + head + b"\n", b"2\n" + between + b"\n3\n", tail + b"\n4\n"]
    mine, new = mine + b"\n", new + b"\n"
    base = texts[0] + b"x\n" + texts[1] + b"y\n" + texts[2]
    current = texts[0] + mine + texts[1] + b"y\n" + texts[2]
    rendered = texts[0] + b"x\n" + texts[1] + new + texts[2]
    for ours, theirs in ((current, rendered), (rendered, current)):
        merged = merge(base, ours, theirs)
        assert (merged.clean, merged.text) == (True, texts[0] + mine + texts[1] + new + texts[2])


@pytest.mark.parametrize("seed", range(60))
def test_it_is_what_git_makes_of_it(tmp_path: Path, seed: int) -> None:
    """Not byte for byte in every case, since two ways to read a change may be as short; but what is clean is."""
    random = Random(seed)
    base = [b"%d\n" % random.randrange(40) for _ in range(30)]
    current, new = _changed(base, random), _changed(base, random)
    texts = [b"".join(lines) for lines in (current, base, new)]
    for name, text in zip(("current", "base", "new"), texts, strict=True):
        (tmp_path / name).write_bytes(text)
    labels = [word for label in ("yours", "before", "tracegen") for word in ("-L", label)]
    command = ["git", "merge-file", "-p", *labels, "current", "base", "new"]
    by_git = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False)
    merged = merge(texts[1], texts[0], texts[2])
    assert merged.clean == (by_git.returncode == 0)
    if merged.clean:
        assert merged.text == by_git.stdout
    else:
        assert merged.text.count(b"<<<<<<< yours\n") and merged.text.count(b">>>>>>> tracegen\n")


def _changed(lines: list[bytes], random: Random) -> list[bytes]:
    changed = list(lines)
    for number in range(random.randrange(1, 4)):
        at = random.randrange(len(changed))
        changed[at : at + random.randrange(3)] = [b"new %d %d\n" % (number, random.randrange(99))] * random.randrange(
            3
        )
    return changed


LARGE = 2000


def _lock_file(blocks: int, seed: int) -> list[bytes]:
    random = Random(seed)
    return [
        line
        for number in range(blocks)
        for line in (
            b'  "package-%d": {\n' % number,
            b'    "version": "1.%d.0",\n' % random.randrange(9),
            b'    "integrity": "%d"\n' % random.randrange(10**9),
            b"    },\n",
            b"\n",
        )
    ]


@pytest.mark.parametrize("kind", ["edits", "regenerated", "few lines", "one line", "shuffled"])
def test_the_time_of_a_merge_grows_as_the_text_does(kind: str) -> None:
    """A lock file of 10,000 lines takes at most some three times as long as one of half its length."""
    times = []
    for blocks in (LARGE // 2, LARGE):
        random = Random(blocks)
        base = _lock_file(blocks, 1)
        if kind == "few lines":
            base = [b"%d\n" % random.randrange(40) for _ in base]
        elif kind == "one line":
            base = [b"\n" for _ in base]
        current, new = list(base), list(base)
        if kind == "regenerated":
            current, new = _lock_file(blocks, 2), _lock_file(blocks, 3)
        elif kind == "shuffled":
            random.shuffle(current)
        for lines in (current, new):
            for _ in range(blocks // 4):
                lines[random.randrange(len(lines))] = b"changed %d\n" % random.randrange(10**6)
        start = time.process_time()
        for _ in range(2):
            merge(*(b"".join(lines) for lines in (base, current, new)))
        times.append(time.process_time() - start)
    assert times[1] < 3.5 * times[0] + 0.2
    assert times[1] < 10


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


ONE, OTHER = b"1\na\n2\n3\n4\nb\n5\n", b"1\n2\n3 other\n4\n5\n6\n"


@pytest.mark.parametrize(
    ("text", "mixed"),
    [
        (ONE, True),
        (OTHER, True),
        (b"1\na\n2\n3 other\n4\nb\n5\n6\n", True),
        (b"1\na\n2\n3 other\n4\n5\n", True),
        (b"1\na\n2\n3 mine\n4\nb\n5\n6\n", False),
        (b"1\na\n3\n4\nb\n5\n", False),
        (b"1\na\n2\n3\n4\nb\n5\nmine\n", False),
        (b"1\na\n2\n<<<<<<< HEAD\n3\n=======\n3 other\n>>>>>>> b\n4\n5\n6\n", True),
        (b"1\na\n2\n<<<<<<< HEAD\n3 mine\n=======\n3 other\n>>>>>>> b\n4\n5\n6\n", False),
        (b"1\n<<<<<<< HEAD\na\n2\n", False),
        (b"", False),
    ],
)
def test_what_git_made_of_two_texts_is_known_from_what_a_person_wrote(text: bytes, mixed: bool) -> None:
    assert is_mixture(text, [ONE, OTHER]) == mixed
    assert is_mixture(text, [OTHER, b"else\n", ONE]) == mixed
