"""The answers of `tracegen traces`: rows as data, and as tables for people. Times in data are milliseconds."""

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from tracegen.columns import columns
from tracegen.traces import (
    BadQuestion,
    Requests,
    Selection,
    Store,
    compare,
    critical_path,
    errors,
    own_time,
    statistics,
    summaries,
)
from tracegen.view import Declared, edge_states, service_state

Row = dict[str, Any]
Rows = list[Row]

_MOST = 1_000
_WORDS = {"seen": "", "silent": "silent", "undeclared": "undeclared", "outside": "sends no spans"}


def slow(store: Store, selection: Selection, known: Declared) -> Rows:
    """Traces, the slowest first, with the service that made them wait longest."""
    return [
        {
            "trace": each.trace_id,
            "service": each.service,
            "name": each.name,
            "duration": _ms(each.duration),
            "spans": each.spans,
            "errors": each.errors,
            "waits_for": _waits_for(store, each.trace_id),
        }
        for each in summaries(store, selection, "slowest", 50)
    ]


def failing(store: Store, selection: Selection, known: Declared) -> Rows:
    """Spans that failed, by service, name and status."""
    return [
        {"service": each.service, "name": each.name, "status": each.code, "spans": each.count, "trace": each.example}
        for each in errors(store, selection)[:_MOST]
    ]


def dependencies(store: Store, selection: Selection, known: Declared) -> Rows:
    """Who calls whom, and what is declared and was not seen; the busiest first."""
    found = statistics(store, selection)
    states = edge_states(known, found)
    rows = [
        {
            "caller": pair[0],
            "callee": pair[1],
            "declared": _WORDS[state],
            **(_requests(found.edges[pair].requests) if pair in found.edges else {}),
        }
        for pair, state in states.items()
    ]
    return sorted(rows, key=lambda row: -row.get("requests", 0))


def services(store: Store, selection: Selection, known: Declared) -> Rows:
    """Services with rates, errors and percentiles, and those that are declared and silent."""
    found = statistics(store, selection)
    names = dict.fromkeys([*found.services, *known.services])
    return [
        {
            "service": name,
            "declared": _WORDS[service_state(name, known, found.services)],
            **(_requests(found.services[name]) if name in found.services else {}),
        }
        for name in names
    ]


def operations(store: Store, selection: Selection, known: Declared) -> Rows:
    """Operations of services, the slowest 95th percentile first."""
    found = statistics(store, selection).operations
    rows = [{"service": pair[0], "name": pair[1], **_requests(each)} for pair, each in found.items()]
    return sorted(rows, key=lambda row: -row["p95"])


def path(store: Store, selection: Selection, known: Declared) -> Rows:
    """Which operations traces wait for: their time on critical paths, and its share of all."""
    waited: dict[tuple[str, str], list[int]] = {}
    for trace in store.traces(selection):
        for identity, own in own_time(critical_path(trace)).items():
            span = trace.by_id[identity]
            waited.setdefault((span.service, span.name), []).append(own)
    whole = sum(sum(each) for each in waited.values()) or 1
    rows = [
        {
            "service": service,
            "name": name,
            "share": round(100 * sum(each) / whole, 2),
            "traces": len(each),
            "on_average": _ms(sum(each) / len(each)),
        }
        for (service, name), each in waited.items()
    ]
    return sorted(rows, key=lambda row: -row["share"])


#: What can be shown, by the word for it.
TABLES: Mapping[str, Callable[[Store, Selection, Declared], Rows]] = {
    "services": services,
    "dependencies": dependencies,
    "slow": slow,
    "errors": failing,
    "operations": operations,
    "critical-path": path,
}


def overview() -> Sequence[str]:
    """What is shown when nothing is asked for."""
    return list(TABLES)


def one_trace(store: Store, trace_id: str) -> Rows:
    """A trace as a waterfall. Raises BadQuestion when it is not there."""
    from tracegen.view.trace_data import waterfall

    trace = store.trace(trace_id)
    if trace is None:
        raise BadQuestion(f"there is no trace {trace_id}")
    own = own_time(critical_path(trace))
    return [
        {
            "span": "  " * depth + f"{span.service}: {span.name}",
            "kind": span.kind_name,
            "status": span.status_name,
            "after": _ms(span.start - trace.start),
            "duration": _ms(span.duration),
            "on_critical_path": _ms(own.get(span.span, 0)),
        }
        for span, depth in waterfall(trace)
    ]


def comparison(store: Store, selection: Selection, sides: tuple[str, str]) -> dict[str, Rows]:
    """Services, dependencies and operations before and after. Raises BadQuestion."""
    from dataclasses import replace

    before, after = (statistics(store, replace(selection, **_side(said, store))) for said in sides)
    return {
        sort: [
            {"name": each.name, **_pair("p50", each.before, each.after), **_pair("p95", each.before, each.after),
             **_pair("error_percent", each.before, each.after), **_pair("requests", each.before, each.after)}
            for each in changes
        ]
        for sort, changes in compare(before, after).items()
    }  # fmt: skip


def _pair(key: str, before: Requests | None, after: Requests | None) -> Row:
    return {
        f"{key}_before": _requests(before)[key] if before else None,
        f"{key}_after": _requests(after)[key] if after else None,
    }


_TIME = re.compile(r"(?:(\d{4}-\d\d-\d\d)[T ])?(\d{1,2}:\d\d(?::\d\d(?:\.\d+)?)?)(Z|[+-]\d\d:\d\d)?")


def _side(said: str, store: Store) -> Row:
    if said.startswith("version="):
        return {"version": said.removeprefix("version=")}
    start, dots, end = said.partition("..")
    if not dots:
        raise BadQuestion(f"{said!r} is neither version=VERSION nor TIME..TIME")
    return {"start": _time(start, store), "end": _time(end, store)}


def _time(said: str, store: Store) -> int | None:
    """A time, of the day of the first span where no day is said, in the zone of this machine where none is said."""
    if not said:
        return None
    match = _TIME.fullmatch(said)
    if match is None:
        raise BadQuestion(f"{said!r} is no time; say 10:15, 10:15:30 or 2026-11-30T10:15:00Z")
    day, clock, zone = match.groups()
    day = day or datetime.fromtimestamp(store.period()[0] / 1e9).date().isoformat()
    try:
        moment = datetime.fromisoformat(f"{day}T{clock.zfill(5 if clock.count(':') == 1 else 8)}{zone or ''}")
    except ValueError as error:
        raise BadQuestion(f"{said!r} is no time: {error}") from error
    return round(moment.timestamp() * 1e9)


def _waits_for(store: Store, trace_id: str) -> str:
    trace = store.trace(trace_id)
    if trace is None:
        return ""
    own = own_time(critical_path(trace))
    if not own:
        return ""
    span = trace.by_id[max(own, key=lambda each: own[each])]
    return f"{span.service}: {span.name} ({100 * own[span.span] // max(sum(own.values()), 1)} %)"


def _requests(requests: Requests) -> Row:
    return {
        "requests": requests.count,
        "per_second": round(requests.rate, 3),
        "error_percent": round(100 * requests.error_share, 2),
        "p50": _ms(requests.p50),
        "p95": _ms(requests.p95),
        "p99": _ms(requests.p99),
        "slowest": requests.slowest,
    }


def _ms(nanoseconds: float) -> float:
    return round(nanoseconds / 1e6, 3)


_TITLES = {
    "services": "Services",
    "dependencies": "Dependencies",
    "edges": "Dependencies",
    "slow": "Slow requests",
    "errors": "Errors by status",
    "operations": "Operations",
    "critical-path": "What requests wait for (critical path)",
    "trace": "Trace",
}
_TIMES = ("p50", "p95", "p99", "duration", "on_average", "after", "on_critical_path")
_WIDEST = 48


def as_text(tables: Mapping[str, Rows], numbers: Mapping[str, int]) -> Iterator[str]:
    """Tables with their titles; `numbers` says how many rows there were before they were cut."""
    for name, rows in tables.items():
        yield _TITLES[name]
        if not rows:
            yield "  none"
        else:
            yield from _table(rows)
        if numbers[name] > len(rows):
            yield f"  … {numbers[name] - len(rows):,} more (--limit)"
        yield ""


def _table(rows: Rows) -> Iterator[str]:
    keys = list(
        dict.fromkeys(key for row in rows for key in row if any(each.get(key) not in (None, "") for each in rows))
    )
    cells = [[key.replace("_", " ") for key in keys], *([_cell(key, row.get(key)) for key in keys] for row in rows)]
    numeric = [all(isinstance(row.get(key), int | float | None) for row in rows) for key in keys]
    yield from columns(cells, numeric)


def _cell(key: str, value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, float) and key.removesuffix("_before").removesuffix("_after") in _TIMES:
        return f"{value:,.3g} ms" if value < 1000 else f"{value / 1000:,.3g} s"
    if isinstance(value, str):
        return value if key == "trace" else _shown(value)
    return f"{value:,}" if isinstance(value, int) else f"{value:,.4g}"


def _shown(text: str) -> str:
    """A name from a trace, which may hold what moves a terminal's cursor or turns text round."""
    safe = "".join("�" if unicodedata.category(each) in ("Cc", "Cf", "Cs", "Zl", "Zp") else each for each in text)
    return safe if len(safe) <= _WIDEST else f"{safe[: _WIDEST - 1]}…"
