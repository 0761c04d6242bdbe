"""Every scalar that one YAML reader or another would take for something else."""

import sys
import unicodedata
from enum import Enum, IntEnum, StrEnum

import pytest
import yaml

from tracegen.emit import to_yaml
from tracegen.emit.characters import HIDDEN, has_hidden


def written(value: object) -> str:
    return to_yaml({"k": value}).removeprefix("k: ").removesuffix("\n")  # type: ignore[dict-item]


# fmt: off
PLAIN = [
    "shop", "a b", "a  b", "http://collector:4317", "ghcr.io/acme/checkout:1.4", "a:b", "a#b", "--config=/etc/x",
    "-x", "-1x", "10.0.0.1", "0.0.0.0:4317", "127.0.0.1:8080:80", "1.2.3", "10s", "512Mi", "7d", "5m", "0.5x",
    "nope", "yesterday", "nullable", "y1", "truex", "~/x", "x=1", "=x", "<<x", "a,b", "a[0]", "a{b}", 'say "x"',
    "it's", "$HOME", "${env:X}", "a\\b", "\\d+", "100%", "a@b", "a`b", "a!b", "a&b", "a*b", "a|b", "a>b", "a?b",
    "/x", "(x)", "Grüße", "中文", "😀", "\U0001d49c", "2024-Q1", "x---", "a...", "inf", "nan", "1st", "_1", "e2e",
    "e", "0xzz", ".5x", "+x", ".hidden", "1e3x", "v1", "a/b#c", "4317/tcp", "10.0.0.0/8", "x" * 300,
    "long words are never folded " * 40 + "end",
]
# fmt: on


@pytest.mark.parametrize("text", PLAIN)
def test_what_all_readers_take_for_a_string_stays_plain(text: str) -> None:
    assert written(text) == text
    assert yaml.safe_load(to_yaml({"k": text})) == {"k": text}


# fmt: off
WORDS = [
    "~", "null", "y", "n", "yes", "no", "on", "off", "true", "false", "=", "<<", ".inf", ".nan", "-.inf", "+.nan",
]
# fmt: on
# fmt: off
QUOTED = [
    "", " ", " x", "x ", "-", "--", "---", "--- x", "---x", "...", "... x", "...x", "- x", "?", "? x", "?x", ":",
    ":x", ": x", "x:", "x: y", "x #y", "#", "#x", "!", "!x", "!!str x", "&", "&x", "*", "*x", "|", "|-", ">", ">x",
    "%", "%x", "@", "@x", "`", "`x", "'", "'x'", "[", "]", "[x]", "{", "}", "{x}", ",", ",x", "{}", "[]",
    "0", "1", "-1", "+1", "012", "09", "0o17", "0O17", "0x1f", "0X1F", "-0x1f", "0b11", "0B11", "1_000", "_0x1f",
    "1e3", "1E3", "1e+3", "1e-05", "12e03", "1.", "1.0", ".5", "-.5", "+.5", "._1", "1.5e3", "1,000", "1_.5",
    "1e400", "1:30", "190:20:30", "190:20:30.15", "-1:30", "8080:80", "1:60", "123456789012345678901234567890",
    "2001-12-14", "2001-1-1", "2001-12-14T01:02:03Z", "2001-12-14t21:59:43.10-05:00", "2001-12-14 21:59:43.10 -5",
    # Found by giving random scalars to real readers: Go's drop underscores first, npm's yaml reads NaN.
    "-_0x1f", "0b_-1", "0b-1", "0o+7", "e9", "E0", "e01", "0x", "0b_",
]
# fmt: on


@pytest.mark.parametrize("text", [*QUOTED, *WORDS, *(word.upper() for word in WORDS), *map(str.title, WORDS)])
def test_what_some_reader_takes_for_something_else_is_quoted(text: str) -> None:
    assert written(text) == f'"{text}"'
    assert to_yaml({text: 1}) == f'"{text}": 1\n'
    assert yaml.safe_load(to_yaml({text: [text]})) == {text: [text]}


ESCAPED = {
    'a: "b"': r'"a: \"b\""',
    "\\ ": r'"\\ "',
    "a\tb": r'"a\tb"',
    "a\rb": r'"a\rb"',
    "a\r\nb": r'"a\r\nb"',
    "\x00\x07\x1b": r'"\x00\x07\x1B"',
    "\x7f\x85\xa0\xad": r'"\x7F\x85\xA0\xAD"',
    "a\u2028b\u2029": r'"a\u2028b\u2029"',
    "\ufeffx": r'"\uFEFFx"',
    "\u202egnp.exe": r'"\u202Egnp.exe"',
    "\u202a\u202b\u202c\u202d\u2066\u2067\u2068\u2069\u200e\u200f\u061c": (
        r'"\u202A\u202B\u202C\u202D\u2066\u2067\u2068\u2069\u200E\u200F\u061C"'
    ),
    "a\u200bb\u200c\u200d\u2060": r'"a\u200Bb\u200C\u200D\u2060"',
    "\ufffe\uffff\ue000": r'"\uFFFE\uFFFF\uE000"',
    "\U000e0041\U0010ffff": r'"\U000E0041\U0010FFFF"',
    "\u3000x": r'"\u3000x"',
}


@pytest.mark.parametrize(("text", "expected"), ESCAPED.items())
def test_what_cannot_be_seen_is_escaped_in_values_and_keys(text: str, expected: str) -> None:
    assert written(text) == expected
    assert to_yaml({text: 1}) == f"{expected}: 1\n"
    assert yaml.safe_load(to_yaml({text: text})) == {text: text}


def test_no_character_that_unicode_calls_hidden_is_written_raw() -> None:
    categories = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp", "Zs"}
    hidden = {c for c in map(chr, range(sys.maxunicode + 1)) if unicodedata.category(c) in categories} - {" "}
    assert [hex(ord(c)) for c in sorted(hidden) if not HIDDEN.match(c)] == []


def test_letters_digits_and_marks_that_writing_needs_are_not_hidden() -> None:
    assert not has_hidden("aZ09 é e\u0301 ß Ω Ж א ع अ ก 中 あ 한 € → … – “” 😀")


# fmt: off
NUMBERS = [
    (0, "0"), (-12, "-12"), (2**64, "18446744073709551616"), (True, "true"), (False, "false"), (None, "null"),
    (0.1, "0.1"), (1.0, "1.0"), (-0.0, "-0.0"), (1e-05, "0.00001"), (-1.5e-7, "-0.00000015"),
    (1e16, "10000000000000000.0"), (1.25e20, "125000000000000000000.0"), (-1e22, "-10000000000000000000000.0"),
    (1.2345678901234568e17, "123456789012345680.0"),
]
# fmt: on


@pytest.mark.parametrize(("number", "expected"), NUMBERS)
def test_numbers_are_read_as_the_same_number_of_the_same_type(number: object, expected: str) -> None:
    assert written(number) == expected
    read = yaml.safe_load(to_yaml({"k": number}))["k"]  # type: ignore[dict-item]
    assert (type(read), read) == (type(number), number)


class Word(StrEnum):
    NO = "no"


class OldWord(str, Enum):  # noqa: UP042 - it prints its own name where StrEnum prints its value
    NO = "no"


class Count(IntEnum):
    TWO = 2


def test_members_of_enumerations_are_written_as_what_they_are_underneath() -> None:
    assert to_yaml({Word.NO: OldWord.NO, OldWord.NO.name: [Word.NO, Count.TWO]}) == (
        '"no": "no"\n"NO":\n  - "no"\n  - 2\n'
    )
