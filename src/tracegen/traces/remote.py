"""Traces of running systems: Jaeger's and Tempo's own addresses, asked over HTTP.

- Jaeger: `/api/v3/services`, `/api/v3/traces`; where these are missing, `/api/services`, `/api/traces`
- Tempo: `/api/search`, then `/api/v2/traces/<id>` in protobuf; before 2.7 `/api/traces/<id>`
"""

import io
import json
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from tracegen.traces import protobuf
from tracegen.traces.batches import Batch
from tracegen.traces.files import CannotReadTraces, read_json
from tracegen.traces.values import BadSpan

_SECONDS = 30
_LARGEST = 1 << 30


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked of a backend: how many traces at most (of each service, where it is Jaeger), how far back.

    `back` is in seconds; `service` '' means all; `headers` go with each request (a tenant, authorization).
    """

    traces: int = 1_000
    back: int = 3_600
    service: str = ""
    headers: tuple[tuple[str, str], ...] = ()


class _NotThere(Exception):
    """The server has no such address."""


def read_address(address: str, wanted: Wanted | None = None) -> Iterator[Batch]:
    """The batches behind http(s)://host:port[/path] of a Jaeger or Tempo. Raises CannotReadTraces."""
    backend = _Backend(address.rstrip("/"), wanted or Wanted(), time.time())
    try:
        for read in (backend.jaeger, backend.older_jaeger, backend.tempo):
            try:
                first = read()
            except _NotThere:
                continue
            yield from first
            return
    except BadSpan as error:
        raise CannotReadTraces(f"cannot read traces from {address}: {error}") from error
    raise CannotReadTraces(
        f"{address} is neither Jaeger's query address (its pages, port 16686) nor Tempo's (port 3200): "
        "none of /api/v3/services, /api/services and /api/search is there"
    )


class _Backend:
    def __init__(self, address: str, wanted: Wanted, now: float) -> None:
        self._address = address
        self._wanted = wanted
        self._start, self._end = now - wanted.back, now + 60
        # No proxy stands between two programs of one machine, whatever the environment says of others.
        here = urllib.parse.urlsplit(address).hostname in ("127.0.0.1", "::1", "localhost")
        self._open = urllib.request.build_opener(*[urllib.request.ProxyHandler({})] * here).open

    def jaeger(self) -> Iterator[Batch]:
        services = self._json("/api/v3/services").get("services")
        return self._of_services(services, self._jaeger_service)

    def older_jaeger(self) -> Iterator[Batch]:
        services = self._json("/api/services").get("data")
        return self._of_services(services, self._older_service)

    def tempo(self) -> Iterator[Batch]:
        query: dict[str, Any] = {"limit": self._wanted.traces, "start": int(self._start), "end": int(self._end)}
        if self._wanted.service:
            query["q"] = f"{{resource.service.name={json.dumps(self._wanted.service)}}}"
        found = self._json("/api/search", query).get("traces") or ()
        return self._tempo_traces([str(each["traceID"]) for each in found])

    def _of_services(self, services: Any, read: Callable[[str], Iterator[Batch]]) -> Iterator[Batch]:
        wanted = self._wanted.service
        names = [wanted] if wanted else sorted(str(each) for each in services or ())
        seen: set[bytes] = set()
        for name in names:
            # A trace is answered whole for each service in it: once is enough.
            new: set[bytes] = set()
            for batch in read(name):
                spans = [each for each in batch.spans if each[0].trace_id not in seen]
                new.update(span.trace_id for span, _ in spans)
                yield Batch(batch.resource, batch.scope, spans)
            seen |= new

    def _jaeger_service(self, service: str) -> Iterator[Batch]:
        query = {
            "query.service_name": service,
            "query.start_time_min": _rfc3339(self._start),
            "query.start_time_max": _rfc3339(self._end),
            "query.num_traces": self._wanted.traces,
        }
        try:
            yield from read_json(io.BytesIO(self._get("/api/v3/traces", query)))
        except _NotThere:  # as Jaeger answers when a service has no traces in this time
            return

    def _older_service(self, service: str) -> Iterator[Batch]:
        query = {
            "service": service,
            "start": int(self._start * 1e6),
            "end": int(self._end * 1e6),
            "limit": self._wanted.traces,
        }
        yield from read_json(io.BytesIO(self._get("/api/traces", query)))

    def _tempo_traces(self, ids: list[str]) -> Iterator[Batch]:
        version = "/v2"
        for each in ids:
            try:
                yield from self._tempo_trace(f"/api{version}/traces/{each}", version)
            except _NotThere:
                if version:
                    version = ""
                    yield from self._tempo_trace(f"/api/traces/{each}", version)

    def _tempo_trace(self, path: str, version: str) -> Iterator[Batch]:
        answer = self._get(path, accept="application/protobuf")
        if answer[:1] in (b"{", b""):
            yield from read_json(io.BytesIO(answer or b'{"trace": {}}'))
        elif version:
            for tag, start, end in protobuf.fields(answer, 0, len(answer)):
                if tag == 0x0A:  # TraceByIDResponse.trace
                    yield from protobuf.decode(answer, start, end)
        else:
            yield from protobuf.decode(answer)

    def _json(self, path: str, query: dict[str, Any] | None = None) -> dict[str, Any]:
        """An answer that is an object of JSON; what answers anything else, as a page for people, is not there."""
        try:
            found = json.loads(self._get(path, query))
        except ValueError:
            raise _NotThere from None
        if not isinstance(found, dict):
            raise _NotThere
        return found

    def _get(self, path: str, query: dict[str, Any] | None = None, accept: str = "application/json") -> bytes:
        url = f"{self._address}{path}?{urllib.parse.urlencode(query or {})}".rstrip("?")
        request = urllib.request.Request(url, headers={"Accept": accept, **dict(self._wanted.headers)})
        try:
            with self._open(request, timeout=_SECONDS) as answer:
                return bytes(answer.read(_LARGEST))
        except urllib.error.HTTPError as error:
            if error.code in (404, 405, 501):
                raise _NotThere from error
            said = error.read(300).decode("utf-8", "replace").strip()
            raise CannotReadTraces(f"{url} answered {error.code}: {said}") from error
        except (OSError, ValueError) as error:
            reason = getattr(error, "reason", error)
            raise CannotReadTraces(f"cannot read traces from {self._address}: {reason}") from error


def _rfc3339(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
