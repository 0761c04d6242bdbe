"""A decision: what was settled of what a spec may say, and why; `tracegen explain` prints them."""

from dataclasses import dataclass
from typing import Any

from tracegen.problems import Place


@dataclass(frozen=True, slots=True)
class Decision:
    """The value at a path of the spec (or of the system), and where it comes from.

    `place` is where it was said; None when tracegen decided, and then `why` says on what ground.
    """

    path: str
    value: Any
    why: str
    place: Place | None = None
