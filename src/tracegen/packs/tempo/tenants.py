"""Limits of tenants: https://grafana.com/docs/tempo/latest/configuration/#overrides."""

from tracegen.decide.records import TenantLimits
from tracegen.emit import Commented, Value
from tracegen.system import Design
from tracegen.system.units import go_duration, milliseconds, size_in_bytes

#: What Tempo grants when nothing is said; a tenant's entry must repeat it, since what it leaves out is zero.
_RATE_BYTES, _LIVE_TRACES, _TRACE_BYTES, _TAG_BYTES = 30_000_000, 10_000, 5_000_000, 1_000_000


#: A tenant of whom nothing is said.
_NOTHING = TenantLimits(None, None, None, None, None)


def tenant_limits(design: Design) -> Value:
    """The overrides of every tenant, and of whoever has no entry."""
    entries: dict[str, Value] = {
        tenant.name: _limits(tenant.limits or _NOTHING, design) for tenant in design.backend.tenants
    }
    entries["*"] = Commented(_limits(_NOTHING, design), "Whoever has no entry.")
    return {"overrides": entries}


def _limits(said: TenantLimits, design: Design) -> Value:
    rate = size_in_bytes(said.bytes_per_second) if said.bytes_per_second else _RATE_BYTES
    burst = size_in_bytes(said.burst) if said.burst else max(rate, _RATE_BYTES)
    trace = size_in_bytes(said.max_trace_size) if said.max_trace_size else _TRACE_BYTES
    hours = milliseconds(said.retention) if said.retention else design.backend.retention * 3_600_000
    return {
        "ingestion": {
            "rate_strategy": "local",
            "rate_limit_bytes": rate,
            "burst_size_bytes": burst,
            "max_traces_per_user": said.live_traces or _LIVE_TRACES,
            "retry_info_enabled": Commented(True, "Without it collectors drop for good what was only too much."),
        },
        "read": {"max_bytes_per_tag_values_query": _TAG_BYTES},
        "global": {"max_bytes_per_trace": trace},
        "compaction": {"block_retention": go_duration(hours)},
    }
