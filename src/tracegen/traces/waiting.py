"""Spans that a store has not written into its tables: who only looks at whole traces needs none."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from opentelemetry.proto.trace.v1.trace_pb2 import Span as SpanMessage

#: A row of `spans` without its number; the places of some of its columns.
Row = tuple[Any, ...]
SERVICE, NAME, KIND, STATUS, DATA = 3, 4, 5, 8, -1

#: Whether the bytes of a span are wanted; the message may lack attributes that the bytes have.
Keep = Callable[[Row, SpanMessage], bool]

#: What a row takes in memory without its bytes.
_BYTES_OF_A_ROW = 350


class Waiting:
    """Rows of spans in memory, as long as they are few, and which of them refer to other spans."""

    def __init__(self, most: int) -> None:
        """`most` are bytes, of all of them together."""
        self.rows: list[Row] = []
        #: The place of a row, and the trace and span that it refers to.
        self.links: list[tuple[int, bytes, bytes]] = []
        self._most = most
        self._bytes = 0

    @property
    def full(self) -> bool:
        """Whether they are too many to wait in memory."""
        return self._bytes > self._most

    def add(self, rows: Sequence[Row], links: Sequence[tuple[int, bytes, bytes]]) -> None:
        """Hold them."""
        before = len(self.rows)
        self.rows.extend(rows)
        self.links.extend((before + place, trace, span) for place, trace, span in links)
        self._bytes += sum(_BYTES_OF_A_ROW + len(row[DATA]) for row in rows)

    def traces(self) -> Iterator[Sequence[tuple[int, Row]]]:
        """The places and rows of whole traces, one trace after the other by their id."""
        found: dict[bytes, list[tuple[int, Row]]] = {}
        for each in enumerate(self.rows, 1):
            found.setdefault(each[1][0], []).append(each)
        for trace in sorted(found):
            yield found[trace]

    def handed_over(self, number: int) -> Iterator[Sequence[Row]]:
        """All rows, so many at once, and forgotten."""
        while self.rows:
            part, self.rows[:number] = self.rows[:number], []
            yield part
