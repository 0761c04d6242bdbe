"""kubernetes/: whatever an object refers to is there."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from invariants._manifests import (
    FOLDER,
    LIST,
    RUNNING,
    Manifest,
    Workload,
    add,
    changed,
    container_of,
    pod_of,
    running,
    sources,
)
from invariants._manifests import source_name as named
from invariants._manifests import volumes as volumes_of
from invariants._system import Draft, Finding, System


def check_every_file_is_listed(system: System) -> Iterator[Finding]:
    """kustomization.yaml lists each object once and nothing that is not there; each file to be copied is used."""
    if LIST not in system.tree:
        return
    said = system.data(LIST)
    generators = said.get("configMapGenerator", [])
    used = [path for each in generators for path in (*each.get("files", []), *each.get("envs", []))]
    listed = [f"{FOLDER}/{each}" for each in (*said.get("resources", []), *used)]
    there = {path for path in system.tree if path.startswith(f"{FOLDER}/") and not _is_aside(path)}
    yield from ((LIST, f"lists {path}, which is not there") for path in sorted(set(listed) - there))
    yield from ((LIST, f"does not list {path}") for path in sorted(there - set(listed)))
    yield from ((LIST, f"lists {path} {times} times") for path, times in Counter(listed).items() if times > 1)


def break_every_file_is_listed(draft: Draft) -> None:
    draft[LIST]["resources"].pop()


def break_every_file_is_listed__absent(draft: Draft) -> None:
    draft[LIST]["resources"].append("absent.yaml")


def check_names_are_unique(system: System) -> Iterator[Finding]:
    """No object stands there twice."""
    counted = Counter((each.kind, each.name) for each in system.manifests.all)
    yield from (
        (FOLDER, f"{kind} {name} stands there {times} times") for (kind, name), times in counted.items() if times > 1
    )


def break_names_are_unique(draft: Draft) -> None:
    add(draft, "again", changed(draft, "Service", "jaeger"))


def check_selectors_match(system: System) -> Iterator[Finding]:
    """Services, budgets, policies and workloads select pods that are there, of one component or what keeps the same;
    policies may mean more.
    """
    for manifest, selector in _selectors(system):
        found = {each.component for each in system.manifests.selected(selector)}
        if not found:
            yield manifest.path, f"{manifest.kind} {manifest.name} selects no pods: {selector}"
        elif manifest.kind != "NetworkPolicy" and len({system.cluster[each].copies or each for each in found}) > 1:
            yield manifest.path, f"{manifest.kind} {manifest.name} selects those of {sorted(found)}"
    for workload in system.manifests.workloads:
        for each in workload.pod.get("topologySpreadConstraints", []):
            if {found.component for found in system.manifests.selected(each["labelSelector"])} != {
                workload.component
            }:
                yield workload.manifest.path, f"{workload.manifest.name} is spread over others than itself"


def break_selectors_match__service(draft: Draft) -> None:
    changed(draft, "Service", "jaeger")["spec"]["selector"] = {"app": "jaeger"}


def break_selectors_match__many(draft: Draft) -> None:
    del changed(draft, "Service", "jaeger")["spec"]["selector"]["app.kubernetes.io/name"]


def break_selectors_match__template(draft: Draft) -> None:
    workload = changed(draft, *running(draft, "jaeger"))
    workload["spec"]["template"]["metadata"]["labels"]["app.kubernetes.io/name"] = "other"


def break_selectors_match__budget(draft: Draft) -> None:
    budget = changed(draft, "PodDisruptionBudget", "otel-gateway")
    budget["spec"]["selector"] = {"matchLabels": {"app": "otel-gateway"}}


def break_selectors_match__spread(draft: Draft) -> None:
    pod = pod_of(draft, "otel-gateway")
    pod["topologySpreadConstraints"][0]["labelSelector"] = {"matchLabels": {"app.kubernetes.io/instance": "shop"}}


def check_ports_resolve(system: System) -> Iterator[Finding]:
    """A port of a Service and of a probe is one of the container's, which names each once."""
    for service in system.manifests.of("Service"):
        for workload in system.manifests.serving(service):
            for port in service.spec.get("ports", []):
                if not _has_port(workload, port.get("targetPort", port["port"]), port.get("protocol", "TCP")):
                    yield service.path, f"{service.name}: {workload.component} has no port {port}"
    for workload in system.manifests.workloads:
        for container in workload.containers:
            for probe in (each for name, each in container.items() if name.endswith("Probe")):
                port = probe.get("httpGet", probe.get("tcpSocket", probe.get("grpc", {}))).get("port")
                if port is not None and not _has_port(workload, port, "TCP"):
                    yield workload.manifest.path, f"a probe asks port {port}, which {container['name']} does not have"
            names = Counter(each.get("name") for each in container.get("ports", []))
            yield from (
                (workload.manifest.path, f"the port {name} twice") for name, times in names.items() if times > 1
            )


def break_ports_resolve__service(draft: Draft) -> None:
    changed(draft, "Service", "jaeger")["spec"]["ports"][0]["targetPort"] = "other"


def break_ports_resolve__number(draft: Draft) -> None:
    changed(draft, "Service", "jaeger")["spec"]["ports"][0]["targetPort"] = 1


def break_ports_resolve__probe(draft: Draft) -> None:
    container = container_of(draft, "jaeger")
    container["readinessProbe"]["httpGet"]["port"] = 14269


def break_ports_resolve__twice(draft: Draft) -> None:
    container = container_of(draft, "jaeger")
    container["ports"][0]["name"] = container["ports"][1]["name"]


def check_mounts_have_volumes(system: System) -> Iterator[Finding]:
    """A container mounts volumes that its pod has, each volume is mounted, and no path twice."""
    for workload in system.manifests.workloads:
        mounts = [mount for each in workload.containers for mount in each.get("volumeMounts", [])]
        there, used = set(volumes_of(workload)), {each["name"] for each in mounts}
        path = workload.manifest.path
        yield from ((path, f"mounts {name}, which is no volume of the pod") for name in sorted(used - there))
        yield from ((path, f"the volume {name} is mounted nowhere") for name in sorted(there - used))
        for container in workload.containers:
            places = Counter(each["mountPath"] for each in container.get("volumeMounts", []))
            yield from ((path, f"{place} is mounted twice") for place, times in places.items() if times > 1)


def break_mounts_have_volumes__absent(draft: Draft) -> None:
    container_of(draft, "jaeger")["volumeMounts"][0]["name"] = "other"


def break_mounts_have_volumes__needless(draft: Draft) -> None:
    pod_of(draft, "jaeger")["volumes"].append({"name": "other", "emptyDir": {}})


def check_mounted_keys_exist(system: System) -> Iterator[Finding]:
    """A ConfigMap that a pod refers to is there, with the keys that are mounted or read."""
    for workload in system.manifests.workloads:
        for name, key in _maps(workload):
            found = system.manifests.one("ConfigMap", name)
            if found is None:
                yield workload.manifest.path, f"there is no ConfigMap {name}"
            elif key and key not in found.thing.get("data", {}):
                yield workload.manifest.path, f"the ConfigMap {name} has no key {key}"


def break_mounted_keys_exist(draft: Draft) -> None:
    pod = pod_of(draft, "jaeger")
    next(each for each in pod["volumes"] if "configMap" in each)["configMap"]["name"] = "other"


def break_mounted_keys_exist__key(draft: Draft) -> None:
    container = container_of(draft, "jaeger")
    next(each for each in container["volumeMounts"] if "subPath" in each)["subPath"] = "other.yaml"


def check_named_objects_exist(system: System) -> Iterator[Finding]:
    """Service accounts, a StatefulSet's Service, an autoscaler's workload and a binding's role are there."""
    for manifest, kind, name in _named(system):
        if system.manifests.one(kind, name) is None:
            yield manifest.path, f"{manifest.kind} {manifest.name} names the {kind} {name}, which is not there"


def break_named_objects_exist__account(draft: Draft) -> None:
    pod_of(draft, "jaeger")["serviceAccountName"] = "other"


def break_named_objects_exist__service(draft: Draft) -> None:
    changed(draft, "StatefulSet", "otel-gateway")["spec"]["serviceName"] = "other"


def break_named_objects_exist__scaled(draft: Draft) -> None:
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "other"}
    thing = {"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": {"name": "other"}}
    add(draft, "autoscaler", {**thing, "spec": {"scaleTargetRef": target, "minReplicas": 1, "maxReplicas": 2}})


def check_what_is_scaled_says_no_replicas(system: System) -> Iterator[Finding]:
    """Where an autoscaler sets the replicas, the workload does not: each apply would set them back."""
    for scaler in system.manifests.of("HorizontalPodAutoscaler"):
        target = scaler.spec["scaleTargetRef"]
        workload = system.manifests.one(target["kind"], target["name"])
        if workload and "replicas" in workload.spec:
            yield workload.path, f"says replicas, which {scaler.name} sets"


def break_what_is_scaled_says_no_replicas(draft: Draft) -> None:
    target = {"apiVersion": "apps/v1", "kind": "StatefulSet", "name": "otel-gateway"}
    thing = {"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": {"name": "otel-gateway"}}
    add(draft, "autoscaler", {**thing, "spec": {"scaleTargetRef": target, "minReplicas": 2, "maxReplicas": 4}})


def _is_aside(path: str) -> bool:
    return path in (LIST, f"{FOLDER}/README.md") or path.startswith(f"{FOLDER}/components/")


def _selectors(system: System) -> Iterator[tuple[Manifest, Mapping[str, Any]]]:
    for each in system.manifests.of("Service"):
        if "selector" in each.spec:
            yield each, {"matchLabels": each.spec["selector"]}
    for each in system.manifests.of("PodDisruptionBudget", *RUNNING):
        yield each, each.spec["selector"]
    for each in system.manifests.of("NetworkPolicy"):
        yield each, each.spec["podSelector"]


def _has_port(workload: Workload, port: str | int, protocol: str) -> bool:
    """Whether a container has it, by name or number."""
    return any(
        port in (each.get("name"), each["containerPort"]) and each.get("protocol", "TCP") == protocol
        for container in workload.containers
        for each in container.get("ports", [])
    )


def _maps(workload: Workload) -> Iterator[tuple[str, str]]:
    """Each ConfigMap that a pod refers to, with the key; no key where all are meant."""
    for volume in volumes_of(workload).values():
        for kind, source in sources(volume):
            if kind == "ConfigMap":
                yield named(source), ""
                yield from ((named(source), each["key"]) for each in source.get("items", []))
    for container in workload.containers:
        yield from (
            (each["configMapRef"]["name"], "") for each in container.get("envFrom", []) if "configMapRef" in each
        )
        for variable in container.get("env", []):
            reference = variable.get("valueFrom", {}).get("configMapKeyRef")
            if reference:
                yield reference["name"], reference["key"]
        for mount in container.get("volumeMounts", []):
            for kind, source in sources(volumes_of(workload).get(mount["name"], {})) if "subPath" in mount else ():
                if kind == "ConfigMap" and "items" not in source:
                    yield named(source), mount["subPath"]


def _named(system: System) -> Iterator[tuple[Manifest, str, str]]:
    for workload in system.manifests.workloads:
        account = workload.pod.get("serviceAccountName", "default")
        if account != "default":
            yield workload.manifest, "ServiceAccount", account
    for each in system.manifests.of("StatefulSet"):
        yield each, "Service", each.spec["serviceName"]
    for each in system.manifests.of("HorizontalPodAutoscaler"):
        yield each, each.spec["scaleTargetRef"]["kind"], each.spec["scaleTargetRef"]["name"]
    for each in system.manifests.of("RoleBinding", "ClusterRoleBinding"):
        yield each, each.thing["roleRef"]["kind"], each.thing["roleRef"]["name"]
