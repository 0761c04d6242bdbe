"""Several replicas: how few may be missing at once, and how many more there are under load."""

from tracegen.emit import Commented, Value
from tracegen.render.kubernetes.labels import metadata, selector
from tracegen.render.kubernetes.pod import cores, is_spread
from tracegen.render.kubernetes.workload import kind_of
from tracegen.system import Component, System

#: The share of its cores at which another replica starts.
BUSY = 0.7


def disruption_budget(component: Component, system: System) -> Value:
    """One replica at a time may be taken away; None for what has one."""
    if not is_spread(component) or component.job:
        return None
    spec: Value = {"maxUnavailable": 1, "selector": {"matchLabels": selector(component.name, system)}}
    return {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": metadata(component, system),
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
