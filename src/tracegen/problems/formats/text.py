"""For people and for editors: `file:line:column: CODE path: message`, and the hint below it.

A warning or note says so after its code; an error is what one expects.
"""

from collections.abc import Sequence

from tracegen.problems.formats._lines import one_line
from tracegen.problems.problem import Place, Problem, Severity

_RESET, _BOLD, _DIM = "\x1b[0m", "\x1b[1m", "\x1b[2m"
_COLOURS = {Severity.ERROR: "\x1b[31m", Severity.WARNING: "\x1b[33m", Severity.NOTE: "\x1b[36m"}


def format(problems: Sequence[Problem], *, colour: bool = False) -> str:
    """One line a problem, in the order given, and one more for its hint."""
    return "".join(_lines(problem, colour) for problem in problems)


def _lines(problem: Problem, colour: bool) -> str:
    def painted(text: str, paint: str) -> str:
        return f"{paint}{text}{_RESET}" if colour else text

    severity = "" if problem.severity is Severity.ERROR else f" {problem.severity}"
    code = painted(f"{problem.code.id}{severity}", _COLOURS[problem.severity])
    path = f" {one_line(problem.path)}" if problem.path else ""
    line = f"{painted(_place(problem.place), _BOLD)}: {code}{path}: {one_line(problem.message)}\n"
    return line + (painted(f"  hint: {one_line(problem.hint)}", _DIM) + "\n" if problem.hint else "")


def _place(place: Place) -> str:
    return one_line(place.file) + (f":{place.line}:{place.column}" if place.line else "")
