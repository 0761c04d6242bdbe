"""kubernetes/: several replicas, what they keep, and how they stand a node that goes."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from invariants._manifests import Manifest, Workload, add, changed, pod_of, running
from invariants._operator import KIND
from invariants._system import Draft, Finding, System


def check_replicas_are_not_taken_at_once(system: System) -> Iterator[Finding]:
    """What has, or may get, several replicas has a budget of disruptions that lets one go; what has one has none."""
    for workload in system.manifests.platform:
        budgets = _budgets(system, workload)
        several = _most(system, workload) > 1 and workload.manifest.kind in ("Deployment", "StatefulSet")
        several = several or bool(system.cluster[workload.component].copies)
        if several and budgets != [{"maxUnavailable": 1}]:
            yield workload.manifest.path, f"{workload.component} has the budgets {budgets}"
        if not several and budgets:
            yield (
                workload.manifest.path,
                f"{workload.component} has one replica and a budget",
            )


def break_replicas_are_not_taken_at_once__all(draft: Draft) -> None:
    changed(draft, "PodDisruptionBudget", "otel-gateway")["spec"]["maxUnavailable"] = 2


def break_replicas_are_not_taken_at_once__none(draft: Draft) -> None:
    budget = {"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": {"name": "jaeger"}}
    labels = {"app.kubernetes.io/name": "jaeger"}
    add(draft, "budget", {**budget, "spec": {"maxUnavailable": 1, "selector": {"matchLabels": labels}}})


def check_copies_are_apart(system: System) -> Iterator[Finding]:
    """What keeps the same data has one budget for all of it, and prefers other machines."""
    alike: dict[str, list[Workload]] = {}
    for workload in system.manifests.platform:
        if copies := system.cluster[workload.component].copies:
            alike.setdefault(copies, []).append(workload)
    for copies, workloads in alike.items():
        budgets = system.manifests.of("PodDisruptionBudget")
        shared = [each for each in budgets if _means_all(system, each.spec["selector"], workloads)]
        if len(workloads) < 2 or len(shared) != 1:
            yield workloads[0].manifest.path, f"{copies}: no one budget is for all {len(workloads)}"
        for workload in workloads:
            rules = workload.pod.get("affinity", {}).get("podAntiAffinity", {})
            terms = [
                each["podAffinityTerm"] for each in rules.get("preferredDuringSchedulingIgnoredDuringExecution", [])
            ]
            if not any(_means_all(system, each["labelSelector"], workloads) for each in terms):
                yield workload.manifest.path, f"{workload.component} may lie on the machine of its copy"


def _means_all(system: System, selector: dict[str, Any], workloads: list[Workload]) -> bool:
    return {each.manifest.name for each in system.manifests.selected(selector)} == {
        each.manifest.name for each in workloads
    }


def break_copies_are_apart(draft: Draft) -> None:
    draft.cluster["jaeger"] = replace(draft.cluster["jaeger"], copies="jaeger")


def check_replicas_are_spread(system: System) -> Iterator[Finding]:
    """Several replicas go to different nodes and zones where they can, and start where they cannot."""
    for workload in system.manifests.platform:
        rules = workload.pod.get("topologySpreadConstraints", [])
        keys = {each["topologyKey"] for each in rules}
        several = _most(system, workload) > 1 and workload.manifest.kind in ("Deployment", "StatefulSet")
        if several and keys != {"kubernetes.io/hostname", "topology.kubernetes.io/zone"}:
            yield workload.manifest.path, f"{workload.component} is spread over {sorted(keys)}"
        if any(each["whenUnsatisfiable"] != "ScheduleAnyway" for each in rules):
            yield workload.manifest.path, f"{workload.component} would not start on one node"


def break_replicas_are_spread(draft: Draft) -> None:
    del pod_of(draft, "otel-gateway")["topologySpreadConstraints"]


def break_replicas_are_spread__always(draft: Draft) -> None:
    pod_of(draft, "otel-gateway")["topologySpreadConstraints"][0]["whenUnsatisfiable"] = "DoNotSchedule"


def check_volumes_are_claimed(system: System) -> Iterator[Finding]:
    """A volume of the system is claimed by a StatefulSet, with its size; on each node it is its pod's."""
    for workload in system.manifests.workloads:
        component = system.cluster.get(workload.component)
        templates = workload.manifest.spec.get("volumeClaimTemplates", [])
        claimed = {each["metadata"]["name"]: each["spec"]["resources"]["requests"]["storage"] for each in templates}
        wanted = {each.name: each.size for each in component.volumes} if component else {}
        if workload.manifest.kind == "DaemonSet":
            there = {each["name"] for each in workload.pod.get("volumes", [])}
            yield from ((workload.manifest.path, f"{name} is no volume") for name in sorted(wanted.keys() - there))
        elif claimed != wanted:
            yield workload.manifest.path, f"{workload.component} claims {claimed}, and {wanted} is meant"


def break_volumes_are_claimed(draft: Draft) -> None:
    claim = changed(draft, *running(draft, "jaeger"))["spec"]["volumeClaimTemplates"][0]
    claim["spec"]["resources"]["requests"]["storage"] = "1Mi"


def break_volumes_are_claimed__none(draft: Draft) -> None:
    changed(draft, *running(draft, "otel-gateway"))["spec"]["volumeClaimTemplates"] = []


def check_a_namespace_is_not_pruned(system: System) -> Iterator[Finding]:
    """Neither Argo CD nor Flux deletes the namespace, and all volumes with it, when a render no longer has it."""
    for each in system.manifests.of("Namespace"):
        marks = each.thing["metadata"].get("annotations", {})
        options = marks.get("argocd.argoproj.io/sync-options", "").split(",")
        if "Prune=false" not in options or marks.get("kustomize.toolkit.fluxcd.io/prune") != "disabled":
            yield each.path, f"{each.name} is pruned: {marks}"


def break_a_namespace_is_not_pruned(draft: Draft) -> None:
    del changed(draft, "Namespace", "shop")["metadata"]["annotations"]["kustomize.toolkit.fluxcd.io/prune"]


def break_a_namespace_is_not_pruned__argo(draft: Draft) -> None:
    changed(draft, "Namespace", "shop")["metadata"]["annotations"]["argocd.argoproj.io/sync-options"] = "Delete=false"


def check_autoscalers_can_work(system: System) -> Iterator[Finding]:
    """An autoscaler begins at the replicas that are meant, may grow, and measures what the pods ask for."""
    for scaler in system.manifests.of("HorizontalPodAutoscaler"):
        component = system.cluster.get(scaler.spec["scaleTargetRef"]["name"])
        least, most = scaler.spec.get("minReplicas"), scaler.spec["maxReplicas"]
        if component is None or least != component.replicas or most <= least:
            yield scaler.path, f"{scaler.name} scales from {least} to {most}"
        for workload in system.manifests.workloads:
            if component and workload.component == component.name and workload.manifest.kind == "StatefulSet":
                yield scaler.path, f"{scaler.name}: each replica that goes would leave its volume behind"


def break_autoscalers_can_work(draft: Draft) -> None:
    target = {"apiVersion": "apps/v1", "kind": "StatefulSet", "name": "otel-gateway"}
    thing = {"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": {"name": "otel-gateway"}}
    add(draft, "autoscaler", {**thing, "spec": {"scaleTargetRef": target, "minReplicas": 1, "maxReplicas": 1}})


def check_an_agent_is_reached_on_its_node(system: System) -> Iterator[Finding]:
    """What runs on each node is reached through a Service that leads to that node's; a second one names them all."""
    for workload in system.manifests.platform:
        for service in system.manifests.of("Service"):
            local = service.spec.get("internalTrafficPolicy") == "Local"
            if service.spec.get("clusterIP") == "None" and service.name != workload.component:
                continue
            if workload in system.manifests.serving(service) and local is not (workload.manifest.kind == "DaemonSet"):
                yield service.path, f"{service.name} leads to {workload.manifest.kind}s, and local is {local}"


def break_an_agent_is_reached_on_its_node(draft: Draft) -> None:
    changed(draft, "Service", "otel-gateway")["spec"]["internalTrafficPolicy"] = "Local"


def check_an_agent_leaves_no_hole(system: System) -> Iterator[Finding]:
    """Its node has no other: the next agent is ready before one goes, and it stands every taint."""
    wanted = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}
    for workload in system.manifests.platform:
        if workload.manifest.kind == "DaemonSet":
            if workload.manifest.spec.get("updateStrategy") != wanted:
                yield workload.manifest.path, f"{workload.component} rolls with a hole on each node"
            if workload.pod.get("tolerations") != [{"operator": "Exists"}] or "nodeSelector" in workload.pod:
                yield workload.manifest.path, f"{workload.component} is not on every node"


def break_an_agent_leaves_no_hole(draft: Draft) -> None:
    changed(draft, "StatefulSet", "otel-gateway")["kind"] = "DaemonSet"


def check_what_is_for_trying_out_says_so(system: System) -> Iterator[Finding]:
    """A storage or broker that tracegen runs on one node is marked as not for production, in its file."""
    for workload in system.manifests.platform:
        component = system.cluster[workload.component]
        if not component.production and "not for production" not in system.tree[workload.manifest.path]:
            yield workload.manifest.path, f"{component.name} is not marked as not for production"


def break_what_is_for_trying_out_says_so(draft: Draft) -> None:
    draft.cluster["jaeger"] = replace(draft.cluster["jaeger"], production=False)


def _most(system: System, workload: Workload) -> int:
    """How many replicas it may get."""
    resource = system.manifests.one(KIND, workload.component) if workload.is_operated else None
    scaled = resource.spec.get("autoscaler", {}).get("maxReplicas", 0) if resource else 0
    for scaler in system.manifests.of("HorizontalPodAutoscaler"):
        if scaler.spec["scaleTargetRef"]["name"] == workload.manifest.name:
            scaled = scaler.spec["maxReplicas"]
    return max(int(workload.manifest.spec.get("replicas", 1)), int(scaled))


def _budgets(system: System, workload: Workload) -> list[dict[str, int]]:
    found: list[Manifest] = system.manifests.of("PodDisruptionBudget")
    said = [each.spec for each in found if workload in system.manifests.selected(each.spec["selector"])]
    resource = system.manifests.one(KIND, workload.component) if workload.is_operated else None
    if resource and "podDisruptionBudget" in resource.spec:
        said.append(resource.spec["podDisruptionBudget"])
    return [{key: value for key, value in each.items() if key != "selector"} for each in said]
