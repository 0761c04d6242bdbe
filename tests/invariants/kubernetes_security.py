"""kubernetes/: what pods may do, what they may use, and how it is seen that they work."""

from collections.abc import Iterator, Mapping
from typing import Any

from invariants._manifests import changed, container_of, pod_of
from invariants._system import Draft, Finding, System, megabytes
from invariants.security import WRITABLE_ROOT, is_pinned

_PROBES = ("startupProbe", "readinessProbe", "livenessProbe")
_OF_THE_HOST = ("hostNetwork", "hostPID", "hostIPC")


def check_pods_are_restricted(system: System) -> Iterator[Finding]:
    """What tracegen runs is no root, has no capabilities, a read-only root, the runtime's seccomp profile."""
    for workload in system.manifests.platform:
        path, pod = workload.manifest.path, workload.pod
        user = pod.get("securityContext", {})
        if user.get("runAsNonRoot") is not True or _ids_of(user) != _wanted_ids(system, user):
            yield path, f"{workload.component} may be root"
        if user.get("seccompProfile") != {"type": "RuntimeDefault"}:
            yield path, f"{workload.component} has no seccomp profile"
        for container in workload.containers:
            yield from ((path, wrong) for wrong in _too_free(container, workload.component))


def _ids_of(user: Mapping[str, Any]) -> set[str]:
    return {key for key in ("runAsUser", "runAsGroup", "fsGroup") if user.get(key)}


def _wanted_ids(system: System, user: Mapping[str, Any]) -> set[str]:
    """None where the cluster gives them; the group of volumes is told where there are any."""
    is_fixed = system.get("kubernetes", "fixed_ids") is not False
    return {"runAsUser", "runAsGroup", *({"fsGroup"} & user.keys())} if is_fixed else set()


def break_pods_are_restricted__root(draft: Draft) -> None:
    pod_of(draft, "jaeger")["securityContext"]["runAsUser"] = 0


def break_pods_are_restricted__seccomp(draft: Draft) -> None:
    del pod_of(draft, "jaeger")["securityContext"]["seccompProfile"]


def break_pods_are_restricted__capabilities(draft: Draft) -> None:
    container_of(draft, "jaeger")["securityContext"]["capabilities"]["add"] = ["CHOWN"]


def break_pods_are_restricted__writable(draft: Draft) -> None:
    container_of(draft, "jaeger")["securityContext"]["readOnlyRootFilesystem"] = False


def break_pods_are_restricted__escalation(draft: Draft) -> None:
    del container_of(draft, "jaeger")["securityContext"]["allowPrivilegeEscalation"]


def check_nothing_of_the_node_is_used(system: System) -> Iterator[Finding]:
    """No pod uses the network, the processes, a port or a folder of its node."""
    for workload in system.manifests.workloads:
        path, pod = workload.manifest.path, workload.pod
        yield from ((path, f"{workload.component} says {key}") for key in _OF_THE_HOST if pod.get(key))
        if any("hostPath" in each for each in pod.get("volumes", [])):
            yield path, f"{workload.component} mounts a folder of the node"
        if any("hostPort" in port for each in workload.containers for port in each.get("ports", [])):
            yield path, f"{workload.component} takes a port of the node"


def break_nothing_of_the_node_is_used__network(draft: Draft) -> None:
    pod_of(draft, "jaeger")["hostNetwork"] = True


def break_nothing_of_the_node_is_used__folder(draft: Draft) -> None:
    pod_of(draft, "web")["volumes"].append({"name": "node", "hostPath": {"path": "/"}})


def break_nothing_of_the_node_is_used__port(draft: Draft) -> None:
    container_of(draft, "otel-gateway")["ports"][0]["hostPort"] = 4317


def check_nobody_speaks_to_the_cluster(system: System) -> Iterator[Finding]:
    """What tracegen runs has an account of its own without rights, whose token is not mounted.

    With `k8s_attributes` the collectors that services send to have another account, which may read pods.
    """
    asks = bool(system.get("kubernetes", "k8s_attributes"))
    for workload in system.manifests.platform:
        name = workload.pod.get("serviceAccountName", "default")
        account = system.manifests.one("ServiceAccount", name)
        unmounted = account and account.thing.get("automountServiceAccountToken") is False
        if asks and name == f"{system.said['name']}-tracing-pods" and workload.component.startswith("otel-"):
            continue
        if not unmounted or workload.pod.get("automountServiceAccountToken", False) is not False:
            yield workload.manifest.path, f"{workload.component} has the token of {name}"
    for each in system.manifests.of("RoleBinding", "ClusterRoleBinding"):
        if not asks or [who["name"] for who in each.thing["subjects"]] != [f"{system.said['name']}-tracing-pods"]:
            yield each.path, f"{each.kind} {each.name}: nothing that is run needs a right"
    for each in system.manifests.of("Role", "ClusterRole"):
        rights = {
            (what, verb) for rule in each.thing["rules"] for what in rule["resources"] for verb in rule["verbs"]
        }
        allowed = {(what, verb) for what in ("pods", "namespaces") for verb in ("get", "list", "watch")}
        if not asks or rights - allowed:
            yield each.path, f"{each.kind} {each.name}: nothing that is run needs a right"


def break_nobody_speaks_to_the_cluster(draft: Draft) -> None:
    pod_of(draft, "jaeger")["automountServiceAccountToken"] = True


def break_nobody_speaks_to_the_cluster__account(draft: Draft) -> None:
    del changed(draft, "ServiceAccount", "shop-tracing")["automountServiceAccountToken"]


def check_nothing_is_set_behind_the_back(system: System) -> Iterator[Finding]:
    """No variables of Services: one named `kafka` would set KAFKA_PORT, which its program takes for a setting."""
    for workload in system.manifests.platform:
        if workload.pod.get("enableServiceLinks") is not False and not workload.is_operated:
            yield workload.manifest.path, f"{workload.component} gets variables for every Service"


def break_nothing_is_set_behind_the_back(draft: Draft) -> None:
    del pod_of(draft, "jaeger")["enableServiceLinks"]


def check_images_are_pinned(system: System) -> Iterator[Finding]:
    """Each image has a tag or digest, and not the tag `latest`."""
    for workload in system.manifests.workloads:
        for container in workload.containers:
            if not is_pinned(container["image"]):
                yield workload.manifest.path, f"{container['image']} is whatever was pushed last"


def break_images_are_pinned(draft: Draft) -> None:
    container_of(draft, "jaeger")["image"] = "jaegertracing/jaeger"


def check_resources_are_the_models(system: System) -> Iterator[Finding]:
    """Requests and limits are said and are the system's; memory is asked for whole, and Go's limit is below it."""
    for workload in system.manifests.workloads:
        component = system.cluster.get(workload.component)
        if component is None or component.resources is None:
            continue
        for container in workload.pod["containers"]:
            said = container.get("resources", {})
            limits, requests = said.get("limits", {}), said.get("requests", {})
            missing = [key for key in ("cpu", "memory") if not limits.get(key) or not requests.get(key)]
            if missing:
                yield workload.manifest.path, f"{workload.component} says nothing of {missing}"
            elif limits["memory"] != requests["memory"]:
                yield workload.manifest.path, f"{workload.component} may use memory that it did not ask for"
            elif round(megabytes(limits["memory"]) * 2**20) != component.resources.memory:
                yield (
                    workload.manifest.path,
                    f"{workload.component} has {limits['memory']}, which is not the system's",
                )
            elif _go_limit(container) >= megabytes(limits["memory"]):
                yield workload.manifest.path, f"Go's limit of {workload.component} is not below {limits['memory']}"


def break_resources_are_the_models__absent(draft: Draft) -> None:
    del container_of(draft, "jaeger")["resources"]["limits"]["memory"]


def break_resources_are_the_models__more(draft: Draft) -> None:
    container_of(draft, "jaeger")["resources"]["limits"]["memory"] = "64Gi"


def break_resources_are_the_models__other(draft: Draft) -> None:
    resources = container_of(draft, "jaeger")["resources"]
    resources["limits"]["memory"] = resources["requests"]["memory"] = "64Gi"


def break_resources_are_the_models__go(draft: Draft) -> None:
    variables = container_of(draft, "otel-gateway")["env"]
    next(each for each in variables if each["name"] == "GOMEMLIMIT")["value"] = "64GiB"


def check_health_is_probed(system: System) -> Iterator[Finding]:
    """What keeps running is probed for start, readiness and life as the system says, and needs no program for it."""
    for workload in system.manifests.platform:
        component = system.cluster[workload.component]
        for probe in () if workload.is_job or component.health is None else _PROBES:
            said = workload.pod["containers"][0].get(probe, {})
            asked = said.get("httpGet", said.get("tcpSocket", {}))
            if asked.get("port") != component.health.port:
                yield workload.manifest.path, f"{probe} of {component.name} does not ask port {component.health.port}"
            if probe != "livenessProbe" and asked.get("path", "") != component.health.path:
                yield workload.manifest.path, f"{probe} of {component.name} asks {asked}"


def break_health_is_probed(draft: Draft) -> None:
    del container_of(draft, "jaeger")["startupProbe"]


def break_health_is_probed__path(draft: Draft) -> None:
    container_of(draft, "jaeger")["readinessProbe"]["httpGet"]["path"] = "/other"


def break_health_is_probed__command(draft: Draft) -> None:
    container_of(draft, "otel-gateway")["livenessProbe"] = {"exec": {"command": ["wget", "http://localhost:13133"]}}


def check_there_is_time_to_stop(system: System) -> Iterator[Finding]:
    """A pod has as long to stop as its component needs, what it waits before that with it."""
    for workload in system.manifests.platform:
        component = system.cluster[workload.component]
        lifecycle = workload.pod["containers"][0].get("lifecycle", {})
        before = lifecycle.get("preStop", {}).get("sleep", {}).get("seconds", 0)
        if not workload.is_job and workload.pod.get("terminationGracePeriodSeconds", 30) < component.grace + before:
            yield workload.manifest.path, f"{component.name} has no {component.grace} s after {before} s"


def break_there_is_time_to_stop(draft: Draft) -> None:
    pod_of(draft, "otel-gateway")["terminationGracePeriodSeconds"] = 1


def check_images_of_the_team_are_left_alone(system: System) -> Iterator[Finding]:
    """An image of which nothing is known gets nothing that could break it: no user, no read-only root."""
    for workload in system.manifests.workloads:
        if system.get("services", workload.component, "image"):
            container, user = workload.pod["containers"][0], workload.pod.get("securityContext", {})
            wrong = [key for key in ("securityContext", "livenessProbe", "startupProbe") if key in container]
            wrong += [key for key in ("runAsUser", "runAsNonRoot", "fsGroup") if key in user]
            if wrong:
                yield workload.manifest.path, f"{workload.component} is told {wrong}"


def break_images_of_the_team_are_left_alone(draft: Draft) -> None:
    container_of(draft, "web")["securityContext"] = {"readOnlyRootFilesystem": True}


def break_images_of_the_team_are_left_alone__user(draft: Draft) -> None:
    pod_of(draft, "web")["securityContext"] = {"runAsNonRoot": True}


def _too_free(container: Mapping[str, Any], component: str) -> Iterator[str]:
    said = container.get("securityContext", {})
    if said.get("allowPrivilegeEscalation") is not False or said.get("privileged"):
        yield f"{component} may gain privileges"
    if said.get("capabilities") != {"drop": ["ALL"]}:
        yield f"{component} has capabilities"
    if said.get("readOnlyRootFilesystem") is not True and component not in WRITABLE_ROOT:
        yield f"the root of {component} is not read-only"


def _go_limit(container: Mapping[str, Any]) -> float:
    found = [each["value"] for each in container.get("env", []) if each["name"] == "GOMEMLIMIT"]
    return megabytes(found[0]) if found else 0.0
