"""All that a rehearsal takes from the System and the spec; nothing else in this package knows them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from urllib.parse import unquote

from tracegen.compiler import Rendered
from tracegen.system import Secret, System, Text
from tracegen.system.graph import entries
from tracegen.system.kept import CLASSES, Row, kept
from tracegen.system.sampling import Sampler, Traffic


@dataclass(frozen=True, slots=True)
class Caller:
    """A service as its spans show it.

    resource   attributes of its resource, `service.name` among them
    calls      the services it calls, in order
    sampler    its head sampler
    rate       traces a second that start in it
    spans      in such a trace, as the spec has it
    """

    name: str
    language: str
    resource: Mapping[str, str]
    calls: tuple[str, ...]
    replicas: int
    port: int | None
    sampler: Sampler
    traffic: Traffic

    @property
    def rate(self) -> float:
        """Traces a second that start here."""
        return self.traffic.traces_per_second


@dataclass(frozen=True, slots=True)
class Asked:
    """An attribute that the tail sampler asks for."""

    key: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Facts:
    """What traffic is made from.

    asked      attributes that policies of the tail sampler ask for and that no resource has, each of them once
    slower     milliseconds that its policies call slow, sorted
    baggage    keys that are copied from baggage onto every span
    wait       seconds until the tail sampler has decided; 0 without one
    headers    what a service shows to its collector
    ca         the file with the authority of the collector's certificate; empty without one
    host       the name of the collector that services send to
    """

    services: Mapping[str, Caller]
    asked: tuple[Asked, ...]
    slower: tuple[int, ...]
    baggage: tuple[str, ...]
    wait: float
    headers: Mapping[str, Text]
    ca: str
    host: str
    assumed: bool
    _model: System

    def predicted(self, spans: Mapping[str, int]) -> dict[str, tuple[Row, ...]]:
        """The arithmetic of `explain sampling`, by service in which traces start, for traces of so many spans."""
        services = {
            name: replace(
                service,
                traffic=replace(self.services[name].traffic, spans=spans.get(name, service.traffic.spans)),
            )
            for name, service in self._model.services.items()
        }
        rows = kept(replace(self._model, services=services))
        return {name: rows[name] for name, service in self.services.items() if service.rate}

    def scaled(self, rate: float) -> "Facts":
        """The same with so many traces a second in all."""
        total = sum(service.rate for service in self.services.values())
        services = {
            name: replace(service, traffic=replace(service.traffic, traces_per_second=service.rate * rate / total))
            for name, service in self.services.items()
        }
        return replace(self, services=services)

    @property
    def rate(self) -> float:
        """Traces a second that start in all services."""
        return sum(service.rate for service in self.services.values())


def facts_of(rendered: Rendered) -> Facts:
    """The facts of a compiled spec; where it states no traffic, a trace a second starts in each entry service."""
    system = rendered.system
    traffic = _traffic(system)
    policies = system.tail.policies if system.tail else ()
    conditions = [each for policy in policies for each in policy.conditions]
    # What the spec gives a service is on all its spans, and on no others.
    given = {key for service in system.services.values() for key in service.attributes}
    destination = system.otlp_destination
    ca = destination.tls.ca if destination.tls else None
    return Facts(
        services={
            name: Caller(
                name=name,
                language=service.language,
                resource=_resource(name, {**service.environment, **service.own_environment}),
                calls=service.calls,
                replicas=service.replicas,
                port=service.port,
                sampler=service.sampler,
                traffic=traffic[name],
            )
            for name, service in system.services.items()
        },
        asked=tuple(
            dict.fromkeys(
                Asked(each.key, each.values)
                for each in conditions
                if each.kind == "attribute" and each.key not in given
            )
        ),
        slower=tuple(sorted({each.milliseconds for each in conditions if each.kind == "slower_than"})),
        baggage=rendered.settings.baggage.to_attributes,
        wait=system.tail.wait / 1000 if system.tail else 0.0,
        headers=destination.headers,
        ca=ca.file if ca else "",
        host=destination.host,
        assumed=not any(service.traffic.traces_per_second for service in system.services.values()),
        _model=system,
    )


def secret_value(value: Text, environment: Mapping[str, str]) -> str:
    """A value with its secrets from the environment. Raises KeyError with the variable that is missing."""
    return "".join(environment[part.variable] if isinstance(part, Secret) else part for part in value)


def _traffic(system: System) -> dict[str, Traffic]:
    said = {name: service.traffic for name, service in system.services.items()}
    if any(each.traces_per_second for each in said.values()):
        return said
    begin = entries({name: service.calls for name, service in system.services.items()})
    return {name: each.or_assumed() if name in begin else each for name, each in said.items()}


def _resource(name: str, environment: Mapping[str, Text]) -> dict[str, str]:
    """As an SDK reads it; a secret in there is not known here, and left out."""
    plain = {key: "".join(each for each in value if isinstance(each, str)) for key, value in environment.items()}
    attributes = dict(_pairs(plain.get("OTEL_RESOURCE_ATTRIBUTES", "")))
    return {"service.name": plain.get("OTEL_SERVICE_NAME") or name, **attributes}


def _pairs(text: str) -> Iterator[tuple[str, str]]:
    for pair in text.split(","):
        key, sign, value = pair.partition("=")
        if sign:
            yield key.strip(), unquote(value.strip())


__all__ = ["CLASSES", "Asked", "Caller", "Facts", "Row", "facts_of", "secret_value"]
