"""For programs: a list of objects, always with the same keys.

`file`, `path`, `code`, `severity`, `message`, `hint` and `link` are text and may be empty, except `code` and
`severity` (`error`, `warning`, `note`). `line` and `column` count from 1, and are 0 where the file as a whole is
meant. New keys may come; these stay.
"""

import json
from collections.abc import Sequence

from tracegen.problems.problem import Problem


def format(problems: Sequence[Problem]) -> str:
    """All problems as one JSON text, ASCII only, so that it survives any terminal and encoding."""
    return json.dumps([_as_object(problem) for problem in problems], indent=2) + "\n"


def _as_object(problem: Problem) -> dict[str, str | int]:
    return {
        "file": problem.place.file,
        "line": problem.place.line,
        "column": problem.place.column,
        "path": problem.path,
        "code": problem.code.id,
        "severity": problem.severity.value,
        "message": problem.message,
        "hint": problem.hint,
        "link": problem.code.link,
    }
