"""Names: of spans, that should be few, and of attributes, that should be those of today."""

import re
from collections.abc import Iterator

from tracegen.traces import Keep, Span, Store, Trace
from tracegen.verify.check import FirstOfEach, Quiet, mark
from tracegen.verify.expected import Expected
from tracegen.verify.finding import Finding, Tally

#: A UUID, a long number in hexadecimal or decimal, or a segment of a path that is a number of two digits or more.
_IDENTIFIER = re.compile(
    r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
    r"|\b(?=[a-f]*[0-9])[0-9a-f]{16,}\b|[0-9]{6,}|(?<=/)[0-9]{2,}(?=[/?#\s]|$)",
    re.IGNORECASE,
)
_REMEMBERED = 10_000

#: https://opentelemetry.io/docs/specs/semconv/non-normative/http-migration/ and .../db-migration/
OLD = {
    "http.method": "http.request.method",
    "http.status_code": "http.response.status_code",
    "http.url": "url.full",
    "http.target": "url.path",
    "http.scheme": "url.scheme",
    "http.user_agent": "user_agent.original",
    "http.flavor": "network.protocol.version",
    "http.client_ip": "client.address",
    "net.peer.name": "server.address",
    "net.peer.port": "server.port",
    "net.host.name": "server.address",
    "net.host.port": "server.port",
    "net.sock.peer.addr": "network.peer.address",
    "net.protocol.version": "network.protocol.version",
    "db.system": "db.system.name",
    "db.statement": "db.query.text",
    "db.operation": "db.operation.name",
    "db.name": "db.namespace",
    "db.sql.table": "db.collection.name",
    "messaging.destination": "messaging.destination.name",
    "messaging.operation": "messaging.operation.type",
}
#: By what they begin with: where that is not in a span, none of them is.
_MARKS = tuple(
    (first, tuple((key, mark(key)) for key in OLD if key.startswith(first.decode())))
    for first in (b"http.", b"net.", b"db.", b"messaging.")
)


class SpanNames(Quiet):
    """Names that hold an identifier: there is no end of them."""

    def __init__(self, expected: Expected) -> None:
        self._tally = Tally()
        self._known: dict[str, bool] = {}

    def trace(self, trace: Trace) -> None:
        """Look at names."""
        known = self._known
        for span in trace.spans:
            bad = known.get(span.name)
            if bad is None:
                bad = _IDENTIFIER.search(span.name) is not None
                if len(known) < _REMEMBERED:
                    known[span.name] = bad
            if bad:
                message = f"{span.name[:120]!r} holds an identifier"
                self._tally.add("SPA-003", span.service, message, span.trace_id)

    def found(self, store: Store) -> Iterator[Finding]:
        """What was counted."""
        return self._tally.found()


class Conventions(Quiet):
    """Attributes that semantic conventions have renamed, where the new name does not stand beside the old one."""

    def __init__(self, expected: Expected) -> None:
        self._tally = Tally()
        self._first = FirstOfEach()

    def wants(self) -> Keep:
        """What has an old name, of the first."""
        return FirstOfEach().with_any(OLD)

    def trace(self, trace: Trace) -> None:
        """Look for old names in the bytes first: most spans have none."""
        for span in trace.spans:
            data = span.data
            if not data or not self._first.holds(span.service, span.name, span.kind):
                continue
            for first, marks in _MARKS:
                if first in data:
                    for key, marked in marks:
                        if marked in data:
                            self._look(span, key)

    def found(self, store: Store) -> Iterator[Finding]:
        """What was counted."""
        return self._tally.found()

    def _look(self, span: Span, key: str) -> None:
        said = span.attributes
        if key in said and OLD[key] not in said:
            self._tally.add(
                "old-conventions", span.service, f"{key} is called {OLD[key]} today", span.trace_id, key=key
            )
