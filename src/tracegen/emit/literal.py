"""String literals of programming languages: a value can never end its string, its line or its comment."""

from dataclasses import dataclass
from typing import Literal

from tracegen.emit.characters import HIDDEN

#: How a language writes a character that must not stand there raw. `surrogates`: two `\uXXXX` above the Basic
#: Multilingual Plane. `long`: `\uXXXX` and `\UXXXXXXXX`. `braces`: `\u{X}`.
EscapeForm = Literal["surrogates", "long", "braces"]

_NAMED = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}


@dataclass(frozen=True, slots=True)
class LiteralStyle:
    """How a language writes a string in double quotes.

    `escape` is the form of its character escapes; `special` holds further characters that a backslash takes the
    meaning from, such as the `$` of PHP and the `#` of Ruby.
    """

    escape: EscapeForm
    special: str = ""


def string_literal(text: str, style: LiteralStyle) -> str:
    """`text` as a literal in double quotes; control, bidirectional and other hidden characters are escaped."""
    return '"' + "".join(_character(each, style) for each in text) + '"'


def _character(character: str, style: LiteralStyle) -> str:
    if character in _NAMED:
        return _NAMED[character]
    if character in style.special:
        return f"\\{character}"
    if HIDDEN.match(character):
        return _escaped(ord(character), style.escape)
    return character


def _escaped(point: int, form: EscapeForm) -> str:
    if form == "braces":
        return f"\\u{{{point:x}}}"
    if point < 0x10000:
        return f"\\u{point:04x}"
    if form == "long":
        return f"\\U{point:08x}"
    high, low = divmod(point - 0x10000, 0x400)
    return f"\\u{0xD800 + high:04x}\\u{0xDC00 + low:04x}"
