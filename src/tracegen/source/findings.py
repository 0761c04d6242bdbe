"""What a composer finds wrong, and the limits at which it stops."""

from tracegen.problems import Code, Place, Problem, ProblemsFound
from tracegen.source.codes import TOO_LARGE
from tracegen.source.frames import OpenMapping, OpenSequence
from tracegen.source.node import Path, dotted
from tracegen.source.words import shortened

#: Each problem is worth reading up to here. A file made to have more would fill the memory with their paths.
MOST_PROBLEMS = 1_000
DEEPEST = 100
MOST_NODES = 200_000


class Findings:
    """The problems of one text so far; each knows its path from what is open when it is found."""

    def __init__(self, stack: list[OpenMapping | OpenSequence]) -> None:
        """`stack` is the composer's own, read whenever a problem needs its path."""
        self.problems: list[Problem] = []
        self._stack = stack
        self._nodes = 0

    def report(self, code: Code, place: Place, message: str, hint: str, key: str | None = None) -> None:
        """Add a problem at the open path, or at a key below it."""
        below = () if key is None else (shortened(key),)
        self.problems.append(Problem.of(code, place, dotted(self._path() + below), message, hint))
        if len(self.problems) == MOST_PROBLEMS:
            raise ProblemsFound(self.problems)

    @property
    def are_few(self) -> bool:
        """So few that each may take some time."""
        return len(self.problems) < 20

    def count(self, more: int, place: Place) -> None:
        """Count nodes, and stop at too many."""
        self._nodes += more
        if self._nodes > MOST_NODES:
            message = f"the file holds more than {MOST_NODES:,} values, counting an alias as what it repeats"
            self._give_up(place, message, "is this the right file? aliases of aliases grow quickly")

    def check_depth(self, below: int, place: Place) -> None:
        """Stop where something of so many levels, put where the composer stands, would nest too deep."""
        if len(self._stack) + below > DEEPEST:
            message = f"the file nests deeper than {DEEPEST} levels"
            self._give_up(place, message, "no spec needs that; look for brackets that are never closed")

    def _give_up(self, place: Place, message: str, hint: str) -> None:
        raise ProblemsFound([*self.problems, Problem.of(TOO_LARGE, place, "", message, hint)])

    def _path(self) -> Path:
        steps: list[str | int] = []
        for opened in self._stack:
            if isinstance(opened, OpenSequence):
                steps.append(len(opened.items))
            elif isinstance(opened.key, str):
                steps.append(shortened(opened.key))
        return tuple(steps)
