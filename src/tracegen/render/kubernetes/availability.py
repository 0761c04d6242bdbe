"""Several replicas: how few may be missing at once, and how many more there are under load."""

from tracegen.emit import Commented, Value
from tracegen.render.kubernetes.labels import copies_selector, metadata, selector
from tracegen.render.kubernetes.pod import cores, is_spread
from tracegen.render.kubernetes.workload import kind_of
from tracegen.system import Component, System

#: The share of its cores at which another replica starts.
BUSY = 0.7


def disruption_budget(component: Component, system: System) -> Value:
    """One replica at a time may be taken away; None for what has one, and where another's budget is for both."""
    if component.copies:
        return _of_copies(component, system)
    if not is_spread(component) or component.job:
        return None
    return _budget(metadata(component, system), selector(component.name, system))


def _of_copies(component: Component, system: System) -> Value:
    alike = [each.name for each in system.cluster.components.values() if each.copies == component.copies]
    if component.name != alike[0]:
        return None
    why = f"{' and '.join(alike)} keep the same: of both, one may be away."
    return Commented(_budget(metadata(component, system, component.copies), copies_selector(component, system)), why)


def _budget(named: dict[str, Value], selected: dict[str, Value]) -> dict[str, Value]:
    spec: Value = {"maxUnavailable": 1, "selector": {"matchLabels": selected}}
    return {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": named,
        "spec": spec,
    }


def autoscaler(component: Component, system: System) -> Value:
    """More replicas while they are busy; None for what must not grow by itself."""
    if not component.most or not component.resources:
        return None
    busy = f"{BUSY:.0%} of its limit, whatever it asks for."
    target: Value = {
        "type": "AverageValue",
        "averageValue": Commented(cores(component.resources.cpu * BUSY), busy),
    }
    spec: Value = {
        "scaleTargetRef": {"apiVersion": "apps/v1", "kind": kind_of(component), "name": component.name},
        "minReplicas": component.replicas,
        "maxReplicas": max(component.most, component.replicas),
        "metrics": [{"type": "Resource", "resource": {"name": "cpu", "target": target}}],
        "behavior": {"scaleDown": {"stabilizationWindowSeconds": 300}},
    }
    return {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": metadata(component, system),
        "spec": spec,
    }
