"""Whatever comes in: a mapping, or problems that point into the file. And what YAML wrote is read back."""

import re
from typing import Any

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from source.reading import FILE, PARSERS, data, read_text
from tracegen.problems import ProblemsFound
from tracegen.source import Mapping, Node, Scalar, Sequence, composer, find, place_of
from tracegen.source.scalars import resolve

#: Pieces that mean something to YAML, so that random texts get past the first character.
SIGNS = "ab1:-[]{},'\"\\|>#%@`=~é\r\n\t \ufeff\u2028"
WORDS = "a: |: |\n  |\n\t|- |? |&x |*x|<<: |!t |!!str |!!int |\\x|\\u00e| #|---\n|...\n|{{|}}|\r\n|.nan|%YAML 1.2\n"
PIECES = st.sampled_from([*SIGNS, *WORDS.split("|"), "|2\n"])


def check(content: bytes) -> None:
    lines = content.decode("utf-8", errors="replace").splitlines() or [""]
    try:
        root = read_text(content)
    except ProblemsFound as found:
        assert found.problems
        for problem in found.problems:
            assert problem.message and problem.hint and problem.place.file == FILE
            assert 0 <= problem.place.line <= len(lines) + 1
            assert (problem.place.column > 0) == (problem.place.line > 0)
    else:
        assert isinstance(root, Mapping)


@pytest.mark.parametrize("parser", PARSERS)
@settings(max_examples=500, deadline=None)
@given(
    content=st.one_of(
        st.binary(max_size=60), st.lists(PIECES, max_size=25).map(lambda parts: "".join(parts).encode())
    )
)
@example(content=b'"\\U00110000"')
@example(content=b'a: "\\uD800"')
@example(content=b"\xef\xbb\xbf")
@example(content=b"? ")
@example(content=b"*a")
@example(content=b"&a")
def test_any_bytes_are_a_mapping_or_problems(parser: str, content: bytes) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(composer, "_parser", PARSERS[parser])
        check(content)


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12) | st.sampled_from(
    [
        "no",
        "1e3",
        "0o17",
        "012",
        "1_000",
        "12:30",
        "~",
        "<<",
        "=",
        "",
        " ",
        "a: b",
        "# a",
        "- a",
        "{{ a }}",
        "a\n b\n",
    ]
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**18), 10**18) | st.floats(allow_nan=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)


def as_read(value: Any) -> Any:
    """What was dumped, as YAML 1.2 reads it: PyYAML leaves `1e3` without quotes, since to 1.1 it is a word."""
    if isinstance(value, dict):
        return {key: as_read(item) for key, item in value.items()}
    if isinstance(value, list):
        return [as_read(item) for item in value]
    if not isinstance(value, str):
        return value
    resolver: Any = yaml.resolver.Resolver()  # its stubs have no types
    tag = resolver.resolve(yaml.ScalarNode, value, (True, False))
    return resolve(value) if tag == "tag:yaml.org,2002:str" else value


@pytest.mark.parametrize("parser", PARSERS)
@settings(max_examples=200, deadline=None)
@given(value=st.dictionaries(TEXTS, VALUES, max_size=5), flow=st.booleans())
def test_what_yaml_wrote_is_read_back(parser: str, value: dict[str, Any], flow: bool) -> None:
    text = yaml.safe_dump(value, allow_unicode=False, default_flow_style=flow, sort_keys=False)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(composer, "_parser", PARSERS[parser])
        assert data(text) == as_read(value)


def paths(node: Node) -> list[tuple[str | int, ...]]:
    if isinstance(node, Mapping):
        below: list[tuple[str | int, Node]] = [(key, entry.value) for key, entry in node.entries.items()]
    else:
        below = list(enumerate(node.items)) if isinstance(node, Sequence) else []
    return [(), *((step, *rest) for step, child in below for rest in paths(child))]


@settings(max_examples=200, deadline=None)
@given(value=st.dictionaries(TEXTS, VALUES, max_size=5), flow=st.booleans())
def test_every_path_points_at_its_own_text(value: dict[str, Any], flow: bool) -> None:
    text = yaml.safe_dump(value, allow_unicode=False, default_flow_style=flow, sort_keys=False, width=10**6)
    root = read_text(text)
    lines = text.split("\n")
    for path in paths(root):
        node, place = find(root, path), place_of(root, path)
        here = lines[place.line - 1][place.column - 1 :]
        if isinstance(node, Scalar) and node.plain and "\n" not in node.text:
            assert here.startswith(node.text)
        elif not isinstance(node, Scalar) and path and re.fullmatch("[a-zA-Z]+", str(path[-1])):
            assert here.lstrip("'\"").startswith(str(path[-1]))  # at its key; an item has a number for one
