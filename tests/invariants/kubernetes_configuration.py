"""kubernetes/: what a component is told arrives in its container as the system has it."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from invariants import _operator
from invariants._manifests import (
    FOLDER,
    LIST,
    Manifests,
    Workload,
    add,
    changed,
    container_of,
    file_at,
    pod_of,
    running,
)
from invariants._system import Draft, Finding, System
from tracegen.parts.services import secret_path
from tracegen.system import Component, FileMount, Secret

_REFERENCE = re.compile(r"\$\$|\$\(([A-Za-z_][A-Za-z0-9_.-]*)\)")


def check_each_component_runs(system: System) -> Iterator[Finding]:
    """Each component is a workload with its image, as many replicas as meant, and nothing else is one."""
    if not system.manifests.all:
        return
    found = {each.component: each for each in system.manifests.workloads}
    helpers = {name for name in system.cluster if name not in found}
    yield from ((FOLDER, f"{name} does not run") for name in sorted(helpers - _of_compose_only(system)))
    yield from ((FOLDER, f"{name} is no component") for name in sorted(found.keys() - system.cluster.keys()))
    for component, workload in _running(system):
        container = workload.pod["containers"][0]
        if container["image"] != component.image:
            yield workload.manifest.path, f"runs {container['image']}, and {component.image} is meant"
        if workload.manifest.spec.get("replicas", component.replicas) != component.replicas:
            yield workload.manifest.path, f"has not the {component.replicas} replicas that are meant"


def break_each_component_runs(draft: Draft) -> None:
    draft[LIST]["resources"] = [each for each in draft[LIST]["resources"] if "jaeger" not in each]


def break_each_component_runs__image(draft: Draft) -> None:
    container_of(draft, "jaeger")["image"] = "other:1.0"


def break_each_component_runs__replicas(draft: Draft) -> None:
    changed(draft, *running(draft, "otel-gateway"))["spec"]["replicas"] = 1


def check_files_arrive(system: System) -> Iterator[Finding]:
    """Each rendered file that a component reads stands in its container, at its path and byte by byte."""
    for component, workload in _running(system):
        for mount in _mounted(component, workload):
            found = file_at(workload, workload.pod["containers"][0], mount.target)
            if found is None or found[0] != "ConfigMap":
                yield workload.manifest.path, f"nothing stands at {mount.target}"
            elif _content(system.manifests, found) != system.tree[mount.source]:
                yield workload.manifest.path, f"{mount.target} is not {mount.source}"


def break_files_arrive(draft: Draft) -> None:
    draft.texts[f"{FOLDER}/configuration/jaeger/config.yaml"] += "# changed\n"


def break_files_arrive__elsewhere(draft: Draft) -> None:
    mounts = container_of(draft, "jaeger")["volumeMounts"]
    next(each for each in mounts if each["mountPath"].endswith("config.yaml"))["mountPath"] = "/other.yaml"


def check_secret_files_arrive(system: System) -> Iterator[Finding]:
    """Each secret that is a file stands in its container, at its path, from its key."""
    for component, workload in _running(system):
        for mount in component.secret_files:
            found = file_at(workload, workload.pod["containers"][0], mount.target)
            if found != ("Secret", mount.secret.name, mount.secret.key):
                yield workload.manifest.path, f"{mount.target} is {found}, and {mount.secret} is meant"


def break_secret_files_arrive(draft: Draft) -> None:
    sources = next(each for each in pod_of(draft, "web")["volumes"] if "projected" in each)["projected"]["sources"]
    sources[0]["secret"]["items"][0]["key"] = "other"


def check_variables_arrive(system: System) -> Iterator[Finding]:
    """Each variable of a component is what the system says once Kubernetes put others in; secrets by reference."""
    for component, workload in _running(system):
        variables = _variables(system.manifests, workload)
        for name, value in component.environment.items():
            wanted = "".join(_shown(part) for part in value)
            if variables.get(name) != wanted:
                yield workload.manifest.path, f"{name} is {variables.get(name)!r}, and {wanted!r} is meant"


def break_variables_arrive__secret(draft: Draft) -> None:
    reference = next(each for each in container_of(draft, "api")["env"] if each["name"] == "TOKEN")
    reference["valueFrom"]["secretKeyRef"]["name"] = "other"


def break_variables_arrive__expanded(draft: Draft) -> None:
    variables = container_of(draft, "api")["env"]
    price = next(each for each in variables if each["name"] == "PRICE")
    price["value"] = "$(TOKEN)"


#: What a cluster adds to the resource attributes of a service, by the field of the pod that it is.
_OF_POD = {
    "k8s.namespace.name": "metadata.namespace",
    "k8s.node.name": "spec.nodeName",
    "k8s.pod.name": "metadata.name",
    "k8s.pod.uid": "metadata.uid",
}


def check_environment_files_arrive(system: System) -> Iterator[Finding]:
    """A service has every variable of its environment file, but those that its `env` says otherwise.

    Behind its resource attributes stand those of its pod.
    """
    for component, workload in _running(system):
        lines = system.tree.get(component.environment_file, "").splitlines()
        said = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
        variables = _variables(system.manifests, workload)
        if "OTEL_RESOURCE_ATTRIBUTES" in said:
            fields = (
                f"{key}=<{ {'fieldRef': {'apiVersion': 'v1', 'fieldPath': each}} }>" for key, each in _OF_POD.items()
            )
            said["OTEL_RESOURCE_ATTRIBUTES"] = ",".join([said["OTEL_RESOURCE_ATTRIBUTES"], *fields])
        for name, value in said.items():
            if name not in component.environment and variables.get(name) != value:
                yield workload.manifest.path, f"{name} is {variables.get(name)!r}, and {value!r} is meant"


def break_environment_files_arrive(draft: Draft) -> None:
    del container_of(draft, "web")["envFrom"]


def break_environment_files_arrive__pod(draft: Draft) -> None:
    variables = container_of(draft, "web")["env"]
    field = next(each for each in variables if each["name"] == "K8S_POD_NAME")["valueFrom"]["fieldRef"]
    field["fieldPath"] = "metadata.uid"


def check_commands_arrive(system: System) -> Iterator[Finding]:
    """A container starts with the words of the component, once Kubernetes put the variables in."""
    for component, workload in _running(system):
        if workload.is_operated:
            continue
        container = workload.pod["containers"][0]
        variables = _variables(system.manifests, workload)
        for key, wanted in (("command", component.entrypoint), ("args", component.args)):
            found = tuple(_expanded(each, variables) for each in container.get(key, []))
            if found != wanted:
                yield workload.manifest.path, f"{key} is {found}, and {wanted} is meant"


def break_commands_arrive(draft: Draft) -> None:
    container_of(draft, "jaeger")["args"] = ["--config=/other.yaml"]


def break_commands_arrive__expanded(draft: Draft) -> None:
    container_of(draft, "jaeger")["args"].append("$$(HOME)")


def check_resources_have_the_configuration(system: System) -> Iterator[Finding]:
    """A resource of the OpenTelemetry Operator has the structure of its collector's file."""
    for resource in system.manifests.of(_operator.KIND):
        files = [mount.source for mount in system.components[resource.name].files]
        if resource.spec["config"] not in [system.data(path) for path in files if path.startswith("collector/")]:
            yield resource.path, f"its configuration is not that of {files}"


def break_resources_have_the_configuration(draft: Draft) -> None:
    named = {"name": "otel-gateway"}
    thing = {"apiVersion": "opentelemetry.io/v1beta1", "kind": _operator.KIND, "metadata": named}
    add(draft, "collector", {**thing, "spec": {"mode": "deployment", "config": {"receivers": {}}}})


def _mounted(component: Component, workload: Workload) -> list[FileMount]:
    """All files but the configuration that a resource of the Operator has in itself."""
    return [each for each in component.files if not (workload.is_operated and each.source.startswith("collector/"))]


def _running(system: System) -> Iterator[tuple[Component, Workload]]:
    for workload in system.manifests.workloads:
        if workload.component in system.cluster:
            yield system.cluster[workload.component], workload


def _of_compose_only(system: System) -> set[str]:
    """Jobs that hand volumes to their users: the kubelet does that, by `fsGroup`."""
    return {name for name, each in system.cluster.items() if each.job and each.user == 0}


def _content(manifests: Manifests, found: tuple[str, str, str]) -> str | None:
    kind, name, key = found
    manifest = manifests.one(kind, name)
    return manifest.thing["data"].get(key) if manifest else None


def _variables(manifests: Manifests, workload: Workload) -> dict[str, str]:
    """The variables of the first container; a secret stands there as <name/key>."""
    container = workload.pod["containers"][0]
    found: dict[str, str] = {}
    for each in container.get("envFrom", []):
        manifest = manifests.one("ConfigMap", each.get("configMapRef", {}).get("name", ""))
        found |= manifest.thing["data"] if manifest else {}
    for each in container.get("env", []):
        found[each["name"]] = _value(each, found)
    return found


def _value(variable: Mapping[str, Any], before: Mapping[str, str]) -> str:
    if "value" in variable:
        return _expanded(variable["value"], before)
    reference = variable.get("valueFrom", {})
    if "secretKeyRef" in reference:
        return f"<{reference['secretKeyRef']['name']}/{reference['secretKeyRef']['key']}>"
    return f"<{reference}>"


def _expanded(text: str, variables: Mapping[str, str]) -> str:
    """As the kubelet does it: `$(NAME)` of what is there is put in, `$$` is one dollar, all else stays.

    https://pkg.go.dev/k8s.io/kubernetes/third_party/forked/golang/expansion
    """
    return _REFERENCE.sub(lambda match: "$" if match[0] == "$$" else variables.get(match[1], match[0]), text)


def _shown(part: str | Secret) -> str:
    if isinstance(part, str):
        return part
    return secret_path(part) if part.file else f"<{part.name}/{part.key}>"
