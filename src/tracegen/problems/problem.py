"""A problem is a value: where it is, what it is, and the way out."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from tracegen.problems.redact import redacted

#: The page that has a heading for every code. Held by a test.
PROBLEMS_PAGE = "docs/problems.md"


class Severity(StrEnum):
    """How much a problem weighs; only errors stop a render."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A position in a file; line and column count from 1, and 0 means the file as a whole."""

    file: str
    line: int = 0
    column: int = 0


@dataclass(frozen=True, slots=True)
class Code:
    """A stable kind of problem. `acceptable`: a spec may take it on with `accept: {TG401: "why"}`."""

    id: str
    title: str
    severity: Severity = Severity.ERROR
    acceptable: bool = False

    @property
    def link(self) -> str:
        """The heading of this code in the documentation."""
        return f"{PROBLEMS_PAGE}#{self.id.lower()}"


@dataclass(frozen=True, slots=True)
class Problem:
    """One finding. `path` is the dotted key in the spec, or the file's path for output folders; may be empty.

    `fix` is the YAML to write in place of the word or value at `place`, where no other is right; else empty.
    """

    code: Code
    place: Place
    path: str
    message: str
    hint: str = ""
    severity: Severity = Severity.ERROR
    fix: str = field(default="", compare=False)

    def __post_init__(self) -> None:
        """Whoever makes a problem may put values of the spec into it; no secret among them is printed."""
        for name in ("path", "message", "hint"):
            object.__setattr__(self, name, redacted(getattr(self, name)))

    @staticmethod
    def of(code: Code, place: Place, path: str, message: str, hint: str = "", fix: str = "") -> "Problem":
        """A problem with the severity its code has by default."""
        return Problem(code, place, path, message, hint, code.severity, fix)

    @property
    def sort_key(self) -> tuple[str, int, int, str, str]:
        """Order in which problems are printed: by file, line, column, then code."""
        return (self.place.file, self.place.line, self.place.column, self.code.id, self.message)


class ProblemsFound(Exception):
    """Raised by a stage that cannot go on; carries all problems of that stage."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(problems, key=lambda problem: problem.sort_key))
        super().__init__(f"{len(self.problems)} problem(s)")
