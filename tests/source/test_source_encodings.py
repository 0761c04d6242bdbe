"""Only UTF-8 text is read, and whatever else a file is gets its name and its place."""

import gzip

import pytest

from source.reading import data, problems


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (gzip.compress(b"name: shop\n", mtime=0), "tracegen.yaml: TG104: this is a binary file (a gzip archive)"),
        (b"\x7fELF\x02\x01\x01\0", "tracegen.yaml: TG104: this is a binary file (a program)"),
        (b"\x89PNG\r\n\x1a\n", "tracegen.yaml: TG104: this is a binary file (a PNG image)"),
        (b"PK\x03\x04\x14\0", "tracegen.yaml: TG104: this is a binary file (a zip archive)"),
        (b"a: 1\nb: \0x", "tracegen.yaml:2:4: TG104: this is a binary file: it holds a NUL byte"),
        (b"\0\0\0\0", "tracegen.yaml:1:1: TG104: this is a binary file"),
        ("name: shop\n".encode("utf-16"), "tracegen.yaml: TG104: the file is UTF-16, not UTF-8"),
        ("\ufeffname: shop\n".encode("utf-16-be"), "tracegen.yaml: TG104: the file is UTF-16, not UTF-8"),
        ("name: shop\n".encode("utf-32"), "tracegen.yaml: TG104: the file is UTF-32, not UTF-8"),
        ("name: shop\n".encode("utf-16-le"), "tracegen.yaml: TG104: the file looks like UTF-16, not UTF-8"),
        ("name: shop\n".encode("utf-16-be"), "tracegen.yaml: TG104: the file looks like UTF-16, not UTF-8"),
        ("a: 1\nü: ö\n".encode("latin-1"), "tracegen.yaml:2:1: TG104: the byte 0xfc is not UTF-8"),
        ("a: ü".encode() + b"\xff", "tracegen.yaml:1:5: TG104: the byte 0xff is not UTF-8"),
        (b"\xef\xbb\xbfa: \xc3", "tracegen.yaml:1:4: TG104: the byte 0xc3 is not UTF-8"),
        (b"a: \xed\xa0\x80", "tracegen.yaml:1:4: TG104: the byte 0xed is not UTF-8"),
    ],
)
def test_what_is_not_utf8_text(content: bytes, said: str) -> None:
    assert problems(content).startswith(said)


def test_the_hint_shows_what_the_byte_may_have_been() -> None:
    assert "in Latin-1 this byte is 'é'" in problems("name: café\n".encode("latin-1"))


@pytest.mark.parametrize(
    "character", ["\x01", "\x08", "\x0b", "\x1b", "\x7f", "\x85", "\x9b", "\u2028", "\u2029", "\ufeff", "\uffff"]
)
@pytest.mark.parametrize(
    "text", ["a: 1\nb: é{}x\n", "a: 1\n# é{}\n", "a: 1\n'é{}': 1\n"], ids=["value", "comment", "key"]
)
def test_characters_that_nobody_sees(character: str, text: str) -> None:
    before = text.partition("{}")[0].splitlines()[-1]
    found = problems(text.format(character))
    assert found.startswith(
        f"tracegen.yaml:2:{len(before) + 1}: TG104: the invisible character U+{ord(character):04X}"
    )


def test_each_invisible_character_is_told_up_to_twenty() -> None:
    assert problems("a: \x01\x02\n").count("TG104") == 2
    assert problems("a: " + "\x01" * 100).count("TG104") == 20


def test_a_separator_cannot_hide_a_key_in_a_comment() -> None:
    """YAML 1.1 ends the comment there, an editor does not: a reviewer would not see the key."""
    for separator in ("\x85", "\u2028", "\u2029"):
        assert "TG104" in problems(f"a: 1 # harmless{separator}b: 2\n")


def test_other_scripts_and_signs_are_text() -> None:
    assert data("имя: 東京 😀 é \u200d\n") == {"имя": "東京 😀 é \u200d"}
