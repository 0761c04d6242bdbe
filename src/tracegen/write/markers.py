"""Conflict markers in a text: whether both sides are still shown there, and where. Pure."""

import re

#: What stands behind the markers that tracegen writes.
YOURS, RENDERED = "yours", "tracegen"

_MARKER = re.compile(rb"^(<{7} |\|{7}|={7}$|>{7} )", re.MULTILINE)
_OPENING = re.compile(rb"^<{7} ", re.MULTILINE)
_CLOSING = re.compile(rb"^>{7} ", re.MULTILINE)


def holds_markers(text: bytes) -> bool:
    """Whether a merge, tracegen's or git's own, left both sides in the text for a person to settle."""
    return bool(_OPENING.search(text) and _CLOSING.search(text))


def marked_lines(text: bytes) -> list[int]:
    """The lines at which both sides begin, counting from 1."""
    return [text.count(b"\n", 0, match.start()) + 1 for match in _OPENING.finditer(text)]


def sides(text: bytes) -> tuple[bytes, bytes] | None:
    """What the text was on each side of a merge; None where it holds no markers, or no whole ones."""
    both: tuple[list[bytes], list[bytes]] = ([], [])
    inside = 0  # 0 both sides, 1 the upper, 2 what both came from, 3 the lower
    turns = {b"<": (0, 1), b"|": (1, 2), b"=": (1, 3), b">": (3, 0)}
    for line in text.splitlines(keepends=True):
        marker = _MARKER.match(line.rstrip(b"\r\n"))
        if not marker or (not inside and marker[0][:1] in b"=|"):  # a heading in Markdown, a table
            _share(line, inside, both)
            continue
        before, after = turns[marker[0][:1]]
        if inside != before and not (inside == 2 and after == 3):
            return None
        inside = after
    if inside or not holds_markers(text):
        return None
    return b"".join(both[0]), b"".join(both[1])


def _share(line: bytes, inside: int, both: tuple[list[bytes], list[bytes]]) -> None:
    if inside in (0, 1):
        both[0].append(line)
    if inside in (0, 3):
        both[1].append(line)
