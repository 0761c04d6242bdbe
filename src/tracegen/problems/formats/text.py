"""For people and for editors: `file:line:column: CODE path: message`, and the hint below it.

A warning or note says so after its code; an error is what one expects. Of very many problems of a code the first are
shown, and how many there are.
"""

from collections import Counter
from collections.abc import Callable, Sequence

from tracegen.problems.formats._lines import one_line
from tracegen.problems.problem import Place, Problem, Severity
from tracegen.problems.redact import redacted_line

#: Nobody mends more before looking again.
MOST_OF_A_CODE = 20

#: How much of a line is shown on each side of a mark.
_AROUND = 35

LinesOf = Callable[[str], Sequence[str]]

_RESET, _BOLD, _DIM = "\x1b[0m", "\x1b[1m", "\x1b[2m"
_COLOURS = {Severity.ERROR: "\x1b[31m", Severity.WARNING: "\x1b[33m", Severity.NOTE: "\x1b[36m"}


def format(problems: Sequence[Problem], *, colour: bool = False, lines_of: LinesOf | None = None) -> str:
    """One line a problem, in the order given, and one more for its hint; then what was left out.

    With `lines_of`, which gives the lines of a file by its name, the place of a problem is shown too.
    """
    seen: Counter[str] = Counter()
    parts = []
    for problem in problems:
        seen[problem.code.id] += 1
        if seen[problem.code.id] <= MOST_OF_A_CODE:
            parts.append(_lines(problem, colour) + (_source(problem.place, lines_of) if lines_of else ""))
    parts += [
        f"{code}: {count - MOST_OF_A_CODE:,} more like the {MOST_OF_A_CODE} above; --format json has all of them\n"
        for code, count in sorted(seen.items())
        if count > MOST_OF_A_CODE
    ]
    return "".join(parts)


def _lines(problem: Problem, colour: bool) -> str:
    def painted(text: str, paint: str) -> str:
        return f"{paint}{text}{_RESET}" if colour else text

    severity = "" if problem.severity is Severity.ERROR else f" {problem.severity}"
    code = painted(f"{problem.code.id}{severity}", _COLOURS[problem.severity])
    path = f" {one_line(problem.path)}" if problem.path else ""
    line = f"{painted(_place(problem.place), _BOLD)}: {code}{path}: {one_line(problem.message)}\n"
    return line + (painted(f"  hint: {one_line(problem.hint)}", _DIM) + "\n" if problem.hint else "")


def _source(place: Place, lines_of: LinesOf) -> str:
    """The line of a place without secrets, and a mark below its column; a long line is cut around it."""
    lines = lines_of(place.file) if place.line else ()
    if place.line > len(lines) or not place.line:
        return ""
    line, column = lines[place.line - 1].replace("\t", " "), max(place.column - 1, 0)
    shown = redacted_line(line)
    marked = shown[:column] == line[:column]
    begin = max(0, column - _AROUND) if marked else 0
    number = f"{place.line:>6} | "
    text = f"{number}{one_line(shown[begin : begin + 2 * _AROUND])}\n"
    return text + (f"{' ' * (len(number) + len(one_line(shown[begin:column])))}^\n" if marked else "")


def _place(place: Place) -> str:
    return one_line(place.file) + (f":{place.line}:{place.column}" if place.line else "")
