"""With `flavor: operator`: services into which the OpenTelemetry Operator puts the agent of their language.

https://github.com/open-telemetry/opentelemetry-operator/blob/main/docs/auto-instrumentation/README.md, and in its
source internal/instrumentation/sdk.go.
"""

from dataclasses import replace

from tracegen.parts.services import portable
from tracegen.system import Component, Design, Service


def with_injection(component: Component, design: Design) -> Component:
    """A component as it is, but for a service that gets an agent: all its variables are in its own container.

    The Operator adds to variables that stand there; those of a ConfigMap it does not see, and wins over.
    """
    service = design.services.get(component.name)
    return with_all_variables(component, service) if service and is_injected(service, design) else component


def with_all_variables(component: Component, service: Service) -> Component:
    """The component with the variables of its environment file as its own."""
    in_file = {name: (value,) for name, value in portable(service.environment).items()}
    return replace(component, environment={**in_file, **component.environment}, environment_file="")


def is_injected(service: Service, design: Design) -> bool:
    """Whether the Operator puts the language's agent into a service; examples have theirs where there is one."""
    if service.agent is None or not is_injectable(service, design):
        return False
    return service.agent.is_only or bool(service.image and not service.build)


def is_injectable(service: Service, design: Design) -> bool:
    """Whether the Operator has an agent for it, and is wanted."""
    wanted = design.kubernetes.flavor == "operator" and service.instrumentation == "auto"
    return wanted and service.agent is not None
