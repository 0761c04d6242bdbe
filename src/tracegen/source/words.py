"""What every problem of this stage needs: its code, and small things for its message."""

from collections.abc import Iterable
from itertools import islice

from tracegen.problems import Code
from tracegen.problems.redact import redacted

SYNTAX = Code("TG101", "not valid YAML")
DUPLICATE_KEY = Code("TG102", "duplicate key")
TOO_LARGE = Code("TG103", "too large or too deep")
NOT_TEXT = Code("TG104", "not a UTF-8 text file")
NOT_A_MAPPING = Code("TG105", "not one mapping of keys")
NOT_ALLOWED = Code("TG106", "YAML feature not allowed")
INCLUDE = Code("TG107", "include cannot be followed")
UNREADABLE = Code("TG108", "file cannot be read")
OTHER_KIND = Code("TG109", "file of another kind")

#: What is longer is cut short in a message, and compared with nothing.
LONGEST_SHOWN = 60

#: Comparing words is slow; nobody misspells a longer word, or one of more than these.
_MOST_COMPARED = 500


def shortened(text: str) -> str:
    """A text without secrets, cut short, so that a message stays a line."""
    text = redacted(text)  # first: a password that is cut in two would no longer be seen
    return f"{text[: LONGEST_SHOWN - 1]}…" if len(text) > LONGEST_SHOWN else text


def quoted(text: str) -> str:
    """A value from the file between quotes, cut short."""
    sign = '"' if "'" in text and '"' not in text else "'"
    return f"{sign}{shortened(text)}{sign}"


def as_yaml_text(text: str) -> str:
    """A value as YAML takes it for text, to be copied from a hint; cut short."""
    if '"' in text or "\\" in text:
        return "'" + shortened(text).replace("'", "''") + "'"
    return f'"{shortened(text)}"'


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A hint that names the known word most like one, whatever its case; empty when there is none."""
    from difflib import get_close_matches  # only a failure needs it

    if len(word) > LONGEST_SHOWN:
        return ""
    short = (name for name in known if len(name) <= LONGEST_SHOWN)
    names = {name.lower(): name for name in islice(short, _MOST_COMPARED)}
    matches = get_close_matches(word.lower(), names, n=1, cutoff=0.6)
    return f"did you mean {quoted(names[matches[0]])}?" if matches else ""


class Guesses:
    """What was probably meant by the first wrong words of a kind: comparing is slow, and nobody reads hundreds."""

    def __init__(self, most: int = 50) -> None:
        """`most` words are compared, the others are not."""
        self._left = most

    def near(self, word: str, known: Iterable[str]) -> str:
        """As `did_you_mean`, until there were too many."""
        self._left -= 1
        return did_you_mean(word, known) if self._left >= 0 else ""


def some_of(names: Iterable[str], most: int = 30) -> str:
    """`a, b, c`; of many names the first, and how many there are."""
    all_names = list(names)
    shown = ", ".join(shortened(name) for name in all_names[:most])
    return shown if len(all_names) <= most else f"{shown} and {len(all_names) - most:,} more"
