"""Limits of tenants: https://grafana.com/docs/tempo/latest/configuration/#overrides."""

from collections.abc import Mapping
from typing import Any

from tracegen.emit import Commented, Value
from tracegen.system import Model
from tracegen.system.units import go_duration, milliseconds, size_in_bytes

#: What Tempo grants when nothing is said; a tenant's entry must repeat it, since what it leaves out is zero.
_RATE_BYTES, _LIVE_TRACES, _TRACE_BYTES, _TAG_BYTES = 30_000_000, 10_000, 5_000_000, 1_000_000


def tenant_limits(model: Model) -> Value:
    """The overrides of every tenant, and of whoever has no entry."""
    entries: dict[str, Value] = {tenant.name: _limits(tenant.limits, model) for tenant in model.backend.tenants}
    entries["*"] = Commented(_limits({}, model), "Whoever has no entry.")
    return {"overrides": entries}


def _limits(said: Mapping[str, Any], model: Model) -> Value:
    rate = size_in_bytes(said["bytes_per_second"]) if "bytes_per_second" in said else _RATE_BYTES
    burst = size_in_bytes(said["burst"]) if "burst" in said else max(rate, _RATE_BYTES)
    trace = size_in_bytes(said["max_trace_size"]) if "max_trace_size" in said else _TRACE_BYTES
    hours = milliseconds(said["retention"]) if "retention" in said else model.backend.retention * 3_600_000
    return {
        "ingestion": {
            "rate_strategy": "local",
            "rate_limit_bytes": rate,
            "burst_size_bytes": burst,
            "max_traces_per_user": said.get("live_traces", _LIVE_TRACES),
            "retry_info_enabled": Commented(True, "Without it collectors drop for good what was only too much."),
        },
        "read": {"max_bytes_per_tag_values_query": _TAG_BYTES},
        "global": {"max_bytes_per_trace": trace},
        "compaction": {"block_retention": go_duration(hours)},
    }
