"""What the OpenTelemetry Operator makes of its resources, as far as the invariants look at it.

Read in its source at `be8944414`, below internal/manifests: manifestutils/labels.go, collector/container.go,
collector/statefulset.go, collector/volume.go. The Operator itself cannot run here.
"""

from collections.abc import Iterator, Mapping
from typing import Any

#: Where it mounts the configuration of the resource.
CONFIG = "/conf/collector.yaml"
KIND = "OpenTelemetryCollector"
COMPONENT = "opentelemetry-collector"
_KINDS = {"deployment": "Deployment", "daemonset": "DaemonSet", "statefulset": "StatefulSet"}
_POD = {
    "serviceAccount": "serviceAccountName",
    "podSecurityContext": "securityContext",
    "terminationGracePeriodSeconds": "terminationGracePeriodSeconds",
    "topologySpreadConstraints": "topologySpreadConstraints",
    "initContainers": "initContainers",
    "tolerations": "tolerations",
    "nodeSelector": "nodeSelector",
    "priorityClassName": "priorityClassName",
}
_CONTAINER = (
    "image",
    "imagePullPolicy",
    "env",
    "envFrom",
    "resources",
    "volumeMounts",
    "securityContext",
    "lifecycle",
)
_OVER_UDP = ("thrift_compact", "thrift_binary")
_PROBES = ("startupProbe", "readinessProbe", "livenessProbe")


def workload(resource: Mapping[str, Any]) -> dict[str, Any]:
    """The object that runs an OpenTelemetryCollector."""
    metadata, spec = resource["metadata"], resource["spec"]
    labels = {**metadata.get("labels", {}), **_selector(metadata)}
    pod = {name: spec[key] for key, name in _POD.items() if key in spec}
    pod |= {"containers": [_container(spec)], "volumes": spec.get("volumes", [])}
    made: dict[str, Any] = {
        "selector": {"matchLabels": _selector(metadata)},
        "template": {"metadata": {"labels": labels}, "spec": pod},
    }
    made |= {key: spec[key] for key in ("replicas", "volumeClaimTemplates") if key in spec}
    made |= {"updateStrategy": spec["daemonSetUpdateStrategy"]} if "daemonSetUpdateStrategy" in spec else {}
    named = {**metadata, "name": f"{metadata['name']}-collector", "labels": labels}
    return {"apiVersion": "apps/v1", "kind": _KINDS[spec["mode"]], "metadata": named, "spec": made}


def _selector(metadata: Mapping[str, Any]) -> dict[str, str]:
    return {
        "app.kubernetes.io/managed-by": "opentelemetry-operator",
        "app.kubernetes.io/instance": f"{metadata.get('namespace', 'default')}.{metadata['name']}"[:63],
        "app.kubernetes.io/part-of": "opentelemetry",
        "app.kubernetes.io/component": COMPONENT,
    }


def _container(spec: Mapping[str, Any]) -> dict[str, Any]:
    """Ports have names of the Operator's making; probes ask the health check that the configuration has."""
    made = {key: spec[key] for key in _CONTAINER if key in spec}
    made |= {"name": "otc-container", "args": [f"--config={CONFIG}"]}
    ports = sorted(set(_ports(spec["config"], "TCP")))
    made["ports"] = [{"name": f"port-{each}", "containerPort": each, "protocol": kind} for each, kind in ports]
    health = spec["config"].get("extensions", {}).get("health_check")
    if health:
        asked = {"path": health.get("path", "/"), "port": int(health["endpoint"].rpartition(":")[2])}
        made |= {probe: {"httpGet": asked, **spec.get(probe, {})} for probe in _PROBES}
    return made


def _ports(config: Any, protocol: str) -> Iterator[tuple[int, str]]:
    """Everything that listens: `endpoint: 0.0.0.0:4317`, and `host` beside `port`; Jaeger's agent did over UDP."""
    if isinstance(config, dict):
        for key, value in config.items():
            if key == "endpoint" and isinstance(value, str) and value.startswith(("0.0.0.0:", "[::]:")):
                yield int(value.rpartition(":")[2]), protocol
            yield from _ports(value, "UDP" if key in _OVER_UDP else protocol)
        if isinstance(config.get("host"), str) and isinstance(config.get("port"), int):
            yield config["port"], protocol
    elif isinstance(config, list):
        for value in config:
            yield from _ports(value, protocol)
