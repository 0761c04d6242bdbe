"""What a check is, and how attributes are looked for before they are decoded."""

from collections.abc import Iterator
from typing import Protocol

from tracegen.traces import Store, Trace
from tracegen.verify.expected import Expected
from tracegen.verify.finding import Finding


class Check(Protocol):
    """Sees each trace, then tells what it found, and what it could not tell."""

    def __init__(self, expected: Expected) -> None: ...

    def trace(self, trace: Trace) -> None:
        """Look at a trace."""

    def found(self, store: Store) -> Iterator[Finding]:
        """What was found in all of them."""

    def untold(self) -> Iterator[str]:
        """What cannot be told from them, a sentence each."""


class Quiet:
    """A check that can always tell."""

    def untold(self) -> Iterator[str]:
        """Nothing."""
        return iter(())


def mark(key: str) -> bytes:
    """What the bytes of a span hold where it has an attribute of this key: field 1 of a KeyValue, then field 2."""
    text = key.encode()
    return b"\n" + bytes([len(text)]) + text + b"\x12" if len(text) < 128 else text
