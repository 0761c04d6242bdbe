"""What the stub of a service must be able to do, in whichever environment its image runs.

An image is built once and goes from environment to environment, and so does the stub in it: what any of them asks for
comes along, and nothing else.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from tracegen.decide.traffic import REMOTE
from tracegen.spec.said import Said
from tracegen.system.needs import GRPC, PROPAGATORS, REMOTE_SAMPLING

_PROTOCOLS = ("OTEL_EXPORTER_OTLP_PROTOCOL", "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL")


def needs(said: Said, name: str, environment: Mapping[str, Any]) -> tuple[str, ...]:
    """Names of propagators, `remote_sampling` and `otlp_grpc`, sorted; `environment` is what this one comes to."""
    found = {"tracecontext", "baggage"}
    own = (("service_defaults",), ("services", name))
    asked = [said.written("propagators"), *(said.written(*each, "env", "OTEL_PROPAGATORS") for each in own)]
    found |= set(_words(asked)) & set(PROPAGATORS)
    samplers = [said.written("sampling"), *(said.written(*each, "sampling") for each in own)]
    named = [said.written(*each, "env", "OTEL_TRACES_SAMPLER") for each in own]
    if set(_words(samplers)) & set(REMOTE) or any("jaeger_remote" in word for word in _words(named)):
        found.add(REMOTE_SAMPLING)
    protocols = [said.written(*each, "env", variable) for each in own for variable in _PROTOCOLS]
    if "grpc" in _words([*protocols, said.written("backend"), environment.get(_PROTOCOLS[0], ())]):
        found.add(GRPC)
    return tuple(sorted(found))


def _words(value: Any) -> Iterator[str]:
    """All texts in a value, those between commas one by one."""
    if isinstance(value, Mapping):
        value = list(value.values())
    if isinstance(value, (list, tuple)):
        for each in value:
            yield from _words(each)
    elif isinstance(value, str):
        yield from (word.strip() for word in value.split(","))
