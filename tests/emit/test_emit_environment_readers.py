"""The real readers agree on what is portable, and disagree on what is not."""

import string
import subprocess
from pathlib import Path

import pytest

from emit.env_readers import READERS
from tracegen.emit import Commented, is_portable, to_env_file

pytestmark = pytest.mark.real


def shapes(character: str) -> list[str]:
    """`character` alone, doubled, first, last, in the middle, and where a shell looks for a home folder."""
    c = character
    return [c, c + c, f"{c}a", f"a{c}", f"a{c}b", f"a:{c}/x", f"a={c}"]


VISIBLE = [*string.ascii_letters, *string.digits, *string.punctuation, *"é中😀Á\u0482\u4e85"]
VALUES = [value for character in VISIBLE for value in shapes(character) if is_portable(value)]


@pytest.mark.parametrize("reader", READERS)
def test_every_reader_gets_portable_values_back(reader: str, tmp_path: Path) -> None:
    entries = {f"V{number}": value for number, value in enumerate(VALUES)}
    head = 'it\'s a "head" with $X, ${Y}, `id`; and a \\'
    file = tmp_path / "x.env"
    file.write_text(to_env_file({**entries, "LAST": Commented("x", head)}, head))
    assert READERS[reader](file) == {**entries, "LAST": "x"}


@pytest.mark.parametrize("reader", sorted(READERS.keys() - {"systemd"}))
def test_every_reader_takes_an_empty_value_for_empty(reader: str, tmp_path: Path) -> None:
    file = tmp_path / "x.env"
    file.write_text(to_env_file({"A": "", "B": "x"}))
    assert READERS[reader](file) == {"A": "", "B": "x"}


@pytest.mark.parametrize("reader", READERS)
def test_every_reader_takes_the_longest_line(reader: str, tmp_path: Path) -> None:
    entries = {"A" * 255: "x" * 65_000, "B": "x"}
    file = tmp_path / "x.env"
    file.write_text(to_env_file(entries))
    assert READERS[reader](file) == entries


# One for each reason. Only older Composes read "a#b" as "a": there it is "a #b" that shows the hash.
DISAGREED = [
    "a b",
    "'a'",
    'a"b',
    "a\\b",
    "a$b",
    "`true`",
    "a&b",
    "a;b",
    "a|b",
    "a>b",
    "(a)",
    "~",
    "a:~",
    "a #b",
    "a\xa0",
]


@pytest.mark.skipif(len(READERS) < 4, reason="needs all of the readers")
@pytest.mark.parametrize("value", DISAGREED)
def test_the_readers_disagree_on_what_is_not_portable(value: str, tmp_path: Path) -> None:
    assert not is_portable(value)
    file = tmp_path / "x.env"
    file.write_text(f"A={value}\n")
    answers = set()
    for reader in READERS.values():
        try:
            answers.add(reader(file).get("A"))
        except subprocess.CalledProcessError:
            answers.add(None)
    assert answers != {value}
