"""So many of so many."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Count:
    """So many of so many."""

    good: int
    total: int

    def __str__(self) -> str:
        return f"{self.good} of {self.total}"

    def __add__(self, other: "Count") -> "Count":
        return Count(self.good + other.good, self.total + other.total)
