"""The database behind a store: its tables, and how it is opened."""

import sqlite3
from pathlib import Path

from opentelemetry.proto.trace.v1.trace_pb2 import Span

from tracegen.traces.selection import Condition
from tracegen.traces.values import plain

#: Marks a file of SQLite as a store of this tool ("tgsp"), and the version of its tables.
_APPLICATION, _VERSION = 0x74677370, 1
#: Kibibytes that stay in memory; what is more goes to a temporary file that the system removes.
_MEMORY = 48 * 1024
_TABLES = """
create table if not exists resources (id integer primary key, service text, version text, data blob unique);
create table if not exists scopes (id integer primary key, name text, version text, unique (name, version));
create table if not exists spans (
  id integer primary key, trace blob, span blob, parent blob, service text, name text, kind integer, start integer,
  duration integer, status integer, peer text, resource integer, scope integer, data blob);
create table if not exists links (id integer, trace blob, span blob);
create table if not exists logs (id integer primary key, resource integer, time integer, trace blob);
create table if not exists counts (name text primary key, number integer);
"""


class NotAStore(Exception):
    """The file is no store of this tool, or cannot be one; the text says which and why."""


def opened(path: Path | None) -> sqlite3.Connection:
    """The database in a file, or in memory for None. Raises NotAStore."""
    try:
        # The empty name is a database that is in memory until it is larger than its cache.
        db = sqlite3.connect("" if path is None else str(path), check_same_thread=False)
        mark = (db.execute("pragma application_id").fetchone()[0], db.execute("pragma user_version").fetchone()[0])
        empty = not db.execute("select count(*) from sqlite_master").fetchone()[0]
        if not empty and mark != (_APPLICATION, _VERSION):
            db.close()
            raise NotAStore(f"{path} is no store of spans of this tracegen; name another file")
        db.execute(f"pragma application_id = {_APPLICATION}")
        db.execute(f"pragma user_version = {_VERSION}")
        db.execute(f"pragma cache_size = -{_MEMORY}")
        if path is None:
            db.execute("pragma journal_mode = memory")
        else:
            db.execute("pragma journal_mode = wal")
            db.execute("pragma synchronous = normal")
        db.executescript(_TABLES)
        db.create_function("fulfils", 4, _fulfils, deterministic=True)
    except sqlite3.Error as error:
        raise NotAStore(f"{path} cannot be a store of spans: {error}") from error
    return db


def _fulfils(data: bytes, key: str, operator: str, value: str) -> bool:
    """Whether an attribute of a span in protobuf fulfils a condition; see `conditions.where`."""
    condition = Condition(key, operator, value)
    return any(
        condition.holds(each.value.string_value or plain(each.value))
        for each in Span.FromString(data).attributes
        if each.key == key
    )
