"""The OpenTelemetry environment of a service: standard variables where there are any.

Source: https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/ and
https://opentelemetry.io/docs/specs/otel/protocol/exporter/
"""

import re
from collections.abc import Mapping
from typing import Any

from tracegen.build.references import percent_encoded
from tracegen.catalogue import LanguagePack
from tracegen.decide import Settings
from tracegen.decide.records import Service
from tracegen.parts.certificates import CA_PATH
from tracegen.system import Destination, Text, text


def telemetry_environment(
    settings: Settings,
    language: LanguagePack,
    attributes: Mapping[str, str],
    sampler: Mapping[str, Text],
    destination: Destination,
) -> dict[str, Text]:
    """Everything an SDK or agent reads to trace one service; a user's own OTEL_* wins over it."""
    return {
        "OTEL_SERVICE_NAME": text(attributes["service.name"]),
        "OTEL_RESOURCE_ATTRIBUTES": text(_list_of(attributes)),
        "OTEL_TRACES_EXPORTER": text("otlp"),
        "OTEL_METRICS_EXPORTER": text("none"),
        "OTEL_LOGS_EXPORTER": text("none"),
        **_exporter(destination),
        **sampler,
        "OTEL_PROPAGATORS": text(",".join(settings.propagators)),
        **{variable: text(value) for variable, value in language.environment.items()},
    }


def _list_of(attributes: Mapping[str, str]) -> str:
    """`service.namespace=…,service.version=…` with percent-encoded values; the name has a variable of its own."""
    return ",".join(f"{key}={percent_encoded(value)}" for key, value in attributes.items() if key != "service.name")


def stub_settings(settings: Settings, variables: Mapping[str, str], service: Service) -> dict[str, Text]:
    """What has no standard variable, under the names that the language's pack gives it."""
    health = service.health
    if health and "health_pattern" in variables:
        health = variables["health_pattern"].replace("{path}", re.escape(health))
    framework = (service.framework or "").upper()
    names = {each: name.replace("{FRAMEWORK}", framework) for each, name in variables.items()}
    values = {"health": health, "baggage": ",".join(settings.baggage.to_attributes)}
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
