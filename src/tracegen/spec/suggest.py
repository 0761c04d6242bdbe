"""Did you mean."""

from collections.abc import Iterable
from itertools import islice

from tracegen.source.words import quoted

#: Comparing words is slow; nobody misspells a longer word, or one of more than these.
_LONGEST_WORD = 60
_MOST_COMPARED = 500


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A hint that names the nearest of the known words, or an empty text."""
    from difflib import get_close_matches

    if len(word) > _LONGEST_WORD:
        return ""
    names = {name.lower(): name for name in islice(known, _MOST_COMPARED)}
    matches = get_close_matches(word.lower(), names, n=1, cutoff=0.6)
    return f"did you mean {quoted(names[matches[0]])}?" if matches else ""
