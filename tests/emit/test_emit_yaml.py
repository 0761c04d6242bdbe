"""Structure and comments, to the byte."""

from types import MappingProxyType
from typing import Any, NamedTuple

import pytest
import yaml

from tracegen.emit import Commented, Value, to_yaml


class Pair(NamedTuple):
    left: int
    right: int


STRUCTURES: list[tuple[Any, str]] = [
    ({}, "{}\n"),
    ([], "[]\n"),
    ("x", "x\n"),
    ("a\nb", '"a\\nb"\n'),
    (None, "null\n"),
    (1.5, "1.5\n"),
    ({"a": {}, "b": [], "c": ()}, "a: {}\nb: []\nc: []\n"),
    ({"a": {"b": {"c": 1}}}, "a:\n  b:\n    c: 1\n"),
    ({"a": ["x", "z"]}, "a:\n  - x\n  - z\n"),
    (["x", {"a": 1, "b": 2}], "- x\n- a: 1\n  b: 2\n"),
    ({"a": [{"m": "x", "p": ["y"]}, {}]}, 'a:\n  - m: x\n    p:\n      - "y"\n  - {}\n'),
    ([[1, [2]], [], [{"a": [3]}]], "- - 1\n  - - 2\n- []\n- - a:\n      - 3\n"),
    ({"a": Pair(1, 2), "b": MappingProxyType({"c": range(1)})}, "a:\n  - 1\n  - 2\nb:\n  c:\n    - 0\n"),
    ([{"a": {"b": 1}, "c": 2}], "- a:\n    b: 1\n  c: 2\n"),
]


@pytest.mark.parametrize(("value", "expected"), STRUCTURES)
def test_structure(value: Any, expected: str) -> None:
    assert to_yaml(value) == expected


BLOCKS = [
    ("a\nb", "k: |-\n  a\n  b\n"),
    ("a\nb\n", "k: |\n  a\n  b\n"),
    ("a\n", "k: |\n  a\n"),
    ("a\n\n  b\n", "k: |\n  a\n\n    b\n"),
    ("  a\nb\n", "k: |2\n    a\n  b\n"),
    (" a\nb", "k: |2-\n   a\n  b\n"),
    ("#a\n---\n'x: [", "k: |-\n  #a\n  ---\n  'x: [\n"),
    ("a\n\n", 'k: "a\\n\\n"\n'),  # a file ends in one newline, so a block cannot end in a blank line
    ("\na\n", 'k: "\\na\\n"\n'),
    ("\n", 'k: "\\n"\n'),
    ("a\n\n\n\nb", 'k: "a\\n\\n\\n\\nb"\n'),  # yamllint: at most two blank lines
    ("a \nb\n", 'k: "a \\nb\\n"\n'),
    ("a\n \nb\n", 'k: "a\\n \\nb\\n"\n'),
    ("a\nb ", 'k: "a\\nb "\n'),
    ("a\tb\n", 'k: "a\\tb\\n"\n'),
    ("a\r\nb\n", 'k: "a\\r\\nb\\n"\n'),
    ("a\x85b\u2028c\n", 'k: "a\\x85b\\u2028c\\n"\n'),
    ("a\ufeff\n\u202eb\n", 'k: "a\\uFEFF\\n\\u202Eb\\n"\n'),
]


@pytest.mark.parametrize(("text", "expected"), BLOCKS)
def test_text_with_lines_is_a_literal_block_where_a_block_can_hold_it(text: str, expected: str) -> None:
    assert to_yaml({"k": text}) == expected
    assert yaml.safe_load(expected) == {"k": text}


def test_blocks_are_indented_from_the_key_or_dash_they_belong_to() -> None:
    value: Value = [" a\nb\n", ["c\nd"], {"k": " e\nf\n", "l": "g\nh"}]
    assert to_yaml({"x": value}) == (
        "x:\n"
        "  - |2\n     a\n    b\n"
        "  - - |-\n      c\n      d\n"
        "  - k: |2\n       e\n      f\n"
        "    l: |-\n      g\n      h\n"
    )  # fmt: skip
    assert yaml.safe_load(to_yaml({"x": value})) == {"x": value}


def test_comments_stand_above_their_key_or_dash() -> None:
    value: Value = {
        "receivers": Commented({"otlp": Commented({"grpc": None}, "both protocols")}, "from the services"),
        "args": [Commented("--x", "why x\nand not y"), "--y", Commented([Commented(1, "inner")], "outer")],
        "list": [Commented({"a": Commented(1, "of a"), "b": Commented(2, "of b")}, "of the item")],
        "text": Commented("a\nb\n", "two lines"),
        "empty": Commented([], "nothing"),
        "twice": Commented(Commented(1, "second"), "first"),
    }
    assert to_yaml(value) == (
        "# from the services\n"
        "receivers:\n"
        "  # both protocols\n"
        "  otlp:\n"
        "    grpc: null\n"
        "args:\n"
        "  # why x\n"
        "  # and not y\n"
        "  - --x\n"
        "  - --y\n"
        "  # outer\n"
        "  # inner\n"
        "  - - 1\n"
        "list:\n"
        "  # of the item\n"
        "  # of a\n"
        "  - a: 1\n"
        "    # of b\n"
        "    b: 2\n"
        "# two lines\n"
        "text: |\n"
        "  a\n"
        "  b\n"
        "# nothing\n"
        "empty: []\n"
        "# first\n"
        "# second\n"
        "twice: 1\n"
    )


COMMENTS = [
    ("x", "# x\n"),
    ("", ""),
    (" \n\u200b", ""),
    ("a\n\nb\n", "# a\n#\n# b\n"),
    ("  a  ", "#   a\n"),
    ("a\rb: 1", "# a\n# b: 1\n"),
    ("a\r\nb\x85c\u2028d\u2029e\x0bf\x0cg\x1ch", "".join(f"# {c}\n" for c in "abcdefgh")),
    ("a\tb\xa0c", "# a b c\n"),
    ("\u202ea\u2066b\x00\x1b[31m\ufeff\ud800", "# ab[31m\n"),
    ("# a", "# # a\n"),
    ("key: [value", "# key: [value\n"),
]


@pytest.mark.parametrize(("comment", "expected"), COMMENTS)
def test_a_comment_never_ends_its_line_and_hides_nothing(comment: str, expected: str) -> None:
    assert to_yaml({"k": Commented(1, comment)}) == f"{expected}k: 1\n"
    assert to_yaml({"k": 1}, head=comment) == f"{expected}k: 1\n"
    assert to_yaml({"k": [Commented({"a": 1}, comment)]}).replace("\n  ", "\n").startswith(f"k:\n{expected}- a")


def test_a_head_and_the_comment_of_the_first_key_are_kept_apart() -> None:
    assert to_yaml({"k": Commented(1, "c")}, head="Made by tracegen.") == "# Made by tracegen.\n\n# c\nk: 1\n"
    assert to_yaml(Commented([1], "c"), head="h") == "# h\n\n# c\n- 1\n"


def test_only_a_key_that_readers_would_not_find_is_written_with_a_question_mark() -> None:
    ordinary, long = "k" * 1000, "k" * 1001
    assert to_yaml({ordinary: 1}) == f"{ordinary}: 1\n"
    value: Value = {"a": [{long: {"b": 1}, "c": 2, long + "x": "d\ne"}]}
    assert to_yaml(value) == (
        f"a:\n  - ? {long}\n    :\n      b: 1\n    c: 2\n    ? {long}x\n    : |-\n      d\n      e\n"
    )
    assert yaml.safe_load(to_yaml(value)) == value
    assert to_yaml({"a\nb": 1}) == '"a\\nb": 1\n'


def test_the_same_object_twice_is_written_twice() -> None:
    shared = {"a": ["x"]}
    assert to_yaml([shared, shared]) == "- a:\n    - x\n- a:\n    - x\n"


def test_a_hundred_levels() -> None:
    value: Any = "x"
    for level in range(100):
        value = {"a": value} if level % 2 else [Commented(value, "c")]
    assert to_yaml(value).count("- ") == 50


REFUSED: list[tuple[Any, type[Exception], str]] = [
    ({1: 2}, TypeError, "the top value: the key 1 is not a str"),
    ({"a": {None: 2}}, TypeError, "a: the key None is not a str"),
    ({"services": {"web": {"ports": [b"80"]}}}, TypeError, "services.web.ports[0]: cannot write a bytes"),
    ({"a": [[1], [Commented({1, 2}, "c")]]}, TypeError, "a[1][0]: cannot write a set"),  # type: ignore[arg-type]
    ([object()], TypeError, "[0]: cannot write a object"),
    (1j, TypeError, "the top value: cannot write a complex"),
    ({"a": [1.0, float("nan")]}, ValueError, "a[1]: nan is not a finite number"),
    ({"a": Commented(float("-inf"), "c")}, ValueError, "a: -inf is not a finite number"),
    ({"a": "x\udcff"}, ValueError, "a: holds the lone surrogate U+DCFF, which is no character"),
    ({"a": "x\n\ud800"}, ValueError, "a: holds the lone surrogate U+D800, which is no character"),
]


@pytest.mark.parametrize(("value", "error", "message"), REFUSED)
def test_what_has_no_one_spelling_is_refused_by_its_path(value: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error) as caught:
        to_yaml(value)
    assert str(caught.value) == message
