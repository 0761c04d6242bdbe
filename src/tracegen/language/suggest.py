"""Did you mean."""

from collections.abc import Iterable


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A hint that names the nearest of the known words, or an empty text."""
    from difflib import get_close_matches

    names = {name.lower(): name for name in known}
    matches = get_close_matches(word.lower(), names, n=1, cutoff=0.6)
    return f"did you mean {names[matches[0]]!r}?" if matches else ""
