"""What becomes of a file that exists and is rendered: the one place that weighs its three texts."""

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """What happens to one path."""

    CREATE = "create"  #: nothing is there: it is written
    UPDATE = "update"  #: tracegen's text changed, nobody edited the file: it is replaced
    SAME = "same"  #: what is there is what is rendered, whoever wrote it
    EDITED = "edited"  #: somebody edited it and tracegen's text did not change: it stays
    CONFLICT = "conflict"  #: what is there and what is rendered differ, and neither may win: it stays
    REMOVE = "remove"  #: no longer rendered and nobody edited it: it goes
    LEFT = "left"  #: no longer rendered, but somebody edited it: it stays
    DELETED = "deleted"  #: somebody deleted it: it stays away until asked for


@dataclass(frozen=True, slots=True)
class Reconciled:
    """The verdict, and the text that the file shall hold."""

    verdict: Verdict
    content: bytes


def reconcile(base: bytes | None, current: bytes, new: bytes) -> Reconciled:
    """Weighs what tracegen last wrote, what stands there and what is rendered.

    Never drops a line that a person wrote. `base` is None where nobody knows what tracegen last wrote there,
    or whether it did.
    """
    if current == new:
        return Reconciled(Verdict.SAME, current)
    if current == base:
        return Reconciled(Verdict.UPDATE, new)
    if new == base:
        return Reconciled(Verdict.EDITED, current)
    return Reconciled(Verdict.CONFLICT, current)
