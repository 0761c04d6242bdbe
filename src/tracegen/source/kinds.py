"""What a YAML mapping is: a Compose file, a manifest, a kustomization, a Collector configuration, a chart."""

import re
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any


class Kind(StrEnum):
    """Kinds of files; the value is what people call it."""

    COMPOSE = "a Docker Compose file"
    MANIFEST = "a Kubernetes manifest"
    KUSTOMIZATION = "a kustomization"
    COLLECTOR = "a configuration of the OpenTelemetry Collector"
    CHART = "a Helm chart"
    SPEC = "a spec of tracegen"
    UNKNOWN = "none of the files that can be imported"


#: Keys of services that are Compose's alone, or mean another thing in a spec.
_OF_COMPOSE = {
    *("container_name", "depends_on", "ports", "volumes", "environment", "env_file"),
    *("restart", "networks", "command", "entrypoint", "links", "expose"),
    *("healthcheck", "extends", "profiles", "network_mode", "build", "image"),
}
_OF_KUSTOMIZE = {"resources", "bases", "components", "patchesStrategicMerge", "configMapGenerator"}
_AT_THE_TOP = re.compile(r"^([A-Za-z_][\w.-]*)[ \t]*:(?=\s|$)", re.M)
_BELOW = re.compile(r"(?:^[ \t]+(?:- )?|[{,][ \t]*)([A-Za-z_][\w.-]*)[ \t]*:(?=\s|$)", re.M)
_OF_COLLECTOR = {"receivers", "processors", "exporters", "connectors", "extensions"}


def kind_of_mapping(top: Iterable[Any], services: Mapping[Any, Iterable[Any]] | None) -> Kind:
    """The kind of a mapping with these keys at the top; `services` has the keys of each entry of `services:`."""
    keys = {str(each) for each in top}
    if "tracegen" in keys:
        return Kind.SPEC
    if _is_kubernetes(keys):
        return Kind.MANIFEST
    if keys & _OF_KUSTOMIZE and not keys & {"services", "backend", "name"}:
        return Kind.KUSTOMIZATION
    if ("service" in keys and keys & _OF_COLLECTOR) or {"receivers", "exporters"} <= keys:
        return Kind.COLLECTOR
    if "services" in keys and services is not None and "backend" not in keys:
        return _with_services(keys, services)
    if "include" in keys and keys <= {"include", "name", "version", "networks", "volumes", "configs", "secrets"}:
        return Kind.COMPOSE
    return Kind.UNKNOWN


def kind_of_text(text: str) -> Kind:
    """The kind of a text of YAML by its keys alone, of all its documents: also of one that is no valid YAML yet."""
    keys = _AT_THE_TOP.findall(text)
    if "tracegen" in keys or "include" in keys:
        return Kind.UNKNOWN
    if "services" not in keys:
        return kind_of_mapping(keys, None)
    return kind_of_mapping(keys, {"": _BELOW.findall(text)})


def _is_kubernetes(keys: set[str]) -> bool:
    return {"apiVersion", "kind"} <= keys


def _with_services(keys: set[str], services: Mapping[Any, Iterable[Any]]) -> Kind:
    inside = {str(key) for each in services.values() for key in each}
    if inside & {"language", "calls", "instrumentation", "framework"}:
        return Kind.UNKNOWN
    if inside & _OF_COMPOSE or keys & {"volumes", "networks", "version", "configs", "secrets"}:
        return Kind.COMPOSE
    return Kind.UNKNOWN
