"""SQLite beside DuckDB as the store of spans: `pip install duckdb`, then `python tests/benchmark_traces.py --stores`.

Both get the same rows in the same process: 100,000 spans with their protobuf, in parts of 500 as receivers bring them
(DuckDB also all at once, by way of a file), then the questions that pages ask. Seconds of processor time.
"""

from __future__ import annotations

import csv
import random
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

SPANS, PART, DEEP = 100_000, 500, 10
Row = tuple[Any, ...]

_TABLE = (
    "create table spans (id bigint, trace blob, span blob, parent blob, service text, name text, kind integer, "
    "start bigint, duration bigint, status integer, data blob)"
)
_INSERT = "insert into spans values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_QUESTIONS = {
    "one trace by its id": ("select * from spans where trace = ?", True),
    "edges, by joining parents": (
        "select p.service, c.service, count(*), avg(c.duration) from spans c join spans p "
        "on p.trace = c.trace and p.span = c.parent where p.service <> c.service group by 1, 2",
        False,
    ),
    "the 50 slowest traces": (
        "select trace, max(start + duration) - min(start) as d, count(*) from spans "
        "group by trace order by d desc limit 50",
        False,
    ),
    "spans of a service slower than": (
        "select count(*) from spans where service = 'service-3' and duration > 90000000",
        False,
    ),
    "all durations of services": ("select service, duration from spans", False),
}


def _rows() -> list[Row]:
    number = random.Random(1)
    found = []
    for each in range(SPANS):
        trace, depth = divmod(each, DEEP)
        identity = random.Random(trace).randbytes(16)
        parent = each.to_bytes(8, "big") if depth else None
        found.append((
            each, identity, (each + 1).to_bytes(8, "big"), parent, f"service-{depth}", f"GET /api/{depth}/items", 2,
            1_790_000_000_000_000_000 + each, number.randrange(10**8), 0, number.randbytes(310),
        ))  # fmt: skip
    return found


def _took(label: str, work: Callable[[], object]) -> None:
    began = time.process_time()
    work()
    print(f"  {label:40} {time.process_time() - began:8.3f} s")


def _parts(rows: Sequence[Row]) -> Iterator[Sequence[Row]]:
    for start in range(0, len(rows), PART):
        yield rows[start : start + PART]


def _ask(execute: Callable[..., Any], trace: bytes) -> None:
    for label, (sql, of_a_trace) in _QUESTIONS.items():
        values = [trace] if of_a_trace else []
        _took(label, lambda sql=sql, values=values: execute(sql, values).fetchall())  # type: ignore[misc]


def _sqlite(rows: Sequence[Row]) -> None:
    db = sqlite3.connect("")
    db.execute(_TABLE)
    db.execute("create index by_trace on spans (trace, span)")

    def insert() -> None:
        for part in _parts(rows):
            db.executemany(_INSERT, part)
            db.commit()

    print(f"SQLite {sqlite3.sqlite_version}, with an index")
    _took("insert, in parts", insert)
    _ask(db.execute, rows[SPANS // 2][1])


def _duckdb(rows: Sequence[Row]) -> None:
    import duckdb  # type: ignore[import-not-found,unused-ignore]

    db = duckdb.connect()
    db.execute("set threads = 1")
    db.execute(_TABLE)
    share = list(_parts(rows))[:4]

    def insert() -> None:
        for part in share:
            db.executemany(_INSERT, part)

    print(f"DuckDB {duckdb.__version__}, one thread")
    _took(f"insert, in parts, {len(share) * PART:,} of them only", insert)
    db.execute("delete from spans")
    with tempfile.TemporaryDirectory() as folder:
        _took("insert, all at once by a file", lambda: _copy(db, rows, Path(folder) / "spans.csv"))
    _ask(db.execute, rows[SPANS // 2][1])


def _copy(db: Any, rows: Sequence[Row], path: Path) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        for row in rows:
            writer.writerow([each.hex() if isinstance(each, bytes) else each for each in row])
    columns = ", ".join(
        f"unhex(column{place:02})" if isinstance(each, bytes | None) else f"column{place:02}"
        for place, each in enumerate(rows[0])
    )
    db.execute(f"insert into spans select {columns} from read_csv('{path}', header=false, all_varchar=true)")


def compare_stores() -> None:
    """Print what each takes."""
    rows = _rows()
    print(f"{len(rows):,} spans with 310 bytes of protobuf each, in parts of {PART}")
    _sqlite(rows)
    try:
        _duckdb(rows)
    except ImportError:
        print("DuckDB is not installed")
