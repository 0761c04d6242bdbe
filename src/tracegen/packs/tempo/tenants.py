"""Limits, of everybody and of tenants: https://grafana.com/docs/tempo/latest/configuration/#overrides.

In one process what the live store leaves out is nowhere else, and it leaves out in silence what passes
`max_traces_per_user` (modules/livestore/instance.go, pushBytes); what passes `max_live_traces_bytes` waits.
"""

from tracegen.emit import Commented, Value
from tracegen.system import Design, Limits
from tracegen.system.sizing import BYTES_PER_SPAN
from tracegen.system.units import go_duration, milliseconds

#: What Tempo grants by itself. The entry of whoever has none repeats it, since what an entry leaves out is zero.
_RATE_BYTES, _LIVE_TRACES, _TRACE_BYTES, _TAG_BYTES = 30_000_000, 10_000, 5_000_000, 1_000_000
_HOUR = milliseconds("1h")

#: Of the memory of the one process, for traces that are not yet written.
_LIVE_SHARE = 5
#: Over what the spec states of its traffic.
_MARGIN = 2


def limits(design: Design, per_tenant: str) -> dict[str, Value]:
    """What Tempo takes in at all; `per_tenant` is the file with the tenants' entries."""
    overrides: dict[str, Value] = {"per_tenant_override_config": per_tenant} if design.backend.tenants else {}
    stated = int(_MARGIN * design.backend.spans_per_second * BYTES_PER_SPAN)
    ingestion: dict[str, Value] = {}
    if not design.backend.roles:
        silent = "The default of 10000 drops what is above it, and answers that it was taken; the bytes below wait."
        ingestion["max_traces_per_user"] = Commented(0, silent)
    if stated > _RATE_BYTES and not design.backend.tenants:
        above = f"Twice what the spec states; the default is {_RATE_BYTES:,} bytes a second."
        ingestion |= {"rate_limit_bytes": Commented(stated, above), "burst_size_bytes": stated}
    if ingestion and not design.backend.tenants:
        overrides["defaults"] = {"ingestion": ingestion}
    resources = design.backend.resources
    assert resources, "it runs here"
    live = resources.memory // _LIVE_SHARE // max(1, len(design.backend.tenants))
    shared = ", shared by the tenants" if len(design.backend.tenants) > 1 else ""
    waits = f"Of a tenant. A fifth of the memory{shared}: above it requests wait, and nothing is dropped."
    store: dict[str, Value] = {} if design.backend.roles else {"max_live_traces_bytes": Commented(live, waits)}
    found: dict[str, Value] = {"overrides": overrides, "live_store": store}
    return {key: value for key, value in found.items() if value}


def tenant_limits(design: Design) -> Value:
    """The overrides of every tenant, and of whoever has no entry."""
    entries: dict[str, Value] = {tenant.name: _limits(tenant.limits) for tenant in design.backend.tenants}
    live, retention = _LIVE_TRACES if design.backend.roles else 0, design.backend.retention * _HOUR
    granted = Limits(_RATE_BYTES, _RATE_BYTES, _TRACE_BYTES, live, retention)
    entries["*"] = Commented(_limits(granted), "Whoever has no entry.")
    return {"overrides": entries}


def _limits(own: Limits) -> Value:
    return {
        "ingestion": {
            "rate_strategy": "local",
            "rate_limit_bytes": own.bytes_per_second,
            "burst_size_bytes": own.burst,
            "max_traces_per_user": own.live_traces,
            "retry_info_enabled": Commented(True, "Without it collectors drop for good what was only too much."),
        },
        "read": {"max_bytes_per_tag_values_query": _TAG_BYTES},
        "global": {"max_bytes_per_trace": own.trace_bytes},
        "compaction": {"block_retention": go_duration(own.retention)},
    }
