"""With `flavor: operator`: agents of languages that the OpenTelemetry Operator puts into services.

https://github.com/open-telemetry/opentelemetry-operator/blob/main/docs/auto-instrumentation/README.md
"""

from tracegen.build.injection import is_injectable, is_injected
from tracegen.emit import Commented, Value
from tracegen.render.kubernetes.labels import PLATFORM, labels
from tracegen.system import Component, Model, Service

#: The name of the Instrumentation.
NAME = "tracing"

_PREFIX = "instrumentation.opentelemetry.io"


def injects(model: Model) -> bool:
    """Whether a service gets an agent injected, here or where it runs."""
    services = model.services.values()
    return any(is_injected(each, model) if each.deploy else is_injectable(each, model) for each in services)


def reference_to(model: Model) -> str:
    """The Instrumentation, as other namespaces name it."""
    return f"{model.kubernetes.namespace}/{NAME}"


def annotations(component: Component, model: Model) -> dict[str, Value]:
    """What the Operator looks for on the template of a pod."""
    service = model.services.get(component.name)
    return injection(service) if service and is_injected(service, model) else {}


def injection(service: Service, reference: str = NAME) -> dict[str, Value]:
    """The annotations of a service; `reference` names the Instrumentation, with its namespace if it is another."""
    agent = service.agent
    assert agent is not None, "only what is injectable is asked for"
    marks: dict[str, Value] = {f"{_PREFIX}/inject-{agent.name}": reference}
    program = "".join(str(part) for part in service.environment.get(agent.variable, ()))
    return marks | ({f"{_PREFIX}/{agent.annotation}": program} if program else {})


def instrumentation(model: Model) -> Value:
    """How agents send; what differs between services stands in their own variables, which win."""
    protocol = {"http": "http/protobuf", "grpc": "grpc"}[model.entrance.protocol]
    named: Value = {"name": NAME, "labels": labels(NAME, PLATFORM, model)}
    port = "One protocol and its port for every language: some agents would speak one to the other's port."
    spec: Value = {
        "exporter": Commented({"endpoint": model.entrance.url}, port),
        "env": [{"name": "OTEL_EXPORTER_OTLP_PROTOCOL", "value": protocol}],
    }
    return {"apiVersion": "opentelemetry.io/v1alpha1", "kind": "Instrumentation", "metadata": named, "spec": spec}
