"""The Instrumentation Score: https://github.com/instrumentation-score/spec/blob/main/specification.md"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tracegen.verify.codes import SCORED, WEIGHTS
from tracegen.verify.finding import Finding

_CATEGORIES = ((90, "excellent"), (75, "good"), (50, "needs improvement"), (0, "poor"))


@dataclass(frozen=True, slots=True)
class Score:
    """From 0 to 100, of the rules that are looked at; of all services together, and of each."""

    value: float
    services: dict[str, float]

    @property
    def category(self) -> str:
        """What the specification calls it."""
        return next(name for least, name in _CATEGORIES if self.value >= least)


def score(findings: Iterable[Finding], services: Sequence[str]) -> Score:
    """Each service passes a rule or breaks it; passed weight of all weight."""
    broken = {(name, each.code.id) for each in findings if each.code.impact for name in each.services}
    total = sum(WEIGHTS[code.impact] for code in SCORED)
    by_service = {
        name: 100 * sum(WEIGHTS[code.impact] for code in SCORED if (name, code.id) not in broken) / total
        for name in services
    }
    value = sum(by_service.values()) / len(by_service) if by_service else 0.0
    return Score(round(value, 2), {name: round(each, 2) for name, each in by_service.items()})
