"""What arrived of the traces that were sent: asked of a backend's API, or read in a file that a collector wrote."""

import http.client
import json
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tracegen.rehearse.traces import Trace

SECONDS = 10
_THREADS = 4
#: Traces of one class that a backend is asked for, at most: it is one request each.
MOST = 1_500
_POLL = 1.0

#: From identifiers of traces, in hexadecimal, to how many spans of each arrived.
Source = Callable[[Sequence[str]], Mapping[str, int]]


class CannotCount(Exception):
    """The backend or file does not tell."""


@dataclass(frozen=True, slots=True)
class Counted:
    """Of the traces of one class: how many came whole, and how many in part."""

    whole: int
    partial: int
    missing_spans: int


def source(text: str) -> Source:
    """Of an address such as `http://127.0.0.1:16686`, or of a file with a JSON object a line."""
    if "://" in text:
        return _Api(text.rstrip("/")).spans
    return _File(Path(text)).spans


def chosen(traces: Iterable[Trace]) -> list[Trace]:
    """The traces whose arrival is looked at: the first so many of each class."""
    found: Counter[str] = Counter()
    result = []
    for trace in traces:
        found[trace.kind] += trace.sampled
        if trace.sampled and found[trace.kind] <= MOST:
            result.append(trace)
    return result


def counted(traces: Sequence[Trace], ask: Source, wait: float, at_most: float) -> dict[str, Counted]:
    """By class; asks again until nothing more comes, at least after `wait` and at most after `at_most` seconds."""
    began = time.monotonic()
    time.sleep(wait)
    ids = [trace.trace_id.hex() for trace in traces]
    found, before = ask(ids), -1
    while sum(found.values()) != before and time.monotonic() - began < at_most:
        before = sum(found.values())
        time.sleep(_POLL)
        found = ask(ids)
    return {kind: _of_class([each for each in traces if each.kind == kind], found) for kind in _kinds(traces)}


def _kinds(traces: Sequence[Trace]) -> list[str]:
    return list(dict.fromkeys(trace.kind for trace in traces))


def _of_class(traces: Sequence[Trace], found: Mapping[str, int]) -> Counted:
    whole = partial = missing = 0
    for trace in traces:
        came = found.get(trace.trace_id.hex(), 0)
        whole += came >= len(trace.spans)
        if 0 < came < len(trace.spans):
            partial += 1
            missing += len(trace.spans) - came
    return Counted(whole, partial, missing)


class _Api:
    """Jaeger's or Tempo's API. A trace that is whole is not asked for again."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._known: dict[str, int] = {}
        # Proxies of the environment have no business between here and a backend that was named.
        self._open = urllib.request.build_opener(urllib.request.ProxyHandler({})).open

    def spans(self, ids: Sequence[str]) -> Mapping[str, int]:
        """How many spans of each trace there are."""
        with ThreadPoolExecutor(_THREADS) as pool:
            return dict(zip(ids, pool.map(self._spans, ids), strict=True))

    def _spans(self, trace_id: str) -> int:
        # `/api/v3` is Jaeger's, `/api/v2` Tempo's; older versions of both have `/api/traces`.
        for path in ("/api/v3/traces/", "/api/v2/traces/", "/api/traces/"):
            found = self._ask(f"{self._address}{path}{trace_id}")
            if found is not None:
                return found
        raise CannotCount(f"{self._address} is no API of Jaeger or Tempo")

    def _ask(self, url: str) -> int | None:
        """None: such a path is not known there."""
        request = urllib.request.Request(url, headers={"Accept": "application/json"})
        try:
            with self._open(request, timeout=SECONDS) as answer:
                return _spans_in(_object(answer.read()))
        except urllib.error.HTTPError as error:
            body = error.read()
            known = "error" in body.decode(errors="replace").lower() or "trace not found" in body.decode(
                errors="replace"
            )
            return 0 if error.code == 404 and known else None
        except (OSError, http.client.HTTPException) as error:
            raise CannotCount(f"{self._address} does not answer: {error}") from error


def _object(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return None


def _spans_in(answer: Any) -> int | None:
    """Of `{result: {resourceSpans}}`, `{trace: {resourceSpans}}`, `{batches}` or `{data: [{spans}]}`."""
    if not isinstance(answer, dict):
        return None
    if isinstance(answer.get("data"), list):
        return sum(len(each.get("spans", ())) for each in answer["data"])
    inner = answer.get("result") or answer.get("trace") or answer
    resources = inner.get("resourceSpans") or inner.get("batches")
    if not isinstance(resources, list):
        return None
    return sum(len(scope.get("spans", ())) for each in resources for scope in each.get("scopeSpans", ()))


class _File:
    """What the Collector's file exporter writes: a JSON object a line, the last one perhaps not whole yet."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def spans(self, ids: Sequence[str]) -> Mapping[str, int]:
        """How many spans of each trace stand there."""
        wanted, found = set(ids), Counter[str]()
        try:
            with self._path.open(encoding="utf-8") as lines:
                for line in lines:
                    found.update(each for each in _trace_ids(_object(line.encode())) if each in wanted)
        except OSError as error:
            raise CannotCount(f"{self._path} cannot be read: {error.strerror}") from error
        return found


def _trace_ids(line: Any) -> Iterable[str]:
    if isinstance(line, dict):
        for each in line.get("resourceSpans", ()):
            for scope in each.get("scopeSpans", ()):
                yield from (span.get("traceId", "") for span in scope.get("spans", ()))
