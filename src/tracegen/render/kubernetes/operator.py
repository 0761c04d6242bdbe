"""With `flavor: operator`: tiers of collectors as resources of the OpenTelemetry Operator.

https://github.com/open-telemetry/opentelemetry-operator/blob/main/docs/api/opentelemetrycollectors.md. Jaeger stays
a plain workload: the Operator makes no probes for its health check (internal/components/extensions/helpers.go, and
issue 4220 there).
"""

from collections.abc import Mapping

from tracegen.emit import Commented, Value
from tracegen.parts.collectors import config_path
from tracegen.render.kubernetes.availability import BUSY
from tracegen.render.kubernetes.labels import labels_of, metadata
from tracegen.render.kubernetes.placement import pods_of
from tracegen.render.kubernetes.pod import REQUESTED, container, is_spread, pod_settings
from tracegen.render.kubernetes.probes import STARTING
from tracegen.render.kubernetes.volumes import claims, volumes
from tracegen.render.kubernetes.workload import ONE_MORE, kind_of
from tracegen.system import Component, Health, System, Tier
from tracegen.system.file import PlannedFile, Structured

_MODES = {"Deployment": "deployment", "StatefulSet": "statefulset", "DaemonSet": "daemonset"}

#: What the container and the pod are told by keys of the same name here.
_OF_CONTAINER = ("image", "imagePullPolicy", "env", "resources", "volumeMounts", "securityContext", "lifecycle")
_OF_POD = {
    "serviceAccountName": "serviceAccount",
    "securityContext": "podSecurityContext",
    "terminationGracePeriodSeconds": "terminationGracePeriodSeconds",
    "topologySpreadConstraints": "topologySpreadConstraints",
    "tolerations": "tolerations",
    "nodeSelector": "nodeSelector",
    "priorityClassName": "priorityClassName",
}


def collector(component: Component, tier: Tier, files: Mapping[str, PlannedFile], system: System) -> Value:
    """A tier as an OpenTelemetryCollector, with the structure of its configuration file."""
    file = files[config_path(tier)]
    assert isinstance(file, Structured)
    inner, outer = container(component), pod_settings(component, system)
    spec: dict[str, Value] = {
        "mode": _MODES[kind_of(component)],
        "upgradeStrategy": Commented("none", "The image and the configuration are pinned together."),
        "networkPolicy": Commented({"enabled": False}, "Ours is narrower, and policies add up."),
        **_size(component),
        **{key: inner[key] for key in _OF_CONTAINER if key in inner},
        **{name: outer[key] for key, name in _OF_POD.items() if key in outer},
        **(_probes(component.health) if component.health else {}),
        **volumes(component, system),
        **_claims(component, system),
        "config": file.value,
    }
    said = pods_of(component, system)
    if said.annotations:
        spec["podAnnotations"] = dict(said.annotations)
    named = metadata(component, system)
    return {
        "apiVersion": "opentelemetry.io/v1beta1",
        "kind": "OpenTelemetryCollector",
        # The Operator hands labels on to the pods: internal/manifests/manifestutils/labels.go.
        "metadata": {**named, "labels": {**said.labels, **labels_of(component, system)}},
        "spec": spec,
    }


def _size(component: Component) -> dict[str, Value]:
    budget: dict[str, Value] = {"podDisruptionBudget": {"maxUnavailable": 1}} if is_spread(component) else {}
    if component.per_node:
        return {"daemonSetUpdateStrategy": ONE_MORE}
    if not component.most:
        return {"replicas": component.replicas, **budget}
    busy = f"Of what it asks for: {BUSY:.0%} of its limit."
    autoscaler: Value = {
        "minReplicas": component.replicas,
        "maxReplicas": component.most,
        "targetCPUUtilization": Commented(round(100 * BUSY / REQUESTED), busy),
    }
    return {"autoscaler": autoscaler, **budget}


def _probes(health: Health) -> dict[str, Value]:
    """Their times only: what is asked, the Operator reads in the configuration."""
    times: dict[str, Value] = {"periodSeconds": 10, "timeoutSeconds": health.timeout}
    return {
        "startupProbe": {**times, "periodSeconds": STARTING, "failureThreshold": health.start_period},
        "readinessProbe": {**times, "failureThreshold": 3},
        "livenessProbe": {**times, "failureThreshold": 6},
    }


def _claims(component: Component, system: System) -> dict[str, Value]:
    found = [] if component.per_node else claims(component, system)
    return {"volumeClaimTemplates": found, "podManagementPolicy": "Parallel"} if found else {}
