"""`tracegen explain` without a key: what the spec says and what follows from it, on one screen."""

import re
import shutil
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from tracegen.system import Decision

#: Services that say a thing are told one by one up to so many, then together.
_MOST_ALONE = 3
_OF_A_SERVICE = re.compile(r"services\.[^.]+\.")
_INDEX = re.compile(r"\[\d+\]")
_FROM_NUMBERS = "derived "
#: A screen has 24 lines.
_MOST_SAID, _MOST_DERIVED = 13, 5


def summary(decisions: Sequence[Decision], width: int = 0) -> Iterator[str]:
    """Lines of a width (default: the terminal's): what was said, what was worked out, how many are the default."""
    width = width or shutil.get_terminal_size().columns
    said = [each for each in decisions if each.place]
    derived = [each for each in decisions if not each.place and each.why.startswith(_FROM_NUMBERS)]
    for title, part, most in (("said in the spec", said, _MOST_SAID), ("worked out", derived, _MOST_DERIVED)):
        if part:
            yield f"{title}:"
            yield from _rows(part, width, most)
    rest = len(decisions) - len(said) - len(derived)
    yield f"{rest:,} more are the default: name a KEY, or -v for all"


def shown(value: object) -> str:
    """A value as the spec would have it, on one line."""
    import json

    if value is None:
        return "none"
    return value if isinstance(value, str) and value else json.dumps(value, ensure_ascii=False)


def _rows(part: Iterable[Decision], width: int, most: int) -> Iterator[str]:
    rows = list(_folded(part))
    cut = len(rows) - most if len(rows) > most + 1 else 0
    rows = rows[: len(rows) - cut]
    path_width = min(max(len(path) for path, _, _ in rows), max(width // 2, 20))
    for path, value, why in rows:
        room = width - path_width - 4
        text = f"{value}  ({why})" if why and len(value) + len(why) + 4 <= room else value
        yield f"  {path.ljust(path_width)}  {text if len(text) <= room else text[: max(room - 1, 8)] + '…'}"
    if cut:
        yield f"  … and {cut} more keys"


def _folded(part: Iterable[Decision]) -> Iterator[tuple[str, str, str]]:
    """Path, value and ground; what many services say is one row, with how many say which."""
    groups: dict[str, list[Decision]] = {}
    for each in part:
        groups.setdefault(_INDEX.sub("[]", _OF_A_SERVICE.sub("services.*.", each.path)), []).append(each)
    for path, group in groups.items():
        if len(group) > _MOST_ALONE and ("*" in path or "[]" in path):
            counts = Counter(shown(each.value) for each in group).most_common()
            yield path, ", ".join(f"{value} ({count})" if count > 1 else value for value, count in counts), ""
            continue
        for each in group:
            ground = f"line {each.place.line}" if each.place else each.why.removeprefix(_FROM_NUMBERS)
            yield each.path, shown(each.value), ground
