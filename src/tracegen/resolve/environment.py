"""The OpenTelemetry environment of a service: standard variables where there are any.

Source: https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/ and
https://opentelemetry.io/docs/specs/otel/protocol/exporter/
"""

import re
from collections.abc import Mapping
from typing import Any

from tracegen.assemble.certificates import CA_PATH
from tracegen.catalogue import LanguagePack
from tracegen.resolve.references import percent_encoded
from tracegen.spec.said import Spec
from tracegen.system import TENANT_ATTRIBUTE, Destination, Text, text


def telemetry_environment(
    spec: Spec,
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
        "OTEL_PROPAGATORS": text(",".join(spec.get("propagators") or ["tracecontext", "baggage"])),
        **{variable: text(value) for variable, value in language.environment.items()},
    }


def resource_attributes(spec: Spec, service: Mapping[str, Any], version: str, tenant: str) -> str:
    """`service.namespace=…,service.version=…,…` with percent-encoded values (ruling 11)."""
    attributes = {"service.namespace": spec.value["name"]}
    if version:
        attributes["service.version"] = version
    if spec.environment is not None:
        attributes["deployment.environment.name"] = spec.environment
    if tenant:
        attributes[TENANT_ATTRIBUTE] = tenant
    attributes |= spec.get("attributes") or {}
    attributes |= service.get("attributes", {})
    return ",".join(f"{key}={percent_encoded(value)}" for key, value in attributes.items())


def stub_settings(spec: Spec, variables: Mapping[str, str], health: str, framework: str) -> dict[str, Text]:
    """What has no standard variable, under the names that the language's pack gives it."""
    keys = spec.get("baggage", "to_attributes") or []
    if health and "health_pattern" in variables:
        health = variables["health_pattern"].replace("{path}", re.escape(health))
    values = {"health": health, "baggage": ",".join(keys)}
    names = {each: name.replace("{FRAMEWORK}", framework.upper()) for each, name in variables.items()}
    return {names[each]: text(value) for each, value in values.items() if value and each in names}


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
