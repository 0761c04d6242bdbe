"""Whom services call, without what is expected of the calls."""

from collections.abc import Mapping

from tracegen.decide.records import Service


def callees(service: Service) -> tuple[str, ...]:
    """The names of the services that one calls, in the order of the spec."""
    return tuple(call.service for call in service.calls)


def graph(services: Mapping[str, Service]) -> dict[str, tuple[str, ...]]:
    """The graph of calls: whom each service calls."""
    return {name: callees(service) for name, service in services.items()}
