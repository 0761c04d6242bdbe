"""For people and for editors: `file:line:column: CODE path: message`, and the hint below it.

A warning or note says so after its code; an error is what one expects. Of very many problems of a code the first are
shown, and how many there are.
"""

from collections import Counter
from collections.abc import Sequence

from tracegen.problems.formats._lines import one_line
from tracegen.problems.problem import Place, Problem, Severity

#: Nobody mends more before looking again.
MOST_OF_A_CODE = 20

_RESET, _BOLD, _DIM = "\x1b[0m", "\x1b[1m", "\x1b[2m"
_COLOURS = {Severity.ERROR: "\x1b[31m", Severity.WARNING: "\x1b[33m", Severity.NOTE: "\x1b[36m"}


def format(problems: Sequence[Problem], *, colour: bool = False) -> str:
    """One line a problem, in the order given, and one more for its hint; then what was left out."""
    seen: Counter[str] = Counter()
    parts = []
    for problem in problems:
        seen[problem.code.id] += 1
        if seen[problem.code.id] <= MOST_OF_A_CODE:
            parts.append(_lines(problem, colour))
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


def _place(place: Place) -> str:
    return one_line(place.file) + (f":{place.line}:{place.column}" if place.line else "")
