"""The template of a component's pods."""

from tracegen.emit import Commented, Value, kubernetes_escape
from tracegen.render.kubernetes.environment import environment
from tracegen.render.kubernetes.injection import annotations
from tracegen.render.kubernetes.labels import copies_selector, pod_labels, selector
from tracegen.render.kubernetes.placement import placement, pods_of
from tracegen.render.kubernetes.probes import probes
from tracegen.render.kubernetes.volumes import mounts, scratch_bytes, volumes
from tracegen.system import Component, PodsRead, Resources, System
from tracegen.system.units import MEBIBYTE, mebibytes

#: Seconds between a pod's leaving its Service and SIGTERM, in which nodes learn of it.
LEAVING = 5

#: The account of what tracegen runs; it may do nothing, and workload identity is tied to it.
ACCOUNT = "{name}-tracing"

#: The share of its cores that a container is sure of.
REQUESTED = 0.25

#: What a container may write to its own root and to logs: little, or what a program without a read-only root needs.
_ROOT, _WRITABLE_ROOT = 256 * MEBIBYTE, 8192 * MEBIBYTE


def pod_template(component: Component, kind: str, system: System) -> Value:
    """`template` of a Deployment, StatefulSet, DaemonSet or Job, which `kind` names."""
    marks: dict[str, Value] = {**pods_of(component, system).annotations, **annotations(component, system)}
    metadata: Value = {"labels": pod_labels(component, kind, system), **({"annotations": marks} if marks else {})}
    spec: Value = {
        **pod_settings(component, system),
        "containers": [container(component)],
        **volumes(component, system),
    }
    return {"metadata": metadata, "spec": spec}


def account(system: System, pods: PodsRead = PodsRead.NONE) -> str:
    """The name of the service account; another where it may read pods."""
    name = ACCOUNT.format(name=system.name)
    return name if pods is PodsRead.NONE else f"{name}-pods"


def is_spread(component: Component) -> bool:
    """Whether there are, or may be, several replicas that should not fall together."""
    return max(component.replicas, component.most) > 1 and not component.per_node


def pod_settings(component: Component, system: System) -> dict[str, Value]:
    """What holds for the pod as a whole, its containers and volumes aside."""
    spec: dict[str, Value] = {}
    if component.platform:
        spec["serviceAccountName"] = account(system, component.pods)
    if component.pods is not PodsRead.NONE:
        spec["automountServiceAccountToken"] = Commented(True, "It asks the API server whose pod sent a span.")
    elif component.user is not None:
        spec["automountServiceAccountToken"] = False
    no_links = "Else the cluster sets variables such as KAFKA_PORT, which programs take for settings."
    spec["enableServiceLinks"] = Commented(False, no_links)
    spec |= _pod_security(component, system) | placement(component, system)
    if component.job:
        spec["restartPolicy"] = "OnFailure"
    else:
        spec["terminationGracePeriodSeconds"] = component.grace + (_leaving(component) if _leaves(component) else 0)
    if is_spread(component):
        spec["topologySpreadConstraints"] = [
            _spread("kubernetes.io/hostname", component, system),
            _spread("topology.kubernetes.io/zone", component, system),
        ]
    if component.copies:
        spec["affinity"] = _apart(component, system)
    return spec


def _apart(component: Component, system: System) -> Value:
    """Away from whatever else keeps the same data, where there are machines enough."""
    term: Value = {
        "topologyKey": "kubernetes.io/hostname",
        "labelSelector": {"matchLabels": copies_selector(component, system)},
    }
    wanted: Value = [{"weight": 100, "podAffinityTerm": term}]
    return {"podAntiAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": wanted}}


def _pod_security(component: Component, system: System) -> dict[str, Value]:
    seccomp: Value = {"type": "RuntimeDefault"}
    if component.user is None:
        return {"securityContext": {"seccompProfile": seccomp}}
    if not system.kubernetes.fixed_ids:
        why = "The cluster gives user and group, of the namespace's own range."
        return {"securityContext": Commented({"runAsNonRoot": True, "seccompProfile": seccomp}, why)}
    user: dict[str, Value] = {
        "runAsNonRoot": True,
        "runAsUser": component.user,
        "runAsGroup": component.user,
    }
    if component.volumes or component.writable or component.secret_files:
        user |= {"fsGroup": component.user, "fsGroupChangePolicy": "OnRootMismatch"}
    return {"securityContext": {**user, "seccompProfile": seccomp}}


def _spread(key: str, component: Component, system: System) -> Value:
    return {
        "maxSkew": 1,
        "topologyKey": key,
        "whenUnsatisfiable": "ScheduleAnyway",
        "labelSelector": {"matchLabels": selector(component.name, system)},
    }


def container(component: Component) -> dict[str, Value]:
    """The one container of a pod."""
    parts: dict[str, Value] = {
        "name": component.name,
        "image": component.image,
        "imagePullPolicy": _pull_policy(component),
    }
    if component.entrypoint:
        parts["command"] = [kubernetes_escape(each) for each in component.entrypoint]
    if component.args:
        parts["args"] = [kubernetes_escape(each) for each in component.args]
    parts |= environment(component)
    if component.ports:
        parts["ports"] = [
            {"name": port.name, "containerPort": port.number, "protocol": port.protocol.upper()}
            for port in component.ports
        ]
    parts |= probes(component)
    if component.resources:
        parts["resources"] = _resources(component.resources, component)
    parts |= mounts(component) | _security(component)
    if _leaves(component):
        why = "So long requests still come in: nodes hear late that it leaves."
        if component.lingers:
            why = (
                "What waits in its memory is lost with it: so long it goes on sending, while another takes its place."
            )
        parts["lifecycle"] = Commented({"preStop": {"sleep": {"seconds": _leaving(component)}}}, why)
    return parts


def _pull_policy(component: Component) -> Value:
    """What is built keeps its tag, so a node would never look for a newer one; what is loaded is in no registry."""
    if is_pushed(component):
        return Commented("Always", "It is built under the same name again: a pod that starts takes the last one.")
    return "IfNotPresent"


def is_pushed(component: Component) -> bool:
    """Whether its image is built and has the name of a registry, from which a node takes it."""
    return bool(component.build) and "/" in component.image


def _leaving(component: Component) -> int:
    return max(LEAVING, component.lingers)


def _leaves(component: Component) -> bool:
    return component.platform and bool(component.ports) and not component.job


def _resources(resources: Resources, component: Component) -> Value:
    """Memory is asked for whole: what is not there cannot be squeezed. Cores can."""
    root = _ROOT if component.read_only else _WRITABLE_ROOT
    memory, disk = f"{mebibytes(resources.memory)}Mi", f"{mebibytes(root + scratch_bytes(component))}Mi"
    limits: dict[str, Value] = {"cpu": cores(resources.cpu), "memory": memory}
    requests: dict[str, Value] = {"cpu": cores(resources.cpu * REQUESTED), "memory": memory}
    if component.user is not None:
        limits["ephemeral-storage"] = disk
        requests["ephemeral-storage"] = f"{mebibytes(_ROOT)}Mi"
    return {"requests": requests, "limits": limits}


def cores(cpu: float) -> str:
    """A quantity of cores in thousandths, never none."""
    return f"{max(1, round(cpu * 1000))}m"


def _security(component: Component) -> dict[str, Value]:
    """Nothing for images that tracegen knows nothing of: it might break them."""
    if component.user is None:
        return {}
    read_only: Value = component.read_only or Commented(False, component.why_writable)
    capabilities: dict[str, Value] = {"drop": ["ALL"]}
    return {
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": read_only,
            "capabilities": capabilities,
        }
    }
