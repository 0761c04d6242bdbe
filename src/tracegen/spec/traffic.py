"""Traffic as a spec states it, and what is taken where it states nothing."""

from collections.abc import Mapping
from math import ceil
from typing import Any

from tracegen.rules._shared import head_of, reachable
from tracegen.spec.said import Said
from tracegen.system.sampling import Strategy, Traffic
from tracegen.system.sizing import spans_in_a_trace

#: Shares of traces that end badly, take long or carry an attribute asked for, where nothing is said.
ASSUMED = {"errors": 0.01, "slow": 0.01, "tagged": 0.05}


def traffic_of(spec: Said, service: str) -> Traffic:
    """Of the traces that start in a service."""
    said = spec.get("services", service, "traffic") or {}
    passed = 1 + len(list(reachable(spec, service)))
    return Traffic(
        traces_per_second=float(said.get("requests_per_second", 0)),
        spans=said.get("spans_per_trace", spans_in_a_trace(passed, len(spec.services))),
        **{key: float(said.get(key, share)) for key, share in ASSUMED.items()},
    )


def all_traffic(spec: Said) -> dict[str, Traffic]:
    """By the service in which traces start."""
    return {name: traffic_of(spec, name) for name in spec.services}


def spans_per_second(spec: Said) -> float:
    """Of all services together, before any sampling."""
    return sum(each.spans_per_second for each in all_traffic(spec).values())


def expected_traces(spec: Said) -> float:
    """Traces a second that reach a tail sampler, as far as the head samplers let them."""
    return sum(head_share(spec, name) * each.traces_per_second for name, each in all_traffic(spec).items())


def head_share(spec: Said, service: str) -> float:
    """The share of the traces that start in a service which its head sampler keeps, at the stated traffic."""
    processes = spec.get("services", service, "replicas") or 1
    return strategy_of(head_of(spec, service)).share(traffic_of(spec, service).traces_per_second, processes)


def strategy_of(head: Mapping[str, Any]) -> Strategy:
    """What a head sampler comes to; a remote one keeps every trace of which nothing is said."""
    kinds: Mapping[str, Mapping[str, Any]] = {
        "always_on": {"ratio": 1},
        "always_off": {"ratio": 0},
        "remote": head.get("default", {"ratio": 1}),
    }
    return told(kinds.get(head["type"], head))


def told(said: Mapping[str, Any]) -> Strategy:
    """A strategy of the spec."""
    if "traces_per_second" in said:
        return Strategy(None, float(said["traces_per_second"]))
    return Strategy(float(said["ratio"]))


def spans_of_a_trace(spec: Said) -> int:
    """Of a trace on average, or of the longest where no traffic is said."""
    traffic = all_traffic(spec).values()
    traces = sum(each.traces_per_second for each in traffic)
    if not traces:
        return max(each.spans for each in traffic)
    return ceil(sum(each.spans_per_second for each in traffic) / traces)
