"""The OpenTelemetry environment of a service: standard variables where there are any.

Source: https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/ and
https://opentelemetry.io/docs/specs/otel/protocol/exporter/
"""

from collections.abc import Mapping
from typing import Any

from tracegen.assemble.certificates import CA_PATH
from tracegen.catalogue import LanguagePack
from tracegen.decide import Settings
from tracegen.decide.records import Service
from tracegen.build.references import percent_encoded
from tracegen.system import TENANT_ATTRIBUTE, Destination, Text, text


def telemetry_environment(
    settings: Settings,
    name: str,
    language: LanguagePack,
    attributes: str,
    sampler: Mapping[str, Text],
    destination: Destination,
) -> dict[str, Text]:
    """Everything an SDK or agent reads to trace one service; a user's own OTEL_* wins over it."""
    return {
        "OTEL_SERVICE_NAME": text(name),
        "OTEL_RESOURCE_ATTRIBUTES": text(attributes),
        "OTEL_TRACES_EXPORTER": text("otlp"),
        "OTEL_METRICS_EXPORTER": text("none"),
        "OTEL_LOGS_EXPORTER": text("none"),
        **_exporter(destination),
        **sampler,
        "OTEL_PROPAGATORS": text(",".join(settings.propagators)),
        **{variable: text(value) for variable, value in language.environment.items()},
    }


def resource_attributes(settings: Settings, service: Service) -> str:
    """`service.namespace=…,service.version=…,…` with percent-encoded values (ruling 11)."""
    attributes = {"service.namespace": settings.name}
    if service.version:
        attributes["service.version"] = service.version
    if settings.said.environment is not None:
        attributes["deployment.environment.name"] = settings.said.environment
    if service.tenant:
        attributes[TENANT_ATTRIBUTE] = service.tenant
    attributes |= settings.attributes
    attributes |= service.attributes
    return ",".join(f"{key}={percent_encoded(value)}" for key, value in attributes.items())


def stub_settings(settings: Settings, variables: Mapping[str, str], health: str) -> dict[str, Text]:
    """What has no standard variable, under the names that the language's pack gives it."""
    values = {"health": health, "baggage": ",".join(settings.baggage.to_attributes)}
    return {variables[each]: text(value) for each, value in values.items() if value and each in variables}


def _exporter(destination: Destination) -> dict[str, Text]:
    protocol = {"http": "http/protobuf", "grpc": "grpc"}[destination.protocol]
    variables = {
        "OTEL_EXPORTER_OTLP_ENDPOINT": text(destination.url),
        "OTEL_EXPORTER_OTLP_PROTOCOL": text(protocol),
    }
    if destination.tls and destination.tls.ca:
        variables["OTEL_EXPORTER_OTLP_CERTIFICATE"] = text(CA_PATH)
    if destination.headers:
        variables["OTEL_EXPORTER_OTLP_HEADERS"] = _headers(destination.headers)
    return variables


def _headers(headers: Mapping[str, Text]) -> Text:
    parts: list[Any] = []
    for name, value in headers.items():
        parts.append(f"{',' if parts else ''}{name.lower()}=")
        parts.extend(percent_encoded(part) if isinstance(part, str) else part for part in value)
    return tuple(parts)
