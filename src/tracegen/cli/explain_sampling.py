"""`tracegen explain SPEC sampling`: how many traces are kept in the end, and where each number comes from."""

from collections.abc import Iterable, Iterator, Sequence

from tracegen.columns import columns
from tracegen.compiler import Rendered
from tracegen.system import Decision, Service
from tracegen.system.kept import Row, kept, limits
from tracegen.system.sizing import BYTES_PER_SPAN

_HEAD = ("class", "of them", "head", "tail", "limits", "kept", "traces/s", "spans/s", "GB/day")
_TRAFFIC = "traffic"
_SAY_TRAFFIC = "services.<name>.traffic: {requests_per_second: 40}"


def grounds(rendered: Rendered) -> list[Decision]:
    """The decisions that the numbers come from: of sampling, and of traffic."""
    return [each for each in rendered.settings.origin.decisions if _counts(each.path)]


def as_data(rendered: Rendered) -> dict[str, object]:
    """The arithmetic as JSON has it; shares from 0 to 1."""
    services = kept(rendered.system)
    return {
        "bytes_per_span": BYTES_PER_SPAN,
        "limits": {
            name: {"spans_per_second": each.spans, "reaching": each.reaching, "passed": each.passed}
            for name, each in limits(rendered.system).items()
        },
        "services": {name: _service_data(rendered.system.services[name], rows) for name, rows in services.items()},
        "total": _sum_data([row for rows in services.values() for row in rows]),
    }


def as_text(rendered: Rendered) -> Iterator[str]:
    """The arithmetic as lines: a table for each service in which traces start."""
    services = kept(rendered.system)
    stated = {
        name: rows for name, rows in services.items() if rendered.system.services[name].traffic.traces_per_second
    }
    for name, rows in stated.items():
        yield from _service_text(rendered.system.services[name], rows)
        yield ""
    if not stated:
        yield f"No traffic is said: say {_SAY_TRAFFIC} of the services that traces start in, and this counts them."
        return
    elif len(stated) > 1:
        total = _sum([row for rows in stated.values() for row in rows])
        yield f"all services: {total[1]:,.4g} traces and {total[2]:,.4g} spans a second, {total[3]:,.4g} GB a day"
    for name, limit in limits(rendered.system).items():
        yield (
            f"policy {name} lets {_percent(limit.passed)} through: {limit.spans:,g} of "
            f"{limit.reaching:,.4g} spans a second that reach it"
        )
    others = ", ".join(name for name in services if stated and name not in stated)
    if others:
        yield f"No traffic is said of {others}: no traces are taken to start there."
    yield f"A span is taken to have {BYTES_PER_SPAN:,} bytes on the wire. Where the other numbers come from:"


def _counts(path: str) -> bool:
    parts = path.split(".")
    return parts[0] == "sampling" or (parts[0] == "services" and parts[2] in (_TRAFFIC, "sampling"))


def _service_text(service: Service, rows: Sequence[Row]) -> Iterator[str]:
    traffic = service.traffic
    yield (
        f"traces that start in {service.name}: {traffic.traces_per_second:,g} a second, {traffic.spans} spans each; "
        f"head sampler {service.sampler.type}"
    )
    total, traces, spans, gigabytes = _sum(rows)
    lines = [_HEAD, *(_cells(row) for row in rows)]
    share = f"{total:.3g} %" if traffic.traces_per_second else "-"
    lines.append(("all", "100 %", "", "", "", share, f"{traces:.4g}", f"{spans:.4g}", f"{gigabytes:.4g}"))
    yield from columns(lines, [False, *([True] * (len(_HEAD) - 1))])
    for operation, strategy in service.sampler.operations.items():
        yield f"  of operation {operation!r} the head sampler keeps {_percent(strategy.ratio or 0)} instead"


def _cells(row: Row) -> tuple[str, ...]:
    shares = (row.share, row.head, row.tail, row.limits, row.kept)
    return (row.kind, *map(_percent, shares), f"{row.traces:.4g}", f"{row.spans:.4g}", f"{row.gigabytes:.4g}")


def _percent(share: float) -> str:
    return f"{share * 100:.3g} %"


def _sum(rows: Iterable[Row]) -> tuple[float, float, float, float]:
    """Per cent kept of the traces, and traces, spans and gigabytes that are kept."""
    found = list(rows)
    came = sum(row.traces_in for row in found)
    traces = sum(row.traces for row in found)
    return (
        100 * traces / came if came else 0.0,
        traces,
        sum(row.spans for row in found),
        sum(row.gigabytes for row in found),
    )


def _sum_data(rows: Iterable[Row]) -> dict[str, float]:
    _, traces, spans, gigabytes = _sum(rows)
    return {"traces_per_second": traces, "spans_per_second": spans, "gigabytes_per_day": gigabytes}


def _service_data(service: Service, rows: Sequence[Row]) -> dict[str, object]:
    return {
        "traces_per_second": service.traffic.traces_per_second,
        "spans_per_trace": service.traffic.spans,
        "head_sampler": service.sampler.type,
        "operations": {name: each.ratio for name, each in service.sampler.operations.items()},
        "classes": {
            row.kind: {
                "share": row.share,
                "head": row.head,
                "tail": row.tail,
                "limits": row.limits,
                "kept": row.kept,
                **_sum_data([row]),
            }
            for row in rows
        },
        "kept": _sum_data(rows),
    }
