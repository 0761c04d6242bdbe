"""What Jaeger has stored lately: clocks that differ, and calls whose trace breaks off."""

import http.client
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from tracegen.doctor.reach import get

_SERVER, _CLIENT = 2, 3
_HOURS = 3
_TRACES = 40
#: Seconds by which clocks may differ before it matters.
TOLERATED = 60.0


@dataclass(frozen=True, slots=True)
class Span:
    """As far as it is asked about; times are seconds since 1970."""

    trace_id: str
    span_id: str
    parent_id: str
    service: str
    kind: int
    start: float
    end: float
    server: str


def recent(api: str, services: list[str], now: float) -> list[Span]:
    """Spans of the latest traces of these services; none where the API is no Jaeger's. Raises OSError."""
    found: dict[tuple[str, str], Span] = {}
    for service in services:
        for span in _of_service(api, service, now):
            found[span.trace_id, span.span_id] = span
    return list(found.values())


def wrong_clocks(spans: list[Span], now: float) -> Iterator[tuple[str, float, str]]:
    """Service, seconds by which its clock is ahead, and a trace that shows it."""
    by_id = {(span.trace_id, span.span_id): span for span in spans}
    told = set[str]()
    for span in spans:
        parent = by_id.get((span.trace_id, span.parent_id))
        ahead = span.start - now if span.start > now + TOLERATED else 0.0
        if parent and parent.service != span.service and abs(span.start - parent.start) > TOLERATED:
            # Of the two, the one that is further from our own time.
            ahead = span.start - parent.start
            if abs(parent.start - now) > abs(span.start - now):
                span, ahead = parent, -ahead
        if ahead and span.service not in told:
            told.add(span.service)
            yield span.service, ahead, span.trace_id


def broken_calls(spans: list[Span], calls: Mapping[str, tuple[str, ...]]) -> Iterator[tuple[str, str, str]]:
    """Caller, callee and a trace of the callee that should be part of the caller's.

    The caller made requests to the callee, the callee answered requests that had no parent, and none that had one.
    """
    by_id = {(span.trace_id, span.span_id): span for span in spans}
    for caller, callees in calls.items():
        for callee in callees:
            answered = [span for span in spans if span.service == callee and span.kind == _SERVER]
            made = [
                span for span in spans if span.service == caller and span.kind == _CLIENT and span.server == callee
            ]
            roots = [span for span in answered if not span.parent_id]
            joined = any(
                (parent := by_id.get((span.trace_id, span.parent_id))) and parent.service == caller
                for span in answered
            )
            if made and roots and not joined:
                yield caller, callee, roots[0].trace_id


def _of_service(api: str, service: str, now: float) -> Iterator[Span]:
    begin, end = (datetime.fromtimestamp(now, UTC) + timedelta(hours=each) for each in (-_HOURS, _HOURS))
    asked = {
        "query.service_name": service,
        "query.start_time_min": begin.isoformat().replace("+00:00", "Z"),
        "query.start_time_max": end.isoformat().replace("+00:00", "Z"),
        # Its name before 2.20, and since.
        "query.num_traces": _TRACES,
        "query.search_depth": _TRACES,
    }
    try:
        _, body = get(api, f"/api/v3/traces?{urlencode(asked)}")
        answer = json.loads(body)
    except (http.client.HTTPException, ValueError):
        return
    result = answer.get("result", {}) if isinstance(answer, dict) else {}
    for each in result.get("resourceSpans", ()):
        name = _attributes(each.get("resource", {})).get("service.name", "")
        for scope in each.get("scopeSpans", ()):
            yield from (_span(span, name) for span in scope.get("spans", ()))


def _span(span: Mapping[str, Any], service: str) -> Span:
    return Span(
        trace_id=span.get("traceId", ""),
        span_id=span.get("spanId", ""),
        parent_id=span.get("parentSpanId", ""),
        service=service,
        kind=int(span.get("kind", 0)),
        start=int(span.get("startTimeUnixNano", 0)) / 1e9,
        end=int(span.get("endTimeUnixNano", 0)) / 1e9,
        server=_attributes(span).get("server.address", ""),
    )


def _attributes(owner: Mapping[str, Any]) -> dict[str, str]:
    return {each["key"]: str(each.get("value", {}).get("stringValue", "")) for each in owner.get("attributes", ())}
