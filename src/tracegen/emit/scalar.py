"""One scalar as YAML, spelled so that every reader of YAML 1.1 and 1.2 gets the same value back.

Judged by PyYAML and libyaml (1.1), Go's yaml.v2, v3 and v4 (which read for the Collector, Jaeger, Tempo,
Compose and Kubernetes), js-yaml, npm's yaml and ruamel.yaml (1.2).
"""

import re
from functools import lru_cache

from tracegen.emit.characters import HIDDEN_RANGES, has_hidden
from tracegen.emit.value import Refused, finite, text_key

# What one reader or another does not take for a string, in all the spellings that any of them knows.
_WORDS = r"~|null|true|false|y|n|yes|no|on|off|=|<<|[-+]?\.(?:inf|nan)"
# Go drops underscores first: `-_0x1f` is -31 and `0b_-1` is -1. To npm's yaml, `e9` is the float NaN.
_RADIX = r"[-+_]*0_*[xob][-+_0-9a-f]*|e[-+]?[0-9_]+"
# All that is made of a number's characters, 1:30 (90 to YAML 1.1) too, but for addresses and versions.
_DOTTED = r"[0-9]+(?:\.[0-9]+){2,}(?::[0-9]+)*"
_NUMBER = rf"(?!{_DOTTED}\Z)[-+.0-9][-+.0-9e_,:]*"
_DATE = r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}"

# `-x` is a common argument and safe everywhere; `?x` and `:x` are legal too, but readers differed on them.
_FIRST = r"(?:[^-?:,\[\]{}#&*!|>'\"%@` ]|-(?! ))"
# A colon may not end a word nor a hash begin one. Possessive, so that no text takes more than linear time.
_REST = r"(?:[^:#]++|:(?=[^ ])|(?<! )#)*+"
_PLAIN = re.compile(
    rf"(?!(?:{_WORDS}|{_RADIX}|{_NUMBER})\Z)(?!---|\.\.\.|{_DATE}){_FIRST}{_REST}(?<! )\Z", re.IGNORECASE
)

_TO_ESCAPE = re.compile(f'["\\\\{HIDDEN_RANGES}]')
_SHORT_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}

# What a literal block cannot hold, or not visibly: blank lines at either end (a file ends in one newline),
# more than two blank lines in a row (yamllint), and spaces at a line's end, which editors remove.
_NOT_A_BLOCK = re.compile(r"\A\n|\n\n\Z|\n\n\n\n| (?:\n|\Z)")


@lru_cache(maxsize=8192)  # the same few hundred keys, images and names make up most of a tree
def inline(text: str) -> str:
    """`text` on one line: plain where every reader reads that back, else double-quoted. Raises `Refused`."""
    if _PLAIN.match(text) is not None and not has_hidden(text):
        return text
    return f'"{_TO_ESCAPE.sub(_escaped, text)}"'


def _escaped(match: re.Match[str]) -> str:
    character = match.group()
    code = ord(character)
    if character in _SHORT_ESCAPES:
        return _SHORT_ESCAPES[character]
    if 0xD800 <= code <= 0xDFFF:
        # libyaml and Go's readers refuse the whole file when they meet one, even escaped.
        raise Refused(ValueError, f"holds the lone surrogate U+{code:04X}, which is no character")
    if code <= 0xFF:
        return f"\\x{code:02X}"
    return f"\\u{code:04X}" if code <= 0xFFFF else f"\\U{code:08X}"


@lru_cache(maxsize=8192)
def key_text(key: object) -> str:
    """A mapping's key on one line. Raises `Refused` when it is not a str."""
    return inline(text_key(key))


def string_text(text: str, pad: str) -> str:
    """`text` for a node whose key or dash stands at `pad`: a literal block if it has lines, else `inline`."""
    if "\n" not in text or _NOT_A_BLOCK.search(text) or has_hidden(text.replace("\n", "")):
        return inline(text)
    inner = pad + "  "
    indentation = "2" if text[0] == " " else ""  # else the reader counts the first line's own spaces as indentation
    chomping = "" if text[-1] == "\n" else "-"
    lines = (inner + line if line else "" for line in text.removesuffix("\n").split("\n"))
    return "\n".join((f"|{indentation}{chomping}", *lines))


def float_text(number: float) -> str:
    """The shortest digits that give `number` back, always with a point and never with an exponent.

    `1e-05` is a string to PyYAML and a float to the others. Raises `Refused` for infinities and NaN.
    """
    text = repr(finite(number))
    mantissa, exponent_mark, exponent = text.partition("e")
    if not exponent_mark:
        return text
    sign, digits = ("-", mantissa[1:]) if mantissa[0] == "-" else ("", mantissa)
    whole, _, fraction = digits.partition(".")
    point = len(whole) + int(exponent)
    digits = whole + fraction
    if point <= 0:
        return f"{sign}0.{'0' * -point}{digits}"
    return f"{sign}{digits.ljust(point, '0')}.0"  # repr has an exponent from 1e16 on only: no digit is left over
