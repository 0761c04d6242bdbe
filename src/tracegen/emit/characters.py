"""The characters that no generated file holds raw: nobody would see them, or a reader would stumble."""

import re

#: The inside of a character class. Fixed ranges and not `str.isprintable`: its answer changes with Python's
#: Unicode tables, and the same spec must give the same bytes everywhere. Source: the categories Cc, Cf, Cs,
#: Co, Zl, Zp and Zs (less the space) and the default ignorable code points of Unicode 15, and the characters
#: YAML itself forbids (https://yaml.org/spec/1.2.2/#51-character-set).
HIDDEN_RANGES = (
    "\x00-\x1f\x7f-\xa0\xad\u034f\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u115f\u1160\u1680\u17b4\u17b5"
    "\u180b-\u180f\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000\u3164\ud800-\uf8ff\ufdd0-\ufdef\ufe00-\ufe0f\ufeff"
    "\uffa0\ufff0-\ufffb\ufffe\uffff\U000110bd\U000110cd\U00013430-\U0001343f\U0001bca0-\U0001bca3"
    "\U0001d173-\U0001d17a\U000e0000-\U000e0fff\U000f0000-\U0010ffff"
)

HIDDEN = re.compile(f"[{HIDDEN_RANGES}]")
_ODD_SPACE = re.compile(r"[^\S ]")


def has_hidden(text: str) -> bool:
    """Whether `text` holds a control, bidirectional, zero-width or unprintable character, or an odd space."""
    if text.isascii():
        return not text.isprintable()  # for ASCII exact in every Python, and much faster than a search
    return HIDDEN.search(text) is not None


def visible(line: str) -> str:
    """`line` with odd spaces (tab, no-break) made plain; other hidden characters and trailing spaces go."""
    return HIDDEN.sub("", _ODD_SPACE.sub(" ", line)).rstrip() if has_hidden(line) else line.rstrip()


def comment_lines(text: str) -> list[str]:
    """`text` as comment lines `# …`, one for each of its lines; none when it has no visible text.

    YAML, environment files, shell and Python share this form. A comment can never end its line: everything
    that any reader takes for a line break starts a new `# …`, and what is hidden is removed.
    """
    lines = [visible(line) for line in text.splitlines()]
    if not any(lines):
        return []
    return [f"# {line}" if line else "#" for line in lines]
