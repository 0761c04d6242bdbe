"""Traffic of all services together, and what the head samplers let through."""

from collections.abc import Mapping
from math import ceil

from tracegen.decide.records import Head, Service
from tracegen.decide.records import Strategy as Said
from tracegen.system.sampling import Strategy, Traffic

#: Kinds of head samplers that ask a server.
REMOTE = ("remote", "rate_limit")


def traffic_of(service: Service) -> Traffic:
    """Of the traces that start in a service."""
    said = service.traffic
    return Traffic(said.requests_per_second, said.spans_per_trace, said.errors, said.slow, said.tagged)


def spans_per_second(services: Mapping[str, Service]) -> float:
    """Of all services together, before any sampling."""
    return sum(traffic_of(each).spans_per_second for each in services.values())


def expected_traces(services: Mapping[str, Service]) -> float:
    """Traces a second that reach a tail sampler, as far as the head samplers let them."""
    return sum(head_share(each) * each.traffic.requests_per_second for each in services.values())


def spans_of_a_trace(services: Mapping[str, Service]) -> int:
    """Of a trace on average, or of the longest where no traffic is said."""
    traffic = [traffic_of(each) for each in services.values()]
    traces = sum(each.traces_per_second for each in traffic)
    if not traces:
        return max(each.spans for each in traffic)
    return ceil(sum(each.spans_per_second for each in traffic) / traces)


def head_share(service: Service) -> float:
    """The share of the traces that start in a service which its head sampler keeps, at the stated traffic."""
    strategy = strategy_of(service.sampling.head)
    return strategy.share(service.traffic.requests_per_second, service.replicas)


def strategy_of(head: Head) -> Strategy:
    """What a head sampler comes to; a remote one keeps every trace of which nothing is said."""
    if head.type == "remote":
        return told(head.default) if head.default else Strategy()
    if head.type == "rate_limit":
        return Strategy(None, head.traces_per_second or 0.0)
    return Strategy({"always_on": 1.0, "always_off": 0.0}.get(head.type, head.ratio))


def told(said: Said) -> Strategy:
    """A strategy of the spec."""
    if said.traces_per_second is not None:
        return Strategy(None, said.traces_per_second)
    return Strategy(said.ratio)
