"""For GitHub Actions: workflow commands, which the runner turns into annotations on the lines of a pull request.

The escapes are the runner's: `%`, carriage return and newline everywhere, `:` and `,` in properties as well.
"""

from collections.abc import Sequence

from tracegen.problems.formats._lines import one_line
from tracegen.problems.problem import Problem, Severity

_COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "notice"}


def format(problems: Sequence[Problem]) -> str:
    """One command a problem."""
    return "".join(
        f"::{_COMMANDS[problem.severity]} {_properties(problem)}::{_data(problem)}\n" for problem in problems
    )


def _properties(problem: Problem) -> str:
    place = problem.place
    position = {"line": str(place.line), "col": str(place.column)} if place.line else {}
    title = f"{problem.code.id} {problem.code.title}"
    properties = {"file": place.file, **position, "title": title}
    return ",".join(f"{name}={_escaped_property(value)}" for name, value in properties.items())


def _data(problem: Problem) -> str:
    path = f"{problem.path}: " if problem.path else ""
    lines = [path + problem.message] + ([f"hint: {problem.hint}"] if problem.hint else [])
    # Joined with a newline of our own, which the runner shows as one; any other is shown as an escape.
    return _escaped("\n".join(one_line(line) for line in lines))


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _escaped_property(text: str) -> str:
    return _escaped(one_line(text)).replace(":", "%3A").replace(",", "%2C")
