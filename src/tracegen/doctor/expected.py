"""All that the doctor takes from the System and the spec: what should be there. Nothing else here knows them."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil, log, log1p

from tracegen.compiler import Rendered
from tracegen.system import Publish, Secret, System, Text


@dataclass(frozen=True, slots=True)
class ExpectedService:
    """A service: whom it calls, how it is traced, whether the rendered system runs it, and its variables.

    Of a variable with a secret, only what is no secret is known.
    """

    name: str
    calls: tuple[str, ...]
    instrumentation: str
    deployed: bool
    environment: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Expected:
    """What the spec says.

    tree       the rendered files, by path
    inside     whether services send to a collector or backend of the rendered system
    secrets    variables that hold secrets
    backend    jaeger, tempo or external
    ui         the component and port whose API tells of traces; an empty name without one
    wait       seconds until a tail sampler has decided
    asked      an attribute and value for each that its policies ask for; `slower` is the longest time they ask for
    ca         the file of the authority that services trust; empty without one
    namespace  where everything runs on Kubernetes
    marked     traces of which it surely keeps one, if each has all of that
    """

    services: Mapping[str, ExpectedService]
    tree: Mapping[str, bytes]
    inside: bool
    secrets: frozenset[str]
    backend: str
    ui: tuple[str, int]
    wait: float
    baggage: bool
    asked: tuple[tuple[str, str], ...]
    slower: int
    marked: int
    ca: str
    namespace: str


def expected_of(rendered: Rendered) -> Expected:
    """The expectations of a compiled spec."""
    system = rendered.system
    conditions = [each for policy in (system.tail.policies if system.tail else ()) for each in policy.conditions]
    ports = {
        (name, port.number)
        for name, part in system.components.items()
        for port in part.ports
        if port.publish is Publish.UI and name.startswith(system.backend.type)
    }
    return Expected(
        services={
            name: ExpectedService(
                name,
                service.calls,
                service.instrumentation,
                service.deploy,
                {
                    key: "".join(part for part in value if isinstance(part, str))
                    for key, value in {**service.environment, **service.own_environment}.items()
                },
            )
            for name, service in system.services.items()
        },
        tree=rendered.tree,
        inside=system.otlp_destination.inside,
        secrets=frozenset(_secrets(rendered)),
        backend=system.backend.type,
        ui=min(ports, default=("", 0)),
        wait=system.tail.wait / 1000 if system.tail else 0.0,
        baggage=bool(rendered.settings.baggage.to_attributes),
        asked=tuple((each.key, each.values[0]) for each in conditions if each.kind == "attribute" and each.values),
        slower=max((each.milliseconds for each in conditions if each.kind == "slower_than"), default=0),
        marked=_marked(system),
        namespace=system.kubernetes.namespace,
        ca=system.otlp_destination.tls.ca.file
        if system.otlp_destination.tls and system.otlp_destination.tls.ca
        else "",
    )


def _marked(system: System) -> int:
    """One where a policy keeps each of them; else so many that none is kept once in a thousand times."""
    shares = [
        min((each.ratio for each in policy.conditions if each.kind == "ratio"), default=1.0)
        for policy in (system.tail.policies if system.tail else ())
    ]
    best = max(shares, default=1.0)
    return 1 if best >= 1 else min(_MOST_MARKED, ceil(log(0.001) / log1p(-best))) if best > 0 else _MOST_MARKED


_MOST_MARKED = 700


def _secrets(rendered: Rendered) -> set[str]:
    texts: list[Text] = [
        *rendered.system.otlp_destination.headers.values(),
        *rendered.system.backend.storage.texts.values(),
    ]
    for part in rendered.system.components.values():
        texts += part.environment.values()
    for service in rendered.system.services.values():
        texts += [*service.environment.values(), *service.own_environment.values()]
    found = {part.variable for text in texts for part in text if isinstance(part, Secret)}
    ingest = rendered.system.ingest.secret
    return found | ({ingest.variable} if ingest else set())
