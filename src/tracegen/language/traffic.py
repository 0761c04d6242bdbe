"""Traffic as a spec states it, and what is taken where it states nothing."""

from math import ceil

from tracegen.language.rules._shared import head_of, reachable
from tracegen.language.spec import Spec
from tracegen.model.sampling import Traffic
from tracegen.model.sizing import spans_in_a_trace

#: Shares of traces that end badly, take long or carry an attribute asked for, where nothing is said.
ASSUMED = {"errors": 0.01, "slow": 0.01, "tagged": 0.05}


def traffic_of(spec: Spec, service: str) -> Traffic:
    """Of the traces that start in a service."""
    said = spec.get("services", service, "traffic") or {}
    passed = 1 + len(list(reachable(spec, service)))
    return Traffic(
        traces_per_second=float(said.get("requests_per_second", 0)),
        spans=said.get("spans_per_trace", spans_in_a_trace(passed, len(spec.services))),
        **{key: float(said.get(key, share)) for key, share in ASSUMED.items()},
    )


def all_traffic(spec: Spec) -> dict[str, Traffic]:
    """By the service in which traces start."""
    return {name: traffic_of(spec, name) for name in spec.services}


def spans_per_second(spec: Spec) -> float:
    """Of all services together, before any sampling."""
    return sum(each.spans_per_second for each in all_traffic(spec).values())


def expected_traces(spec: Spec) -> float:
    """Traces a second that reach a tail sampler, as far as the head samplers let them."""
    return sum(head_share(spec, name) * each.traces_per_second for name, each in all_traffic(spec).items())


def head_share(spec: Spec, service: str) -> float:
    """The share of the traces that start in a service which its head sampler keeps, at the stated traffic."""
    head = head_of(spec, service)
    said = {"always_off": {"ratio": 0.0}, "ratio": head, "rate_limit": head, "remote": head.get("default", {})}
    strategy = said.get(head["type"], {})
    if "traces_per_second" in strategy:
        rate = traffic_of(spec, service).traces_per_second
        kept = strategy["traces_per_second"] * (spec.get("services", service, "replicas") or 1)
        return min(1.0, kept / rate) if rate else 1.0
    return float(strategy.get("ratio", 1.0))


def spans_of_a_trace(spec: Spec) -> int:
    """Of a trace on average, or of the longest where no traffic is said."""
    traffic = all_traffic(spec).values()
    traces = sum(each.traces_per_second for each in traffic)
    if not traces:
        return max(each.spans for each in traffic)
    return ceil(sum(each.spans_per_second for each in traffic) / traces)
