"""A trace, and a span of it, as the page has them: all texts are data, and shown as text."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from tracegen.traces import Span, Trace, critical_path, own_time, shown
from tracegen.traces.values import Value

_LONGEST = 20_000


def trace_data(trace: Trace) -> dict[str, Any]:
    """The spans in the order of a waterfall, each a short list; times in microseconds after the trace's start.

    A row is [number, depth, service, name, kind, status, start, duration, on the critical path, marks]; the number
    is that of `span_data`, the service a place in `services`, marks are letters: e events, x exception, l links,
    o orphan, p has children.
    """
    path = critical_path(trace)
    own = own_time(path)
    services = trace.services
    places = {name: place for place, name in enumerate(services)}
    numbers = {id(span): number for number, span in enumerate(trace.spans)}
    orphans = {id(span) for span in trace.orphans}
    rows = [
        [
            numbers[id(span)],
            depth,
            places[span.service],
            span.name,
            span.kind_name,
            span.status_name,
            (span.start - trace.start) / 1_000,
            span.duration / 1_000,
            own.get(span.span, 0) / 1_000,
            _marks(span, trace, id(span) in orphans),
        ]
        for span, depth in waterfall(trace)
    ]
    return {
        "id": trace.trace_id,
        "start": trace.start / 1_000,
        "duration": trace.duration / 1_000,
        "services": services,
        "errors": trace.errors,
        "rows": rows,
        "path": [
            [numbers[id(section.span)], (section.start - trace.start) / 1_000, section.duration / 1_000]
            for section in path
        ],
        "orphans": len(orphans),
        "roots": len(trace.roots),
    }


def waterfall(trace: Trace) -> Iterator[tuple[Span, int]]:
    """Every span once with its depth: parents before children, siblings by their start; circles come last."""
    done: set[int] = set()
    for top in (*trace.roots, *trace.orphans, *trace.spans):
        steps = [(top, 0)]
        while steps:
            span, depth = steps.pop()
            if id(span) in done:
                continue
            done.add(id(span))
            yield span, depth
            children = trace.children.get(span.span, ()) if trace.by_id.get(span.span) is span else ()
            steps.extend((child, depth + 1) for child in reversed(children))


def _marks(span: Span, trace: Trace, orphan: bool) -> str:
    message = span.message
    return "".join(
        letter
        for letter, there in (
            ("e", bool(message.events)),
            ("x", any(event.name == "exception" for event in message.events)),
            ("l", bool(message.links)),
            ("o", orphan),
            ("p", span.span in trace.children),
        )
        if there
    )


def span_data(span: Span) -> dict[str, Any]:
    """All that a span says."""
    return {
        "id": span.span_id,
        "parent": span.parent_id,
        "service": span.service,
        "name": span.name,
        "kind": span.kind_name,
        "status": span.status_name,
        "message": span.status_message,
        "scope": span.scope,
        "start": span.start / 1_000,
        "duration": span.duration / 1_000,
        "attributes": pairs_data(span.attributes),
        "resource": pairs_data(span.resource.attributes),
        "events": [
            {
                "name": event.name,
                "after": (event.time - span.start) / 1_000,
                "exception": event.is_exception,
                "attributes": pairs_data(event.attributes),
            }
            for event in span.events
        ],
        "links": [
            {"trace": link.trace_id, "span": link.span_id, "attributes": pairs_data(link.attributes)}
            for link in span.links
        ],
        "dropped": span.dropped,
    }


def pairs_data(attributes: Mapping[str, Value]) -> list[list[str]]:
    """Keys and values as text, sorted."""
    return [[key, value_data(value)] for key, value in sorted(attributes.items())]


def value_data(value: Value) -> str:
    """A value as text; lists and maps as JSON, bytes in hexadecimal. What is very long is cut, and says so."""
    if isinstance(value, bytes):
        found = f"0x{value.hex()}"
    elif isinstance(value, list | dict):
        found = json.dumps(value, ensure_ascii=False, default=lambda each: f"0x{each.hex()}")
    else:
        found = "" if value is None else shown(value)
    return found if len(found) <= _LONGEST else f"{found[:_LONGEST]} … ({len(found):,} characters)"
