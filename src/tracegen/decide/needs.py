"""What the stub of a service must be able to do, in whichever environment its image runs.

An image is built once and goes from environment to environment, and so does the stub in it: what any of them decides
comes along, and nothing else.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from tracegen.decide import Settings
from tracegen.decide.traffic import REMOTE
from tracegen.system.needs import GRPC, PROPAGATORS, REMOTE_SAMPLING

_PROTOCOLS = ("OTEL_EXPORTER_OTLP_PROTOCOL", "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL")


def needs(settings: Settings, name: str, environment: Mapping[str, Any]) -> tuple[str, ...]:
    """Names of propagators, `remote_sampling` and `otlp_grpc`, sorted; `environment` is what this one comes to."""
    found = {"tracecontext", "baggage", *settings.propagators, *_in_any(settings, "propagators")}
    found |= set(_words(_variables(settings, name, "OTEL_PROPAGATORS"))) & set(PROPAGATORS)
    if _samplers(settings, name) & set(REMOTE) or any(
        "jaeger_remote" in each for each in _words(_variables(settings, name, "OTEL_TRACES_SAMPLER"))
    ):
        found.add(REMOTE_SAMPLING)
    protocols = [*_variables(settings, name, *_PROTOCOLS), environment.get(_PROTOCOLS[0], ())]
    if "grpc" in _words([*protocols, settings.backend.protocol, *settings.said.written("backend", "protocol")]):
        found.add(GRPC)
    return tuple(sorted(found))


def _in_any(settings: Settings, key: str) -> Iterator[str]:
    """The items of a list in every environment: what was written, and the default where the base leaves it."""
    for written in settings.said.written(key):
        yield from _words(written)
    if not settings.said.written_by_base(key):
        yield from settings.origin.plan.keys()[key].default


def _samplers(settings: Settings, name: str) -> set[str]:
    """The types of the head samplers that a service has in any environment."""
    whole = settings.origin.plan.keys()["sampling"].keys()["head"].keys()["type"]
    own = (("service_defaults", "sampling", "head"), ("services", name, "sampling", "head"))
    written = (each for path in (("sampling", "head"), *own) for each in settings.said.written(*path))
    said = {each.get("type", whole.default) if isinstance(each, Mapping) else str(each) for each in written}
    return {*said, settings.services[name].sampling.head.type, whole.default}


def _variables(settings: Settings, name: str, *variables: str) -> list[Any]:
    """What is written as variables of a service, in every environment."""
    own = (("service_defaults", "env"), ("services", name, "env"))
    return [each for path in own for key in variables for each in settings.said.written(*path, key)]


def _words(value: Any) -> Iterator[str]:
    """All texts in a value, those between commas one by one."""
    if isinstance(value, Mapping):
        value = list(value.values())
    if isinstance(value, Iterable) and not isinstance(value, str):
        for each in value:
            yield from _words(each)
    elif isinstance(value, str):
        yield from (word.strip() for word in value.split(","))
