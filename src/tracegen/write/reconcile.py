"""What becomes of a file that exists and is rendered: the one place that weighs its three texts."""

from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import PurePosixPath
from typing import Literal

from tracegen.problems import ProblemsFound
from tracegen.source.reader import read
from tracegen.write.merge import holds_markers, merge, sides
from tracegen.write.patch import patch

#: How a conflict is shown: both sides in the file, or what is refused in a `.rej` file beside it.
Style = Literal["inline", "rej"]


class Verdict(StrEnum):
    """What happens to one path."""

    CREATE = "create"  #: nothing is there: it is written
    UPDATE = "update"  #: tracegen's text changed, nobody edited the file: it is replaced
    MERGE = "merge"  #: both changed, in different places: it holds both changes
    EDITED = "edited"  #: somebody edited it and tracegen has nothing new to say: it stays
    CONFLICT = "conflict"  #: both changed in one place, or nobody knows who did: both sides are shown
    SAME = "same"  #: what is there is what is rendered, whoever wrote it
    REMOVE = "remove"  #: no longer rendered and nobody edited it: it goes
    YOURS = "yours"  #: no longer rendered but edited, or deleted by somebody: it stays so


@dataclass(frozen=True, slots=True)
class Reconciled:
    """The verdict, and the text that the file shall hold."""

    verdict: Verdict
    content: bytes
    shown: bool = False  #: a new conflict, whose sides a person sees after the run
    refused: bytes | None = None  #: what the `.rej` file shall hold
    note: str = ""


def reconcile(base: bytes | None, current: bytes, new: bytes, style: Style = "inline") -> Reconciled:
    """Weighs what tracegen last wrote, what stands there and what is rendered.

    Never drops a line that a person wrote. `base` is None where nobody knows what tracegen last wrote there,
    or whether it did.
    """
    if current == new:
        return Reconciled(Verdict.SAME, current)
    if current == base:
        return Reconciled(Verdict.UPDATE, new)
    if b"\0" in current or b"\0" in new:
        return _without_lines(base, current, new)
    if holds_markers(current) and not holds_markers(new):
        return Reconciled(Verdict.CONFLICT, current, note="both sides still stand in it")
    if _has_other_ends(current, new):
        found = reconcile(base, current.replace(b"\r\n", b"\n"), new, style)
        return replace(found, verdict=_OTHER_ENDS.get(found.verdict, found.verdict), content=_crlf(found.content))
    if new == base:
        return Reconciled(Verdict.EDITED, current)
    return _merged(base, current, new, style)


# The ends of lines that somebody chose are an edit, and are kept.
_OTHER_ENDS = {Verdict.SAME: Verdict.EDITED, Verdict.UPDATE: Verdict.MERGE}


def _has_other_ends(current: bytes, new: bytes) -> bool:
    return b"\r" not in new and 0 < current.count(b"\r\n") == current.count(b"\n")


def _crlf(text: bytes) -> bytes:
    return text.replace(b"\n", b"\r\n")


def _without_lines(base: bytes | None, current: bytes, new: bytes) -> Reconciled:
    if new == base:
        return Reconciled(Verdict.EDITED, current)
    return Reconciled(Verdict.CONFLICT, current, note="it is no text, so it cannot be merged")


def _merged(base: bytes | None, current: bytes, new: bytes, style: Style) -> Reconciled:
    """Without a base that has lines, all that differs is a conflict."""
    note = "" if base is not None else "nobody knows what tracegen last wrote there"
    old = b"" if base is None or b"\0" in base else _one_side(base)
    merged = merge(old, current, new)
    if merged.clean:
        return Reconciled(Verdict.EDITED if merged.text == current else Verdict.MERGE, merged.text)
    if style == "inline":
        return Reconciled(Verdict.CONFLICT, merged.text, shown=True, note=note)
    return Reconciled(Verdict.CONFLICT, merged.yours, shown=True, refused=merged.rendered, note=note)


def _one_side(base: bytes) -> bytes:
    """Of a base that git left with both sides, one: the other's changes are then in both of the other texts."""
    both = sides(base)
    return base if both is None else both[0]


def refusal(path: str, kept: bytes, refused: bytes) -> bytes:
    """The text of a `.rej` file: a patch from what is kept to what tracegen wants instead."""
    # A person may write in any encoding, and a patch is made of bytes.
    encoding = "latin-1"
    return "".join(patch(path.encode().decode(encoding), kept, refused, encoding)).encode(encoding)


_YAML = frozenset({".yaml", ".yml", ".json"})


def is_broken(path: str, merged: bytes, *parts: bytes) -> bool:
    """Whether a YAML or JSON file can no longer be read after a merge, such as a key twice, where each part can."""
    if PurePosixPath(path).suffix not in _YAML or _reads(merged):
        return False
    return all(_reads(part) for part in parts)


def _reads(text: bytes) -> bool:
    try:
        read(text, "")
    except ProblemsFound:
        return False
    return True
