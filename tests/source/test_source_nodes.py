"""Nodes know where they stand, and paths lead to them."""

from source.reading import FILE, read_text
from tracegen.problems import Place
from tracegen.source import Scalar, dotted, find, place_of, plain

TEXT = """\
name: shop
services:
  checkout:
    language: python
    calls: [payment, ledger]
sampling:
  tail:
    keep:
      - errors
      - {slower_than: 1s}
"""


def place(path: tuple[str | int, ...], text: str = TEXT) -> tuple[int, int]:
    found = place_of(read_text(text), path)
    assert found.file == FILE
    return found.line, found.column


def test_a_scalar_is_pointed_at_itself() -> None:
    assert place(("services", "checkout", "language")) == (4, 15)
    assert place(("services", "checkout", "calls", 1)) == (5, 22)


def test_a_mapping_or_list_is_pointed_at_its_key() -> None:
    assert place(("services",)) == (2, 1)
    assert place(("services", "checkout")) == (3, 3)
    assert place(("services", "checkout", "calls")) == (5, 5)


def test_an_item_that_is_a_mapping_has_no_key_and_is_pointed_at_itself() -> None:
    assert place(("sampling", "tail", "keep", 1)) == (10, 9)


def test_a_path_that_is_not_there_points_at_the_key_of_the_nearest_ancestor() -> None:
    assert place(("services", "checkout", "port")) == (3, 3)
    assert place(("services", "checkout", "calls", 7)) == (5, 5)
    assert place(("services", "other", "port")) == (2, 1)
    assert place(("name", "below")) == (1, 1)
    assert place(("name", 0)) == (1, 1)
    assert place(("nothing",)) == (1, 1)
    assert place(()) == (1, 1)


def test_columns_count_characters() -> None:
    assert place(("ключ", "ü"), "ключ: {'😀': 1, ü: 2}\n") == (1, 19)


def test_lines_count_with_crlf_and_after_a_byte_order_mark() -> None:
    assert place(("b",), "\ufeffa: 1\r\nb: 2\r\n") == (2, 4)
    assert place(("a",), "\ufeffa: 1\r\n") == (1, 4)


def test_find() -> None:
    root = read_text(TEXT)
    assert find(root, ()) is root
    assert find(root, ("services", "checkout", "calls", 0)) == Scalar("payment", True, Place(FILE, 5, 13))
    for path in [("none",), ("name", "x"), ("services", 0), ("services", "checkout", "calls", -1)]:
        assert find(root, path) is None


def test_plain() -> None:
    assert plain(read_text(TEXT)) == {
        "name": "shop",
        "services": {"checkout": {"language": "python", "calls": ["payment", "ledger"]}},
        "sampling": {"tail": {"keep": ["errors", {"slower_than": "1s"}]}},
    }


def test_dotted() -> None:
    assert dotted(("sampling", "tail", "keep", 0, "all", 1)) == "sampling.tail.keep[0].all[1]"
    assert dotted((0,)) == "[0]"
    assert dotted(()) == ""


def test_source_text_of_scalars_is_kept() -> None:
    root = read_text("env: {A: 012, B: 1.10, C: no, D: 0o17, E: ~}\n")
    texts = {key: find(root, ("env", key)) for key in "ABCDE"}
    assert [node.text for node in texts.values() if isinstance(node, Scalar)] == ["012", "1.10", "no", "0o17", "~"]
