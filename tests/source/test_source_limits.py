"""Hostile files are refused in a moment, by both parsers, and never exhaust the stack."""

import time

import pytest

from source.reading import data, problems, read_text, use_parser
from tracegen.source import composer
from tracegen.source.composer import DEEPEST
from tracegen.source.reader import LARGEST_FILE

#: Far above what any of these takes, far below what a file that grows quadratically would.
SECONDS = 10


@pytest.fixture(params=["c", "pure"], autouse=True)
def parser(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    use_parser(monkeypatch, request.param)


@pytest.mark.parametrize(
    "text",
    [
        "a: " + "[" * 50_000,
        "a: " + "{" * 50_000,
        "a: " + "[" * 50_000 + "]" * 50_000,
        "a: " + "{a: " * 50_000,
        "- " * 50_000,
        "? " * 50_000,
        "\n".join(" " * level + "a:" for level in range(1_000)),
        "[" * 2_000_000,
    ],
    ids=["lists", "mappings", "closed", "keys", "items", "question-marks", "indented", "millions"],
)
def test_depth(text: str) -> None:
    begin = time.monotonic()
    assert "deeper than 100 levels" in problems(text)
    assert time.monotonic() - begin < SECONDS


def test_the_deepest_level_is_read() -> None:
    lists = DEEPEST - 1  # the root mapping is the first level
    assert problems(f"a: {'[' * lists}{']' * lists}") == ""
    assert "TG103" in problems(f"a: {'[' * (lists + 1)}{']' * (lists + 1)}")


def test_depth_through_aliases_is_depth() -> None:
    """Each line nests fifty levels and an alias of the line above: shallow to read, deep to walk."""
    lines = ["a0: &a0 x"] + [f"a{n}: &a{n} {'[' * 50}*a{n - 1}{']' * 50}" for n in range(1, 5)]
    found = problems("\n".join(lines))
    assert "deeper than 100 levels" in found
    assert found.startswith("tracegen.yaml:3:")


def test_depth_through_merges_is_depth() -> None:
    lines = ["a0: &a0 {x: 1}"] + [f"a{n}: &a{n} {{x: {{<<: *a{n - 1}}}}}" for n in range(1, 120)]
    assert "deeper than 100 levels" in problems("\n".join(lines))


@pytest.mark.parametrize("shape", ["[{}]", "{{x: [{}]}}"], ids=["lists", "mappings"])
def test_a_bomb_of_aliases(shape: str) -> None:
    lines = ["a0: &a0 [x, x]"] + [
        f"a{n}: &a{n} " + shape.format(", ".join([f"*a{n - 1}"] * 10)) for n in range(1, 30)
    ]
    assert "more than 200,000 values" in problems("\n".join(lines))


def test_a_bomb_of_merges() -> None:
    """Each mapping merges the one above many times over: few keys come out, but much work would go in."""
    lines = ["a0: &a0 {" + ", ".join(f"k{key}" for key in range(100)) + "}"]
    lines += [f"a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 50)}]}}" for n in range(1, 10)]
    assert "more than 200,000 values" in problems("\n".join(lines))


def test_many_values(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(composer, "MOST_NODES", 1_000)  # the real number takes the pure parser half a minute
    fits = 1_000 - 3  # the root, its key and the list itself
    assert len(data(f"a: [{'1,' * fits}]")["a"]) == fits
    assert "more than 1,000 values" in problems(f"a: [{'1,' * (fits + 1)}]")


def test_many_problems_end() -> None:
    assert "TG102: 979 more like the 20 above" in problems("a: 1\n" * 1_000)
    assert "TG102: 980 more like the 20 above" in problems("a: 1\n" * 1_002)


def test_many_problems_below_a_long_key_stay_small() -> None:
    assert len(problems("? " + "k" * 1_000_000 + "\n:\n" + "  a: 1\n" * 1_000)) < 1_000_000


def test_many_aliases_that_are_almost_anchors() -> None:
    begin = time.monotonic()
    anchors = "".join(f"- &anchor{n} x\n" for n in range(20_000))
    aliases = "".join(f"- *anchro{n}\n" for n in range(2_000))
    assert "TG106: 980 more like the 20 above" in problems(f"a:\n{anchors}{aliases}")
    assert time.monotonic() - begin < SECONDS


def test_a_large_file() -> None:
    comment = b"#" * (LARGEST_FILE - 5) + b"\na: 1"
    assert len(comment) == LARGEST_FILE
    assert data(comment) == {"a": 1}
    assert "larger than 4 MiB" in problems(comment + b"\n")


def test_one_long_value() -> None:
    assert len(data("a: '" + "x " * 500_000 + "'")["a"]) == 1_000_000


def test_nothing_deep_is_left_for_others() -> None:
    """Nodes of any accepted file can be compared, printed and walked recursively."""
    root = read_text("a: " + "[" * 99 + "]" * 99)
    assert root == root and repr(root)
