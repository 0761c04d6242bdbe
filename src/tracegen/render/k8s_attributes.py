"""The processor that asks the API server whose pod sent a span.

Deployments and CronJobs are told by the names of what they make, so reading pods is all that it takes:
https://github.com/open-telemetry/opentelemetry-collector-contrib/tree/main/processor/k8sattributesprocessor
"""

from tracegen.emit import Commented, Value
from tracegen.parts.collectors import pods_read
from tracegen.system import PodsRead, System, Tier

PROCESSOR = "k8s_attributes"

#: The variables by which a pod tells its collector where it is.
NAMESPACE_VARIABLE, NODE_VARIABLE = "K8S_NAMESPACE_NAME", "K8S_NODE_NAME"

_ATTRIBUTES = (
    "k8s.namespace.name",
    "k8s.node.name",
    "k8s.pod.name",
    "k8s.pod.uid",
    "k8s.deployment.name",
    "k8s.statefulset.name",
    "k8s.daemonset.name",
    "k8s.cronjob.name",
    "k8s.job.name",
)


def k8s_attributes(tier: Tier, system: System) -> dict[str, Value]:
    """The processor by its name; empty where a tier asks nobody."""
    pods = pods_read(tier, system)
    if pods is PodsRead.NONE:
        return {}
    only: dict[str, Value] = {}
    if pods is PodsRead.NAMESPACE:
        only["namespace"] = f"${{env:{NAMESPACE_VARIABLE}}}"
    if tier.per_node:
        only["node_from_env_var"] = NODE_VARIABLE
    by: Value = [
        {"sources": [{"from": "resource_attribute", "name": "k8s.pod.uid"}]},
        {"sources": [{"from": "connection"}]},
    ]
    value: dict[str, Value] = {
        **({"filter": Commented(only, "All that it has a right to, and wants, to read.")} if only else {}),
        "extract": {"metadata": list(_ATTRIBUTES)},
        "pod_association": Commented(by, "What a pod tells of itself, else the address that the span came from."),
    }
    return {PROCESSOR: value}
