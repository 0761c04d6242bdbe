"""What reads well: keys, anchors, merges, tags, and all the shapes a file may have."""

import pytest

from source.reading import data, problems, read_text, use_parser
from tracegen.problems import ProblemsFound
from tracegen.source import place_of


@pytest.fixture(params=["c", "pure"], autouse=True)
def parser(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    use_parser(monkeypatch, request.param)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: 1", {"a": 1}),
        ("a: 1\n", {"a": 1}),
        ("{}", {}),
        ("--- \na: 1\n...\n", {"a": 1}),
        ("%YAML 1.2\n---\na: 1\n", {"a": 1}),
        ("# a\na: 1 # b\n", {"a": 1}),
        ("a: 1\r\nb:\r\n- 2\r\n", {"a": 1, "b": [2]}),
        ("\ufeffa: 1\n", {"a": 1}),
        ("a:\n", {"a": None}),
        ("a: http://x:1/#y\n", {"a": "http://x:1/#y"}),
        ("a: [b: c, d]\n", {"a": [{"b": "c"}, "d"]}),
        ("? a\n: b\n", {"a": "b"}),
        ("a: 'b: c'\n", {"a": "b: c"}),
        ('a: "{{ x }}"\n', {"a": "{{ x }}"}),
        ('a: "\\e[0m\\u2028"\n', {"a": "\x1b[0m\u2028"}),
        ("a: |\n  <<<<<<< HEAD\n", {"a": "<<<<<<< HEAD\n"}),
    ],
)
def test_shapes(text: str, expected: object) -> None:
    assert data(text) == expected


def test_keys_are_their_source_text() -> None:
    keys = "80: a\n1.10: b\ntrue: c\nno: d\nnull: e\n~: f\n'quoted': g\n? \n: h\n"
    assert list(data(keys)) == ["80", "1.10", "true", "no", "null", "~", "quoted", ""]


def test_a_quoted_key_is_the_same_key() -> None:
    assert "TG102" in problems("80: a\n'80': b\n")


def test_the_order_of_keys_is_kept() -> None:
    assert list(data("c: 1\na: 2\nb: 3\n")) == ["c", "a", "b"]


def test_aliases() -> None:
    assert data("a: &x {b: [1]}\nc: *x\nd: [*x, *x]\n*k : 1\n".replace("*k ", "e")) == {
        "a": {"b": [1]},
        "c": {"b": [1]},
        "d": [{"b": [1]}, {"b": [1]}],
        "e": 1,
    }


def test_an_alias_can_be_a_key() -> None:
    assert data("a: &x word\n*x : 1\n") == {"a": "word", "word": 1}


def test_an_anchor_given_again_means_the_later_one() -> None:
    assert data("a: &x 1\nb: *x\nc: &x 2\nd: *x\n") == {"a": 1, "b": 1, "c": 2, "d": 2}
    assert data("a: &x [&x 1, *x]\nb: *x\n") == {"a": [1, 1], "b": 1}


def test_an_aliased_scalar_is_pointed_at_where_it_is_used() -> None:
    root = read_text("a: &x {b: &y 1}\nc: *x\nd: *y\n")
    assert place_of(root, ("d",)).line == 3
    assert place_of(root, ("c",)).line == 2
    assert place_of(root, ("c", "b")).line == 1


def test_merges() -> None:
    text = """\
base: &base {replicas: 1, language: go, env: {A: 1}}
more: &more {replicas: 5, port: 80}
one:
  <<: *base
  language: java
two:
  language: java
  <<: [*base, *more]
"""
    found = data(text)
    assert found["one"] == {"replicas": 1, "language": "java", "env": {"A": 1}}
    assert found["two"] == {"replicas": 1, "language": "java", "env": {"A": 1}, "port": 80}


def test_a_merged_key_points_at_where_it_was_written() -> None:
    root = read_text("base: &base {port: 80}\none: {<<: *base}\n")
    assert place_of(root, ("one", "port")).line == 1


def test_merges_of_merges() -> None:
    assert data("a: &a {x: 1}\nb: &b {<<: *a, y: 2}\nc: {<<: *b, x: 3}\n")["c"] == {"x": 3, "y": 2}


def test_a_quoted_merge_sign_is_a_key() -> None:
    assert data("a: {'<<': b}\n") == {"a": {"<<": "b"}}


def test_a_merge_of_an_unknown_alias_is_one_problem() -> None:
    assert problems("a: {<<: *b}\n").count("TG") == 1
    assert problems("a: {<<: [*b, *c]}\n").count("TG") == 2


def test_core_tags_that_fit() -> None:
    text = "a: !!str 12\nb: !!int 12\nc: !!float 1\nd: !!bool true\ne: !!null ~\nf: !!seq []\ng: !!map {}\n"
    assert data(text) == {"a": "12", "b": 12, "c": 1, "d": True, "e": None, "f": [], "g": {}}
    assert data("a: !!int '12'\nb: ! 12\nc: !!str\nd: ! []\n!!str e: 1\n") == {
        "a": 12,
        "b": "12",
        "c": "",
        "d": [],
        "e": 1,
    }


def test_a_document_that_begins_with_a_tag_of_its_own_handle() -> None:
    assert "TG106" in problems("%TAG !e! tag:example.com,2024:\n---\na: !e!foo bar\n")
    assert data("%TAG !y! tag:yaml.org,2002:\n---\na: !y!str 1\n") == {"a": "1"}


def test_problems_come_sorted_and_all_together() -> None:
    with pytest.raises(ProblemsFound) as raised:
        read_text("b: *x\na: 1\na: !foo 2\n[c]: d\n")
    assert [(found.code.id, found.place.line) for found in raised.value.problems] == [
        ("TG106", 1),
        ("TG102", 3),
        ("TG106", 3),
        ("TG106", 4),
    ]
