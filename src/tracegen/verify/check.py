"""What a check is, and how attributes are looked for before they are decoded."""

from collections.abc import Iterable, Iterator
from typing import Protocol

from opentelemetry.proto.trace.v1.trace_pb2 import Span as SpanMessage

from tracegen.traces import Keep, Store, Trace
from tracegen.traces.waiting import DATA, KIND, NAME, SERVICE, Row
from tracegen.verify.expected import Expected
from tracegen.verify.finding import Finding

#: Spans of one operation that are looked at for names of attributes, and operations that are remembered.
_ENOUGH, _OPERATIONS = 100, 10_000


class Check(Protocol):
    """Sees each trace, then tells what it found, and what it could not tell."""

    def __init__(self, expected: Expected) -> None: ...

    def wants(self) -> Keep | None:
        """Tells which spans it has to see with their attributes, events and the message of their status; or None."""

    def trace(self, trace: Trace) -> None:
        """Look at a trace."""

    def found(self, store: Store) -> Iterator[Finding]:
        """What was found in all of them."""

    def untold(self) -> Iterator[str]:
        """What cannot be told from them, a sentence each."""


class Quiet:
    """A check that can always tell, and looks into no bytes."""

    def wants(self) -> Keep | None:
        """Nothing."""
        return None

    def untold(self) -> Iterator[str]:
        """Nothing."""
        return iter(())


def mark(key: str) -> bytes:
    """What the bytes of a span hold where it has an attribute of this key: field 1 of a KeyValue, then field 2."""
    text = key.encode()
    return b"\n" + bytes([len(text)]) + text + b"\x12" if len(text) < 128 else text


def with_any(keys: Iterable[str]) -> Keep | None:
    """Spans that have one of these attributes; None for no keys."""
    marks = tuple(mark(key) for key in keys)
    if len(marks) == 1:
        [only] = marks
        return lambda row, _: only in row[DATA]
    return (lambda row, _: any(marked in row[DATA] for marked in marks)) if marks else None


class FirstOfEach:
    """The first spans of each operation, which tell the names of its attributes: these come from a library."""

    def __init__(self) -> None:
        self._counts: dict[tuple[str, str, int], int] = {}

    def holds(self, service: str, name: str, kind: int) -> bool:
        """Whether this is one of them."""
        counts = self._counts
        place = service, name, kind
        count = counts.get(place, 0)
        if count == _ENOUGH:
            return False
        if count or len(counts) < _OPERATIONS:
            counts[place] = count + 1
        return True

    def with_any(self, keys: Iterable[str]) -> Keep:
        """Those that have one of these attributes."""
        marks = tuple(mark(key) for key in keys)

        def wanted(row: Row, _: SpanMessage) -> bool:
            if not self.holds(row[SERVICE], row[NAME], row[KIND]):
                return False
            data = row[DATA]
            return any(marked in data for marked in marks)

        return wanted
