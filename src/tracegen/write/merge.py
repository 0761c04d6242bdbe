"""Three texts into one, with the conflict markers that everybody knows from git. Pure, and without git.

The library merge3 decides; which lines two texts have in common is found here, since its own way takes seconds for a
long file with many changes. Nothing is believed blindly: a result that misses a line of the person is not taken.
"""

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    pass

#: What stands behind the markers that tracegen writes.
YOURS, RENDERED = "yours", "tracegen"

_MARKER = re.compile(rb"^(<{7} |\|{7}|={7}$|>{7} )", re.MULTILINE)
_OPENING = re.compile(rb"^<{7} ", re.MULTILINE)
_CLOSING = re.compile(rb"^>{7} ", re.MULTILINE)

# Lines that are nowhere unique are known by those that follow them.
_RUNS = (1, 2, 4, 8)
# Where nothing is unique, every pair of lines is looked at, as long as there are no more than these.
_MOST_PAIRS = 40_000
# How often a part is cut up again. What is then left counts as different, which costs no line.
_DEEPEST = 40

_Block = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Merged:
    """A merged text; where the two sides met, both stand in it between markers."""

    text: bytes
    clean: bool
    yours: bytes  #: the same with the person's side alone where they met
    rendered: bytes  #: the same with tracegen's side alone


def merge(base: bytes, current: bytes, new: bytes) -> Merged:
    """Brings the changes from `base` to `new` into `current`, both sides between markers where they meet."""
    merged = _assembled(_regions(*(_lines(text) for text in (base, current, new))))
    if not keeps_lines(base, current, merged.text):
        return _assembled([(True, _lines(current), _lines(new))])
    return merged


def keeps_lines(base: bytes, current: bytes, merged: bytes) -> bool:
    """Whether every line that a person wrote into `current` stands in the merged text."""
    ends = b"\r\n"
    old, found = ({line.rstrip(ends) for line in _lines(text)} for text in (base, merged))
    return all(line.rstrip(ends) in found or line.rstrip(ends) in old for line in _lines(current))


def is_mixture(text: bytes, texts: Sequence[bytes]) -> bool:
    """Whether a text is what git makes of two of `texts` on two branches: at each place it is one or the other.

    Where git left both sides in it, that holds for each side.
    """
    both = sides(text)
    if both is None:
        return not holds_markers(text) and any(_is_mixed(_lines(text), *pair) for pair in combinations(texts, 2))
    return any(all(_is_mixed(_lines(side), *pair) for side in both) for pair in combinations(texts, 2))


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


def _lines(text: bytes) -> list[bytes]:
    """Lines as git sees them: only a line feed ends one."""
    *whole, rest = text.split(b"\n")
    return [line + b"\n" for line in whole] + ([rest] if rest else [])


# Whether the sides met there, the person's lines, and tracegen's.
_Region = tuple[bool, Sequence[bytes], Sequence[bytes]]


def _regions(base: list[bytes], current: list[bytes], new: list[bytes]) -> Iterator[_Region]:
    from merge3 import Merge3

    merging: Merge3[bytes] = Merge3(base, current, new, sequence_matcher=Matcher)
    for region in merging.reprocess_merge_regions(merging.merge_regions()):
        if region[0] == "conflict":
            yield True, current[region[3] : region[4]], new[region[5] : region[6]]
        else:
            lines = {"unchanged": base, "b": new}.get(region[0], current)[region[1] : region[2]]
            yield False, lines, lines


def _assembled(regions: Iterator[_Region] | Sequence[_Region]) -> Merged:
    shown: list[bytes] = []
    yours: list[bytes] = []
    rendered: list[bytes] = []
    clean = True
    for met, current, new in regions:
        yours += current
        rendered += new
        if not met:
            shown += current
            continue
        clean = False
        end = b"\r\n" if any(line.endswith(b"\r\n") for line in (*current, *new)) else b"\n"
        shown.append(f"<<<<<<< {YOURS}".encode() + end)
        shown += _ended(current, end)
        shown.append(b"=======" + end)
        shown += _ended(new, end)
        shown.append(f">>>>>>> {RENDERED}".encode() + end)
    return Merged(b"".join(shown), clean, b"".join(yours), b"".join(rendered))


def _ended(lines: Sequence[bytes], end: bytes) -> list[bytes]:
    """The last line of a text may lack its end, and a marker comes after it."""
    return [line if line.endswith(b"\n") else line + end for line in lines]


def _is_mixed(lines: list[bytes], one: bytes, other: bytes) -> bool:
    first, second = _lines(one), _lines(other)
    ends = {0}  # how much of `lines` may be accounted for
    at = there = 0
    for block in Matcher(None, first, second).get_matching_blocks():
        choices = first[at : block[0]], second[there : block[1]]
        ends = {end + len(each) for end in ends for each in choices if lines[end : end + len(each)] == each}
        common = first[block[0] : block[0] + block[2]]
        ends = {end + len(common) for end in ends if lines[end : end + len(common)] == common}
        at, there = block[0] + block[2], block[1] + block[2]
    return len(lines) in ends


class Matcher:
    """Which lines two texts have in common, in their order; of the form that merge3 takes.

    Lines that each text has once hold the rest in place, as in patience diff. Time grows as the length of the texts.
    """

    def __init__(self, isjunk: Any, a: Sequence[bytes], b: Sequence[bytes], autojunk: bool = True) -> None:
        """`isjunk` and `autojunk` are there for the form alone."""
        self._a, self._b = a, b

    def get_matching_blocks(self) -> list[_Block]:
        """Where and how many lines are the same, in both texts and in their order; ends with an empty block."""
        same = sorted(self._same(0, len(self._a), 0, len(self._b), 0))
        blocks: list[_Block] = []
        for at, there in same:
            if blocks and (blocks[-1][0] + blocks[-1][2], blocks[-1][1] + blocks[-1][2]) == (at, there):
                blocks[-1] = (*blocks[-1][:2], blocks[-1][2] + 1)
            else:
                blocks.append((at, there, 1))
        return [*blocks, (len(self._a), len(self._b), 0)]

    def _same(self, at: int, end: int, there: int, there_end: int, depth: int) -> Iterator[tuple[int, int]]:
        while at < end and there < there_end and self._a[at] == self._b[there]:
            yield at, there
            at, there = at + 1, there + 1
        while at < end and there < there_end and self._a[end - 1] == self._b[there_end - 1]:
            end, there_end = end - 1, there_end - 1
            yield end, there_end
        if at == end or there == there_end:
            return
        held = self._held(at, end, there, there_end) if depth < _DEEPEST else []
        if not held:
            yield from self._pairs(at, end, there, there_end)
            return
        for place, other in [*held, (end, there_end)]:
            yield from self._same(at, place, there, other, depth + 1)
            if place < end:
                yield place, other
            at, there = place + 1, other + 1

    def _held(self, at: int, end: int, there: int, there_end: int) -> list[tuple[int, int]]:
        """Lines that are in the same order in both, each known by itself or by those that follow it."""
        for run in _RUNS:
            first, second = _unique(self._a, at, end, run), _unique(self._b, there, there_end, run)
            pairs = [(place, second[key]) for key, place in first.items() if key in second]
            if pairs:
                return _in_order(sorted(pairs))
        return []

    def _pairs(self, at: int, end: int, there: int, there_end: int) -> Iterator[tuple[int, int]]:
        if (end - at) * (there_end - there) > _MOST_PAIRS:
            return
        from difflib import SequenceMatcher

        matcher = SequenceMatcher(None, self._a[at:end], self._b[there:there_end], autojunk=False)
        for place, other, size in matcher.get_matching_blocks():
            yield from ((at + place + step, there + other + step) for step in range(size))


def _unique(lines: Sequence[bytes], start: int, end: int, run: int) -> dict[tuple[bytes, ...], int]:
    keys = [tuple(lines[place : place + run]) for place in range(start, end - run + 1)]
    counts = Counter(keys)
    return {key: start + place for place, key in enumerate(keys) if counts[key] == 1}


def _in_order(pairs: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """The longest part of the pairs in which both places rise."""
    tails: list[int] = []
    last: list[int] = []  # of each length, the pair that ends it
    before: list[int] = []
    for number, (_, other) in enumerate(pairs):
        length = bisect_left(tails, other)
        tails[length : length + 1] = [other]
        last[length : length + 1] = [number]
        before.append(last[length - 1] if length else -1)
    found = []
    number = last[-1]
    while number >= 0:
        found.append(pairs[number])
        number = before[number]
    return found[::-1]
