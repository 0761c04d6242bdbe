"""Just enough of Cassandra's native protocol, version 4, to make things and to look at them."""

from __future__ import annotations

import io
import json
import socket
import struct
from dataclasses import dataclass
from types import TracebackType
from typing import Any

ANSWER_SECONDS = 30.0
VERSION = 4
ERROR, STARTUP, OPTIONS, SUPPORTED, QUERY = 0, 1, 5, 6, 7
HAS_WARNINGS = 0x08
ONE = 1
ROWS = 2
COMMON_TABLE = 0x01


class Refused(Exception):
    """The server did not do what was asked, and said why."""


@dataclass(frozen=True)
class Reply:
    """An answer of the server, without warnings."""

    operation: int
    body: Reader


class Reader(io.BytesIO):
    """Reads what the protocol's answers are made of."""

    def short(self) -> int:
        return int.from_bytes(self.read(2), "big")

    def integer(self) -> int:
        return int.from_bytes(self.read(4), "big", signed=True)

    def string(self) -> str:
        return self.read(self.short()).decode()

    def strings(self) -> list[str]:
        return [self.string() for _ in range(self.short())]


class Connection:
    """A connection without a login, closed at the end of the `with` block."""

    def __init__(self, host: str, port: int) -> None:
        self._socket = socket.create_connection((host, port), ANSWER_SECONDS)
        self._received = self._socket.makefile("rb")

    def __enter__(self) -> Connection:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._received.close()
        self._socket.close()

    def options(self) -> dict[str, list[str]]:
        """What the server supports; it can be asked before anything else."""
        reply = self._call(OPTIONS, b"")
        assert reply.operation == SUPPORTED, reply
        return {reply.body.string(): reply.body.strings() for _ in range(reply.body.short())}

    def startup(self) -> None:
        """Make the connection ready for queries."""
        chosen = {"CQL_VERSION": "3.0.0"}
        pairs = b"".join(_string(word) for pair in chosen.items() for word in pair)
        self._call(STARTUP, struct.pack(">h", len(chosen)) + pairs)

    def execute(self, statement: str) -> Reader:
        """Run a statement; gives the result as the protocol has it. Raises Refused."""
        text = statement.encode()
        return self._call(QUERY, struct.pack(">i", len(text)) + text + struct.pack(">hb", ONE, 0)).body

    def rows(self, query: str) -> list[dict[str, Any]]:
        """The rows that `SELECT …` finds, which the server itself turns into JSON."""
        word, rest = query.split(maxsplit=1)
        assert word.upper() == "SELECT", query
        return _json_rows(self.execute(f"SELECT JSON {rest}"))

    def _call(self, operation: int, body: bytes) -> Reply:
        self._socket.sendall(struct.pack(">BBhBi", VERSION, 0, 0, operation, len(body)) + body)
        _, flags, _, answered, length = struct.unpack(">BBhBi", self._read(9))
        content = Reader(self._read(length))
        if flags & HAS_WARNINGS:
            content.strings()
        if answered == ERROR:
            raise Refused(f"{content.integer():#06x}: {content.string()}")
        return Reply(answered, content)

    def _read(self, count: int) -> bytes:
        content = self._received.read(count)
        if len(content) < count:
            raise ConnectionError("the server hung up")
        return content


def _json_rows(result: Reader) -> list[dict[str, Any]]:
    """One column of text: the protocol's description of it is passed over."""
    kind, flags, columns = result.integer(), result.integer(), result.integer()
    assert (kind, flags, columns) == (ROWS, COMMON_TABLE, 1)
    for _ in ("keyspace", "table", "column"):
        result.string()
    result.short()  # its type
    return [json.loads(result.read(result.integer())) for _ in range(result.integer())]


def _string(text: str) -> bytes:
    return struct.pack(">h", len(text.encode())) + text.encode()
