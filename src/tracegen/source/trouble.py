"""Where a parser gave up and what stood around it: what a diagnosis has to go by."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from tracegen.problems import Place

if TYPE_CHECKING:
    from yaml import MarkedYAMLError

#: A bracket, after its anchor or tag, where its node is said to begin.
_BRACKET = re.compile(r"(?:[&!]\S*\s+)*(?P<sign>[\[{])")

#: Lines and columns count from 0 here, as parsers count.
Spot = tuple[int, int]


class Opened(Protocol):
    """A collection that has no end yet: where it began, and whether with a bracket."""

    place: Place
    flow: bool


@dataclass(frozen=True, slots=True)
class LastScalar:
    """The last word or text that was read whole; the mistake is often in it or right after it."""

    start: Spot
    end: Spot
    quote: str

    @property
    def spans_lines(self) -> bool:
        """It began on an earlier line than it ended on."""
        return self.start[0] < self.end[0]


@dataclass(frozen=True, slots=True)
class Bracket:
    """A `[` or `{` that is still open."""

    spot: Spot
    sign: str

    @property
    def closing(self) -> str:
        """What would close it."""
        return "]" if self.sign == "[" else "}"


@dataclass(frozen=True, slots=True)
class Finding:
    """A diagnosis: where, what, and the way out."""

    spot: Spot
    message: str
    hint: str


@dataclass(frozen=True, slots=True)
class Trouble:
    """Everything known at the place where the parser gave up."""

    lines: tuple[str, ...]
    said: str
    spot: Spot
    began: Spot | None
    scalar: LastScalar | None
    bracket: Bracket | None

    @property
    def line(self) -> str:
        """The line where the parser gave up; empty after the end of the file."""
        return self.line_at(self.spot[0])

    @property
    def character(self) -> str:
        """The character where the parser gave up; empty at the end of a line."""
        return self.line[self.spot[1] : self.spot[1] + 1]

    @property
    def first_on_line(self) -> bool:
        """Only blanks stand before it on its line."""
        return not self.line[: self.spot[1]].strip()

    @property
    def at_end(self) -> bool:
        """Nothing but blank lines follows."""
        rest = (self.line[self.spot[1] :], *self.lines[self.spot[0] + 1 :])
        return not any(line.strip() for line in rest)

    def line_at(self, number: int) -> str:
        """A line by its number, empty outside the file."""
        return self.lines[number] if 0 <= number < len(self.lines) else ""

    def says(self, *words: str) -> bool:
        """Whether the parser's own words hold any of these."""
        return any(word in self.said for word in words)


def indentation(line: str) -> int:
    """The number of spaces a line begins with."""
    return len(line) - len(line.lstrip(" "))


def spot_of(mark: Any) -> Spot | None:
    """The spot of a parser's mark."""
    return (mark.line, mark.column) if mark is not None else None


def trouble_of(error: "MarkedYAMLError", text: str, opened: Sequence[Opened], last_scalar: Any) -> Trouble:
    """What is known when a parser gives up; `opened` and `last_scalar` are how far the composer had come."""
    began = spot_of(error.context_mark)
    lines = tuple(text.splitlines())
    return Trouble(
        lines=lines,
        said=" ".join(part for part in (error.context, error.problem) if part),
        spot=spot_of(error.problem_mark) or began or (0, 0),
        began=began,
        scalar=_last_scalar(last_scalar),
        bracket=_bracket(opened, lines),
    )


def _last_scalar(event: Any) -> LastScalar | None:
    start = spot_of(event.start_mark) if event is not None else None
    end = spot_of(event.end_mark) if event is not None else None
    return LastScalar(start, end, event.style or "") if start and end else None


def _bracket(opened: Sequence[Opened], lines: tuple[str, ...]) -> Bracket | None:
    """The innermost open bracket; a pair such as `[a: b]` opens a mapping that has none."""
    for each in reversed(opened):
        line, column = each.place.line - 1, each.place.column - 1
        written = _BRACKET.match(lines[line], column) if each.flow else None
        if written:
            return Bracket((line, written.start("sign")), written["sign"])
    return None
