"""Where pods run, and what the spec marks them with: tolerations, nodes, priority, labels and annotations."""

from tracegen.emit import Commented, Value
from tracegen.system import Component, Pods, System, Toleration

_EVERYWHERE: Value = [{"operator": "Exists"}]


def placement(component: Component, system: System) -> dict[str, Value]:
    """The keys of a pod's specification; a service account brings the Secrets of registries to what has ours."""
    pods = pods_of(component, system)
    found: dict[str, Value] = {}
    if system.kubernetes.image_pull_secrets and not component.platform:
        found["imagePullSecrets"] = [{"name": each} for each in system.kubernetes.image_pull_secrets]
    if component.per_node:
        why = "A service on a tainted machine would have no agent, and lose its spans in silence."
        found["tolerations"] = Commented(_EVERYWHERE, why)
    elif pods.tolerations:
        found["tolerations"] = [_toleration(each) for each in pods.tolerations]
    if pods.node_selector and not component.per_node:
        found["nodeSelector"] = dict(pods.node_selector)
    if pods.priority_class:
        found["priorityClassName"] = pods.priority_class
    return found


def pods_of(component: Component, system: System) -> Pods:
    """What the spec says of a component's pods."""
    return system.kubernetes.pods if component.platform else system.services[component.name].pods


def _toleration(said: Toleration) -> Value:
    keys = {"key": said.key, "operator": said.operator, "value": said.value, "effect": said.effect}
    return {key: value for key, value in keys.items() if value}
