"""Texts that try to leave a string, its line or a comment of any programming language. The same on every run."""

import random

from emit.strategies import NASTY
from tracegen.emit.characters import HIDDEN

_BREAKOUTS = [
    '"',
    '\\"',
    '\\\\"',
    '"; panic("x"); "',
    '" + x + "',
    '"""',
    "'",
    "`",
    "`;`",
    "${x}",
    "#{x}",
    "{{x}}",
    "$(id)",
    "%s %d %n",
    "*/",
    "/* x",
    "// x",
    "-->",
    "?>",
    "]]>",
    "\\u0022",
    "\\x22",
    "\\u{22}",
    "\\N{QUOTATION MARK}",
    "\\",
    "\\\n",
    'r#"x"#',
    "\u2029x",
    "a\vb\fc\x1b[31m",
    "\u202e\u2066x\u2069",
    "\x00",
]
_ALPHABET = "ab\"'\\`$#{}()%*/\n\r\t\0;u0x\u202e\u2028\u00e9\u4e2d\U0001f600"


def hostile_texts() -> list[str]:
    """Each breakout alone and between quotes, what readers of YAML stumble over, hidden characters, and chance."""
    chance = random.Random(0)
    mixed = ["".join(chance.choices(_ALPHABET, k=chance.randint(1, 12))) for _ in range(500)]
    points = [chr(point) for point in range(0x110000) if not 0xD800 <= point < 0xE000]
    hidden = "".join(each for each in points if HIDDEN.match(each) and ord(each) < 0x20000)
    return [*_BREAKOUTS, *(f'"{each}"' for each in _BREAKOUTS), *NASTY, *mixed, hidden, "\U000e0001\U0010fffd"]
