"""With `flavor: operator`: agents of languages that the OpenTelemetry Operator puts into services.

https://github.com/open-telemetry/opentelemetry-operator/blob/main/docs/auto-instrumentation/README.md, and in its
source internal/instrumentation/annotation.go, exporter.go beside it, and internal/config/config.go for images.
"""

from collections.abc import Iterator

from tracegen.build.injection import is_injectable, is_injected
from tracegen.emit import Commented, Value
from tracegen.render.kubernetes.labels import PLATFORM, labels
from tracegen.system import Component, Service, System

#: The name of the Instrumentation.
NAME = "tracing"

_PREFIX = "instrumentation.opentelemetry.io"


def injects(system: System) -> bool:
    """Whether a service gets an agent injected, here or where it runs."""
    return any(_injected(system))


def _injected(system: System) -> Iterator[Service]:
    for each in system.services.values():
        if is_injected(each, system) if each.deploy else is_injectable(each, system):
            yield each


def reference_to(system: System) -> str:
    """The Instrumentation, as other namespaces name it."""
    return f"{system.kubernetes.namespace}/{NAME}"


def annotations(component: Component, system: System) -> dict[str, Value]:
    """What the Operator looks for on the template of a pod."""
    service = system.services.get(component.name)
    return injection(service) if service and is_injected(service, system) else {}


def injection(service: Service, reference: str = NAME) -> dict[str, Value]:
    """The annotations of a service; `reference` names the Instrumentation, with its namespace if it is another."""
    agent = service.agent
    assert agent is not None, "only what is injectable is asked for"
    marks: dict[str, Value] = {f"{_PREFIX}/inject-{agent.name}": reference}
    program = "".join(str(part) for part in service.environment.get(agent.variable, ()))
    return marks | ({f"{_PREFIX}/{agent.annotation}": program} if program else {})


def instrumentation(system: System) -> Value:
    """How agents send; what differs between services stands in their own variables, which win."""
    protocol = {"http": "http/protobuf", "grpc": "grpc"}[system.otlp_destination.protocol]
    named: Value = {"name": NAME, "labels": labels(NAME, PLATFORM, system)}
    port = "One protocol and its port for every language: some agents would speak one to the other's port."
    agents = {service.agent.name for service in _injected(system) if service.agent}
    why = "Pinned as every image is, whatever the version of the Operator."
    images: dict[str, Value] = {
        name: {"image": Commented(system.images[f"autoinstrumentation-{name}"].reference, why)}
        for name in sorted(agents)
    }
    spec: Value = {
        "exporter": Commented({"endpoint": system.otlp_destination.url}, port),
        "env": [{"name": "OTEL_EXPORTER_OTLP_PROTOCOL", "value": protocol}],
        **images,
    }
    return {"apiVersion": "opentelemetry.io/v1alpha1", "kind": "Instrumentation", "metadata": named, "spec": spec}
