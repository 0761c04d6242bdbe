"""Said or decided: every value of the Model passes through here, so that `explain` can tell why."""

from collections.abc import Sequence
from typing import Any, TypeVar

from tracegen.spec.said import Path, Said, dotted
from tracegen.system.decision import Decision

T = TypeVar("T")


class Decider:
    """Reads a spec and records where each value comes from."""

    def __init__(self, spec: Said) -> None:
        self.spec = spec
        self._decisions: dict[str, Decision] = {}

    def take(self, path: Path, default: T, why: str) -> T:
        """What was said at a path, or else the default with its reason."""
        said = self.spec.get(*path)
        if said is None:
            self.record(dotted(path), default, why)
            return default
        self._decisions[dotted(path)] = Decision(dotted(path), said, "said", self.spec.place(*path))
        value: T = said
        return value

    def record(self, path: str, value: Any, why: str) -> None:
        """Something that tracegen settled itself."""
        self._decisions[path] = Decision(path, value, why)

    def drops(self) -> None:
        """What ruling 1 dropped, for `explain`."""
        for dropped in self.spec.dropped:
            why = f"dropped from {dropped.place.file}:{dropped.place.line}: {dropped.because} does not know it"
            self.record(dropped.path, "dropped", why)

    def decisions(self) -> Sequence[Decision]:
        """All of them, by path."""
        return [self._decisions[path] for path in sorted(self._decisions)]
