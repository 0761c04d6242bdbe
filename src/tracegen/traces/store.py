"""An embedded store of spans (SQLite): bounded, in memory or a file, asked by trace or by what spans are like.

A span is kept as the protobuf that it came in, beside the columns that questions are about; so taking spans in is
quick, attributes cost only who reads them, and nothing is lost.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from sqlite3 import Cursor
from threading import RLock

from opentelemetry.proto.resource.v1.resource_pb2 import Resource as ResourceMessage

from tracegen.traces.batches import Batch
from tracegen.traces.conditions import where
from tracegen.traces.peers import CLIENTS, peer_of
from tracegen.traces.records import Resource, Span, Trace, trace_of
from tracegen.traces.selection import Selection
from tracegen.traces.tables import opened
from tracegen.traces.values import pairs
from tracegen.traces.waiting import Keep, Row, Waiting

#: This share of the bound is freed at once, so that it does not happen with each request.
_FREED = 0.1
_MOST = (1 << 63) - 1
_ROWS = 2_000
#: Bytes of spans that wait in memory at most, where they may.
_WAITING = 48 << 20

_INDEX = "create index if not exists spans_by_trace on spans (trace, span)"
_INSERT = "insert into spans values (null, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_COLUMNS = "id, trace, span, parent, name, kind, start, duration, status, peer, data, resource, scope"


@dataclass(frozen=True, slots=True)
class Counts:
    """Spans that are held, were received in all, and were dropped because of the bound (`most`, None for none)."""

    held: int
    received: int
    dropped: int
    most: int | None

    @property
    def words(self) -> str:
        """What is held, and what is not any more."""
        if not self.dropped:
            return f"{self.held:,} spans"
        return f"{self.held:,} spans; the oldest {self.dropped:,} were dropped, since at most {self.most:,} are kept"


class Store:
    """Spans, and what is asked of them; one process, any number of threads.

    In memory when `path` is None (what is more than some 50 MB goes to a temporary file), else in that file.
    `most` bounds the spans that are held: the oldest traces go, whole. `keep` is for who looks at whole traces once:
    spans that it refuses lose their attributes, events, links and status message, and as long as they are few none is
    written into tables, which is twice as quick; after an exception in `add` such a store is of no use. Raises
    NotAStore.
    """

    def __init__(self, path: Path | None = None, most: int | None = None, keep: Keep | None = None) -> None:
        self._most = most
        self._keep = keep
        self._waiting = Waiting(_WAITING) if keep and path is None else None
        self._lock = RLock()
        self._resources: dict[bytes, tuple[int, str]] = {}
        self._scopes: dict[tuple[str, str], int] = {}
        self._read_resources: dict[int, Resource] = {}
        self._read_scopes: dict[int, str] = {}
        self._indexed = False
        #: Rises with each change, so that answers can be kept until then.
        self.version = 0
        self._db = opened(path)
        held = self._one("select count(*) from spans")
        saved = dict(self._db.execute("select name, number from counts"))
        self._held, self._dropped = held, saved.get("dropped", 0)

    def close(self) -> None:
        """Close it; a file keeps what was received."""
        with self._lock:
            self._db.close()

    def __enter__(self) -> "Store":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def add(self, batches: Iterable[Batch]) -> int:
        """Take spans in, all or none of them where the batches end in an exception; how many there were."""
        with self._lock:
            added = 0
            try:
                for batch in batches:
                    added += self._add(batch)
                    if self._most is not None and self._held + added > self._most * (1 + _FREED):
                        # Nothing of what is dropped could come back: so far it counts.
                        self._taken(added)
                        added = 0
            except BaseException:
                self._db.rollback()
                self._forget()
                raise
            return self._taken(added)

    def counts(self) -> Counts:
        """How much is held, and what was dropped."""
        with self._lock:
            return Counts(self._held, self._held + self._dropped, self._dropped, self._most)

    def period(self) -> tuple[int, int]:
        """The start of the first and of the last span, in nanoseconds since 1970; (0, 0) without spans."""
        found = self.rows("select min(start), max(start) from spans where start > 0")[0]
        return (found[0], found[1]) if found[0] else (0, 0)

    def resources(self) -> dict[int, Resource]:
        """What sent something, by its number in the tables."""
        return {number: self._resource_of(number) for (number,) in self._read("select id from resources")}

    def logs(self) -> Iterator[tuple[int, int, bytes | None]]:
        """Log records by their time: the number of their resource, the time, and the trace that they name."""
        with self._lock:
            cursor = self._db.execute("select resource, time, trace from logs order by time")
        yield from self._rows_of(cursor)

    def has_links(self) -> bool:
        """Whether spans refer to others that did not cause them."""
        return bool((self._waiting and self._waiting.links) or self._read("select 1 from links limit 1"))

    def services(self) -> list[tuple[str, str]]:
        """The services and their versions that are there, sorted."""
        return [
            (service, version)
            for service, version in self.rows(
                "select distinct service, version from resources "
                "where id in (select resource from spans) order by 1, 2"
            )
        ]

    def trace(self, trace_id: str) -> Trace | None:
        """The trace of an id in hexadecimal; None when nothing of it is held."""
        try:
            wanted = bytes.fromhex(trace_id)
        except ValueError:
            return None
        found = self.rows(f"select {_COLUMNS} from spans where trace = ?", [wanted])
        return trace_of(self._span(row) for row in found) if found else None

    def traces(self, selection: Selection | None = None) -> Iterator[Trace]:
        """Every trace that has a span as selected, whole; one after the other, so that memory stays small."""
        if self._waiting and selection is None:
            for rows in self._waiting.traces():
                yield trace_of(self._span((place, *row[:3], *row[4:10], row[12], *row[10:12])) for place, row in rows)
            return
        chosen, values = self.chosen(selection)
        spans: list[Span] = []
        for row in self.stream(f"select {_COLUMNS} from spans {chosen} order by trace", values):
            if spans and spans[-1].trace != row[1]:
                yield trace_of(spans)
                spans = []
            spans.append(self._span(row))
        if spans:
            yield trace_of(spans)

    def spans(self, selection: Selection | None = None, most: int = -1) -> Iterator[Span]:
        """Spans as selected, the slowest first; at most so many."""
        condition, values = self.condition(selection)
        sql = f"select {_COLUMNS} from spans where {condition} order by duration desc limit {int(most)}"
        for row in self.stream(sql, values):
            yield self._span(row)

    def condition(self, selection: Selection | None) -> tuple[str, list[object]]:
        """A condition of SQL on rows of `spans`, and the values in it."""
        if selection is None:
            return "true", []
        resources = self.rows("select id, version, data from resources")
        return where(selection, [(key, version, pairs(ResourceMessage.FromString(data).attributes))
                                 for key, version, data in resources])  # fmt: skip

    def chosen(self, selection: Selection | None) -> tuple[str, list[object]]:
        """`where` and a condition on the whole traces that have a span as selected; '' for all."""
        condition, values = self.condition(selection)
        if condition == "true":
            return "", []
        return f"where trace in (select trace from spans where {condition})", values

    def rows(self, sql: str, values: Sequence[object] = ()) -> list[tuple]:  # type: ignore[type-arg]
        """What SQL answers, whole."""
        with self._lock:
            self._index()
            return self._db.execute(sql, values).fetchall()

    def stream(self, sql: str, values: Sequence[object] = ()) -> Iterator[tuple]:  # type: ignore[type-arg]
        """What SQL answers, row by row, so that memory stays small."""
        with self._lock:
            self._index()
            cursor = self._db.execute(sql, values)
        yield from self._rows_of(cursor)

    def _rows_of(self, cursor: Cursor) -> Iterator[tuple]:  # type: ignore[type-arg]
        while True:
            with self._lock:
                found = cursor.fetchmany(_ROWS)
            if not found:
                return
            yield from found

    def _read(self, sql: str, values: Sequence[object] = ()) -> list[tuple]:  # type: ignore[type-arg]
        """What is answered without spans."""
        with self._lock:
            return self._db.execute(sql, values).fetchall()

    def _index(self) -> None:
        """Made at the first question: a file is read quicker without it."""
        self._write_waiting()
        if not self._indexed:
            self._db.execute(_INDEX)
            self._indexed = True

    def _one(self, sql: str) -> int:
        return int(self._db.execute(sql).fetchone()[0])

    def _taken(self, added: int) -> int:
        self._held += added
        if self._most is not None and self._held > self._most:
            self._drop(self._held - self._most + int(self._most * _FREED))
        self._db.commit()
        self.version += 1
        return added

    def _drop(self, number: int) -> None:
        """Drop at least so many of the oldest spans, and what else there is of their traces."""
        self._index()
        self._db.execute("delete from spans where trace in (select trace from spans order by id limit ?)", [number])
        self._db.execute("delete from links where id not in (select id from spans)")
        held = self._one("select count(*) from spans")
        self._dropped += self._held - held
        self._held = held
        self._db.execute("insert or replace into counts values ('dropped', ?)", [self._dropped])

    def _forget(self) -> None:
        self._resources.clear()
        self._scopes.clear()

    def _add(self, batch: Batch) -> int:
        resource, service = self._resource(batch.resource)
        if batch.logs:
            self._logs(resource, batch)
            return 0
        scope = self._scope(batch.scope.name, batch.scope.version)
        rows: list[Row] = []
        links: list[tuple[int, bytes, bytes]] = []
        names: dict[str, str] = {}  # they repeat, and are held once
        keep = self._keep
        for span, written in batch.spans:
            start, end, kind = span.start_time_unix_nano, span.end_time_unix_nano, span.kind
            if start > _MOST or end > _MOST:
                start, end = min(start, _MOST), min(end, _MOST)
            duration = end - start if end > start else 0
            name = span.name
            row: Row = (
                span.trace_id, span.span_id, span.parent_span_id or None, service, names.setdefault(name, name), kind,
                start, duration, span.status.code, peer_of(span) if kind in CLIENTS else None, resource, scope,
                written,
            )  # fmt: skip
            rows.append(row if keep is None or keep(row, span) else (*row[:-1], b""))
            if span.links:
                links.extend((len(rows), each.trace_id, each.span_id) for each in span.links)
        if self._waiting:
            self._waiting.add(rows, links)
            if self._waiting.full:
                self._write_waiting()
        else:
            self._insert(rows, links)
        return len(rows)

    def _insert(self, rows: Sequence[Row], links: Sequence[tuple[int, bytes, bytes]]) -> None:
        """Write rows, and to which spans they refer; what is written together has numbers in a row."""
        self._db.executemany(_INSERT, rows)
        if links:
            before = self._one("select max(id) from spans") - len(rows)
            self._db.executemany(
                "insert into links values (?, ?, ?)", [(before + place, *others) for place, *others in links]
            )

    def _write_waiting(self) -> None:
        """Write the rows that wait; from now on none does."""
        waiting, self._waiting = self._waiting, None
        if waiting:
            for rows in waiting.handed_over(_ROWS):
                self._insert(rows, ())
            self._db.executemany("insert into links values (?, ?, ?)", waiting.links)

    def _logs(self, resource: int, batch: Batch) -> None:
        rows = [(resource, min(time, _MOST), trace or None) for time, trace in batch.logs]
        self._db.executemany("insert into logs values (null, ?, ?, ?)", rows)
        if self._most is not None:
            self._db.execute("delete from logs where id <= (select max(id) from logs) - ?", [self._most])

    def _resource(self, message: ResourceMessage) -> tuple[int, str]:
        data = message.SerializeToString(deterministic=True)
        known = self._resources.get(data)
        if known is None:
            attributes = pairs(message.attributes)
            service = str(attributes.get("service.name") or "")
            version = str(attributes.get("service.version") or "")
            self._db.execute("insert or ignore into resources values (null, ?, ?, ?)", (service, version, data))
            number = self._db.execute("select id from resources where data = ?", [data]).fetchone()[0]
            known = self._resources[data] = number, service
        return known

    def _scope(self, name: str, version: str) -> int:
        known = self._scopes.get((name, version))
        if known is None:
            self._db.execute("insert or ignore into scopes values (null, ?, ?)", (name, version))
            found = self._db.execute("select id from scopes where name = ? and version = ?", (name, version))
            known = self._scopes[name, version] = found.fetchone()[0]
        return known

    def _span(self, row: tuple) -> Span:  # type: ignore[type-arg]
        return Span(row[:11], self._resource_of(row[11]), self._scope_of(row[12]))

    def _resource_of(self, number: int) -> Resource:
        if number not in self._read_resources:
            [(service, version, data)] = self._read(
                "select service, version, data from resources where id = ?", [number]
            )
            attributes = pairs(ResourceMessage.FromString(data).attributes)
            self._read_resources[number] = Resource(service, version, attributes)
        return self._read_resources[number]

    def _scope_of(self, number: int) -> str:
        if number not in self._read_scopes:
            [(name, version)] = self._read("select name, version from scopes where id = ?", [number])
            self._read_scopes[number] = f"{name} {version}".strip()
        return self._read_scopes[number]
