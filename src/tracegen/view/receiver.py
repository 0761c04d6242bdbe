"""OTLP as it comes in: a request to spans in the store, and the answer that OTLP asks for.

A request is acknowledged when its spans are held. Of logs only their time and trace are kept. Metrics are taken and
passed over, so that an SDK which sends all three has nothing to complain about.
https://opentelemetry.io/docs/specs/otlp/
"""

import gzip
import io
import threading
import time
import zlib
from collections import deque
from dataclasses import dataclass

from tracegen.traces import BadSpan, Store, decode, read_json

#: The largest request, unpacked, in bytes; the Collector's own default is 20 MiB.
LARGEST = 64 << 20
TRACES, LOGS, METRICS = PATHS = ("/v1/traces", "/v1/logs", "/v1/metrics")
PASSED_OVER = "metrics are received and passed over: traces are looked at, and whether logs name theirs"
_RATE_SECONDS = 5


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to a request: status of HTTP, its type and content."""

    status: int
    type: str
    content: bytes


class Receiver:
    """Takes requests in, from any number of threads; counts spans, and notes what was wrong."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._lately: deque[tuple[float, int]] = deque()
        self._notices: dict[str, int] = {}

    def over_http(self, path: str, type_: str, encoding: str, body: bytes) -> Answer:
        """A POST to one of PATHS."""
        kind = type_.partition(";")[0].strip().lower()
        if kind not in ("application/x-protobuf", "application/json"):
            return self._refused(
                415, f"OTLP is application/x-protobuf or application/json, not {kind[:60] or 'nothing'}"
            )
        if path == METRICS:
            self.notice(PASSED_OVER)
            return _taken(kind)
        try:
            self.take(unpacked(body, encoding), json=kind == "application/json", logs=path == LOGS)
        except TooLarge:
            return self._refused(413, f"a request has more than {LARGEST >> 20} MiB; send smaller batches")
        except BadSpan as error:
            if path == TRACES:
                return self._refused(400, str(error))
            # Nobody's logs are refused for the little that is asked of them.
            self.notice(f"logs are received and passed over: {error}")
        return _taken(kind)

    def take(self, body: bytes, *, json: bool = False, logs: bool = False) -> int:
        """The spans or logs of a request into the store; how many spans. Raises BadSpan, then none is kept."""
        added = self._store.add(
            read_json(io.BytesIO(body)) if json and body.strip() != b"{}" else decode(_message(body), logs=logs)
        )
        with self._lock:
            self._lately.append((time.monotonic(), added))
        return added

    def notice(self, words: str) -> None:
        """Note something that people should see; the same once, with how often."""
        with self._lock:
            if words in self._notices or len(self._notices) < 50:
                self._notices[words] = self._notices.get(words, 0) + 1

    def notices(self) -> list[str]:
        """What was noted."""
        with self._lock:
            return [words if count == 1 else f"{words} ({count:,} times)" for words, count in self._notices.items()]

    def rate(self) -> float:
        """Spans a second, over the last seconds."""
        with self._lock:
            since = time.monotonic() - _RATE_SECONDS
            while self._lately and self._lately[0][0] < since:
                self._lately.popleft()
            return sum(count for _, count in self._lately) / _RATE_SECONDS

    def _refused(self, status: int, words: str) -> Answer:
        self.notice(f"a request was refused: {words}")
        return Answer(status, "text/plain; charset=utf-8", words.encode())


class TooLarge(Exception):
    """A request is larger than LARGEST."""


def unpacked(body: bytes, encoding: str) -> bytes:
    """The body of a request without its encoding, never more than LARGEST. Raises BadSpan, TooLarge."""
    name = encoding.strip().lower()
    if name in ("", "identity"):
        found = body
    elif name == "gzip":
        try:
            with gzip.open(io.BytesIO(body)) as stream:
                found = stream.read(LARGEST + 1)
        except (OSError, EOFError, zlib.error) as error:
            raise BadSpan(f"the gzip is damaged: {error}") from error
    else:
        raise BadSpan(f"the encoding {name[:40]!r} is not known; send gzip or none")
    if len(found) > LARGEST:
        raise TooLarge
    return found


def _message(body: bytes) -> bytes:
    return b"" if body.strip() == b"{}" else body


def _taken(kind: str) -> Answer:
    # An empty ExportTraceServiceResponse: all of it was accepted.
    return Answer(200, kind, b"{}" if kind == "application/json" else b"")
