"""What a service is to everything around it: where its environment and its secrets lie, and how it is found."""

from collections.abc import Mapping

from tracegen.emit import is_portable
from tracegen.system import Design, Secret, Service, Text


def environment_path(service: Service) -> str:
    """Where the OpenTelemetry environment of a service is rendered."""
    return f"services/{service.name}/otel.env"


def portable(environment: Mapping[str, Text]) -> dict[str, str]:
    """The variables that every reader of an environment file reads alike; secrets and the rest are left out."""
    plain = {name: value for name, value in environment.items() if all(isinstance(part, str) for part in value)}
    texts = {name: "".join(str(part) for part in value) for name, value in plain.items()}
    return {name: value for name, value in texts.items() if is_portable(value)}


def secret_path(secret: Secret) -> str:
    """Where a secret that is a file is mounted; the variable that refers to it holds this path."""
    return f"/run/secrets/{secret.key}"


def url_variable(callee: str) -> str:
    """The variable through which a caller finds a callee (ruling 10)."""
    return f"{callee.upper().replace('-', '_')}_URL"


def first_service(design: Design) -> str:
    """The name that spans have of the first service to which requests come from outside."""
    services = list(design.services.values())
    return next((each for each in services if each.entry), services[0]).traced_name
