"""What the page asks, answered as JSON: a path and its parameters to data. It knows no HTTP."""

import re
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tracegen.traces import (
    ORDERS,
    BadQuestion,
    Condition,
    Requests,
    Selection,
    Store,
    Trace,
    compare,
    duration,
    errors,
    statistics,
    summaries,
)
from tracegen.view.declared import Declared, Finding
from tracegen.view.service_map import Layouts, requests_data, service_map
from tracegen.view.trace_data import span_data, trace_data

#: Parameters of a request: each name with its values.
Query = Mapping[str, Sequence[str]]

#: Answers that are kept until more spans come in.
_KEPT = 16
_MOST_TRACES = 500


class NotFound(Exception):
    """What was asked for is not there (any more)."""


class Answers:
    """Answers questions about a store; several pages that ask the same share the work.

    `findings` gives what is to be looked at, whenever it is asked.
    """

    def __init__(
        self, store: Store, declared: Declared, findings: Callable[[Store], Sequence[Finding]] = lambda _: ()
    ) -> None:
        self.store = store
        self.declared = declared
        self._findings = findings
        self._layouts = Layouts()
        self._lock = threading.Lock()
        self._last: tuple[tuple[str, int], Trace] | None = None
        self._kept: OrderedDict[tuple[object, ...], Any] = OrderedDict()
        self._paths: dict[str, Callable[[Query], Any]] = {
            "map": self._map,
            "traces": self._traces,
            "trace": self._trace,
            "span": self._span,
            "operations": self._operations,
            "errors": self._errors,
            "compare": self._compare,
            "findings": self._found,
            "names": self._names,
        }

    def answer(self, path: str, query: Query) -> Any:
        """The answer to a path such as `map`. Raises NotFound, and BadQuestion for parameters that say nothing."""
        if path not in self._paths:
            raise NotFound(f"nothing is answered at {path!r}")
        place = (path, self.store.version, *sorted((key, *values) for key, values in query.items()))
        with self._lock:
            if place not in self._kept:
                self._kept[place] = self._paths[path](query)
                while len(self._kept) > _KEPT:
                    self._kept.popitem(last=False)
            return self._kept[place]

    def _map(self, query: Query) -> dict[str, Any]:
        found = statistics(self.store, selection_of(query))
        return {
            **service_map(self.declared, found, self._layouts),
            "start": found.start / 1e3,
            "end": found.end / 1e3,
        }

    def _traces(self, query: Query) -> dict[str, Any]:
        order = _one(query, "order") or "newest"
        if order not in ORDERS:
            raise BadQuestion(f"{order!r} is no order; say {', '.join(ORDERS)}")
        most = min(int(_number(query, "most") or 50), _MOST_TRACES)
        found = summaries(self.store, selection_of(query), order, most + 1)
        rows = [
            {
                "id": each.trace_id,
                "service": each.service,
                "name": each.name,
                "start": each.start / 1e3,
                "duration": each.duration / 1e3,
                "spans": each.spans,
                "errors": each.errors,
                "services": each.services,
                "whole": each.whole,
            }
            for each in found[:most]
        ]
        return {"traces": rows, "more": len(found) > most}

    def _trace(self, query: Query) -> dict[str, Any]:
        return trace_data(self._held(_one(query, "id")))

    def _span(self, query: Query) -> dict[str, Any]:
        trace = self._held(_one(query, "id"))
        number = int(_number(query, "number") or 0)
        if not 0 <= number < len(trace.spans):
            raise NotFound("this span is not held")
        return span_data(trace.spans[number])

    def _held(self, trace_id: str) -> Trace:
        """A trace; the last one stays at hand, for its spans are asked for one after the other."""
        place = (trace_id, self.store.version)
        if self._last is None or self._last[0] != place:
            trace = self.store.trace(trace_id)
            if trace is None:
                raise NotFound("no span of this trace is held: it was dropped, or never received")
            self._last = place, trace
        return self._last[1]

    def _operations(self, query: Query) -> dict[str, Any]:
        found = statistics(self.store, selection_of(query))
        return {
            "services": [{"service": name, **_said(each)} for name, each in found.services.items()],
            "operations": [
                {"service": service, "name": name, **_said(each)}
                for (service, name), each in found.operations.items()
            ],
            "edges": [
                {"caller": pair[0], "callee": pair[1], "kind": edge.kind.value, **_said(edge.requests)}
                for pair, edge in found.edges.items()
            ],
        }

    def _errors(self, query: Query) -> list[dict[str, Any]]:
        return [
            {
                "service": each.service,
                "name": each.name,
                "code": each.code,
                "count": each.count,
                "trace": each.example,
            }
            for each in errors(self.store, selection_of(query))
        ]

    def _compare(self, query: Query) -> dict[str, Any]:
        sides = [selection_of(query, f"{side}_") for side in ("before", "after")]
        before, after = (statistics(self.store, each) for each in sides)
        return {
            sort: [
                {"name": each.name, "before": requests_data(each.before), "after": requests_data(each.after)}
                for each in changes
            ]
            for sort, changes in compare(before, after).items()
        }

    def _found(self, query: Query) -> list[dict[str, str]]:
        return [
            {
                "code": each.code,
                "severity": each.severity,
                "message": each.message,
                "hint": each.hint,
                "trace": each.trace_id,
            }
            for each in self._findings(self.store)
        ]

    def _names(self, query: Query) -> dict[str, Any]:
        services = self.store.services()
        start, end = self.store.period()
        return {
            "services": sorted({*self.declared.services, *(name for name, _ in services)}),
            "versions": sorted({version for _, version in services if version}),
            "versions_of": _versions(services),
            "start": start / 1e3,
            "end": end / 1e3,
        }


def selection_of(query: Query, before: str = "") -> Selection:
    """A selection from parameters: start, end (microseconds), service, name, shortest, longest, status, version, has.

    `before` stands before each name. Raises BadQuestion.
    """
    shortest, longest = _one(query, f"{before}shortest"), _one(query, f"{before}longest")
    return Selection(
        start=_nanoseconds(query, f"{before}start"),
        end=_nanoseconds(query, f"{before}end"),
        service=_one(query, f"{before}service"),
        name=_one(query, f"{before}name"),
        shortest=duration(shortest) if shortest else None,
        longest=duration(longest) if longest else None,
        status=_one(query, f"{before}status"),
        version=_one(query, f"{before}version"),
        conditions=[Condition.of(said) for said in query.get(f"{before}has", ()) if said.strip()],
    )


def _versions(services: Sequence[tuple[str, str]]) -> dict[str, list[str]]:
    """The versions of each service; numbers in them are sorted as numbers, so that 1.10 is newer than 1.9."""
    found: dict[str, list[str]] = {}
    for service, version in sorted(services, key=lambda each: (each[0], _parts(each[1]))):
        found.setdefault(service, []).extend([version] if version else [])
    return found


def _parts(version: str) -> list[tuple[int, str]]:
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"(\d+)", version) if part]


def _said(requests: Requests) -> dict[str, Any]:
    return requests_data(requests) or {}


def _one(query: Query, name: str) -> str:
    values = query.get(name) or [""]
    return values[-1]


def _nanoseconds(query: Query, name: str) -> int | None:
    found = _number(query, name)
    return None if found is None else round(found * 1_000)


def _number(query: Query, name: str) -> float | None:
    said = _one(query, name)
    try:
        return float(said) if said else None
    except ValueError:
        raise BadQuestion(f"{name} should be a number, not {said!r}") from None
