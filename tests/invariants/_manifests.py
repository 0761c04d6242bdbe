"""kubernetes/ as `kubectl kustomize` puts it together but for hashes in names: real/test_real_kubernetes.py."""

from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from functools import cached_property
from posixpath import basename, normpath
from typing import Any

from invariants import _operator

FOLDER = "kubernetes"
LIST = f"{FOLDER}/kustomization.yaml"
RUNNING = ("Deployment", "StatefulSet", "DaemonSet")
JOBS = ("Job", "CronJob")
#: Kinds that lie in no namespace.
CLUSTER_WIDE = ("Namespace", "ClusterRole", "ClusterRoleBinding", "PriorityClass")
PART = "app.kubernetes.io/component"


@dataclass(frozen=True)
class Manifest:
    """An object and the file that it comes from."""

    path: str
    thing: Mapping[str, Any]

    @property
    def kind(self) -> str:
        """Its kind."""
        return str(self.thing["kind"])

    @property
    def name(self) -> str:
        """Its name."""
        return str(self.thing["metadata"]["name"])

    @property
    def spec(self) -> dict[str, Any]:
        """Its specification; empty where it has none."""
        found: dict[str, Any] = self.thing.get("spec", {})
        return found

    @property
    def labels(self) -> dict[str, str]:
        """Its labels."""
        found: dict[str, str] = self.thing["metadata"].get("labels", {})
        return found


@dataclass(frozen=True)
class Workload:
    """An object that makes pods, and the template of them."""

    manifest: Manifest

    @cached_property
    def template(self) -> dict[str, Any]:
        """`spec.template`, a cron job's at its place."""
        spec = self.manifest.spec
        found: dict[str, Any] = spec.get("jobTemplate", {}).get("spec", spec)["template"]
        return found

    @property
    def component(self) -> str:
        """The component that it runs; jobs have a hash behind that name."""
        return str(self.labels.get("app.kubernetes.io/name", ""))

    @property
    def labels(self) -> dict[str, str]:
        """The labels of its pods."""
        found: dict[str, str] = self.template["metadata"].get("labels", {})
        return found

    @property
    def pod(self) -> dict[str, Any]:
        """The specification of its pods."""
        found: dict[str, Any] = self.template["spec"]
        return found

    @property
    def containers(self) -> list[dict[str, Any]]:
        """All containers, those that run first with them."""
        return [*self.pod.get("initContainers", []), *self.pod["containers"]]

    @property
    def is_platform(self) -> bool:
        """Whether tracegen runs it; else it is the team's."""
        return self.labels.get(PART) in ("tracing", _operator.COMPONENT)

    @property
    def is_operated(self) -> bool:
        """Whether the OpenTelemetry Operator makes it, of a resource."""
        return self.labels.get(PART) == _operator.COMPONENT

    @property
    def is_job(self) -> bool:
        """Whether it ends by itself."""
        return self.manifest.kind in JOBS

    @property
    def claims(self) -> list[str]:
        """The volumes that a StatefulSet claims for each replica."""
        return [each["metadata"]["name"] for each in self.manifest.spec.get("volumeClaimTemplates", [])]


@dataclass(frozen=True)
class Manifests:
    """Everything that an apply of kubernetes/ brings to the cluster."""

    all: tuple[Manifest, ...]

    def of(self, *kinds: str) -> list[Manifest]:
        """The objects of these kinds."""
        return [each for each in self.all if each.kind in kinds]

    def one(self, kind: str, name: str) -> Manifest | None:
        """An object, or None."""
        return next((each for each in self.of(kind) if each.name == name), None)

    @cached_property
    def workloads(self) -> list[Workload]:
        """Everything that makes pods, and what the OpenTelemetry Operator will make that does."""
        made = [Manifest(each.path, _operator.workload(each.thing)) for each in self.of(_operator.KIND)]
        return [Workload(each) for each in (*self.of(*RUNNING, *JOBS), *made)]

    @cached_property
    def platform(self) -> list[Workload]:
        """What tracegen runs."""
        return [each for each in self.workloads if each.is_platform]

    def selected(self, selector: Mapping[str, Any]) -> list[Workload]:
        """The workloads whose pods a label selector means; an empty one means all."""
        return [each for each in self.workloads if is_selected(each.labels, selector)]

    def serving(self, service: Manifest) -> list[Workload]:
        """The workloads behind a Service."""
        return self.selected({"matchLabels": service.spec["selector"]}) if service.spec.get("selector") else []


def manifests(tree: Mapping[str, str], data: Any) -> Manifests:
    """The objects of a tree; `data` reads a file. None where there is no kubernetes/."""
    if LIST not in tree:
        return Manifests(())
    said = data(LIST)
    listed = [normpath(f"{FOLDER}/{each}") for each in said.get("resources", [])]
    found = [Manifest(path, data(path)) for path in listed if path in tree]
    found += [Manifest(LIST, each) for each in _generated(said, tree)]
    return Manifests(tuple(_in_namespace(each, said.get("namespace")) for each in found))


def _in_namespace(manifest: Manifest, namespace: str | None) -> Manifest:
    if namespace is None or manifest.kind in CLUSTER_WIDE:
        return manifest
    metadata = {**manifest.thing["metadata"], "namespace": namespace}
    return Manifest(manifest.path, {**manifest.thing, "metadata": metadata})


def _generated(said: Mapping[str, Any], tree: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    labels = said.get("generatorOptions", {}).get("labels", {})
    for each in said.get("configMapGenerator", []):
        metadata = {"name": each["name"], **({"labels": labels} if labels else {})}
        yield {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": dict(_content(each, tree))}


def _content(generator: Mapping[str, Any], tree: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for file in generator.get("files", []):
        key, _, path = file.rpartition("=")
        yield key or basename(path), tree.get(f"{FOLDER}/{path}", "")
    for path in generator.get("envs", []):
        lines = (line.strip() for line in tree.get(f"{FOLDER}/{path}", "").splitlines())
        yield from ((line.partition("=")[0], line.partition("=")[2]) for line in lines if line and line[0] != "#")


def is_selected(labels: Mapping[str, str], selector: Mapping[str, Any]) -> bool:
    """Whether a label selector means these labels."""
    equal = all(labels.get(key) == value for key, value in selector.get("matchLabels", {}).items())
    return equal and all(_fits(labels, each) for each in selector.get("matchExpressions", []))


def _fits(labels: Mapping[str, str], expression: Mapping[str, Any]) -> bool:
    key, values = expression["key"], expression.get("values", [])
    return {
        "In": labels.get(key) in values,
        "NotIn": labels.get(key) not in values,
        "Exists": key in labels,
        "DoesNotExist": key not in labels,
    }[expression["operator"]]


def volumes(workload: Workload) -> dict[str, dict[str, Any]]:
    """The volumes of a pod by name, claimed ones too."""
    found = {each["name"]: each for each in workload.pod.get("volumes", [])}
    return found | {name: {"name": name, "claim": {}} for name in workload.claims}


def sources(volume: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any]]]:
    """What a volume is made of, as (kind, source): several where it is projected, none where it begins empty."""
    parts = volume.get("projected", {}).get("sources", [volume])
    kinds = {"configMap": "ConfigMap", "secret": "Secret"}
    return [(kind, part[key]) for part in parts for key, kind in kinds.items() if key in part]


def source_name(source: Mapping[str, Any]) -> str:
    """The object that a source of a volume, or a reference of a variable, names."""
    return str(source.get("name") or source.get("secretName"))


def secrets_of(workload: Workload) -> Iterator[tuple[str, str]]:
    """Each Secret that its pods refer to, with the key; no key where all are meant."""
    for container in workload.containers:
        for variable in container.get("env", []):
            reference = variable.get("valueFrom", {}).get("secretKeyRef")
            if reference:
                yield reference["name"], reference["key"]
        yield from ((each["secretRef"]["name"], "") for each in container.get("envFrom", []) if "secretRef" in each)
    for volume in volumes(workload).values():
        for kind, source in sources(volume):
            if kind == "Secret":
                yield from ((source_name(source), each["key"]) for each in source.get("items", [{"key": ""}]))
    yield from ((each["name"], "") for each in workload.pod.get("imagePullSecrets", []))


def file_at(workload: Workload, container: Mapping[str, Any], target: str) -> tuple[str, str, str] | None:
    """What stands at a path of a container, as (kind, object, key); None when nothing of the kind does."""
    named = volumes(workload)
    for mount in container.get("volumeMounts", []):
        at, inner = mount["mountPath"].rstrip("/"), mount.get("subPath", "")
        if target == at and inner:
            wanted = inner
        elif target.startswith(f"{at}/") and not inner:
            wanted = target.removeprefix(f"{at}/")
        else:
            continue
        for kind, source in sources(named.get(mount["name"], {})):
            items = source.get("items")
            key = next((each["key"] for each in items if each["path"] == wanted), "") if items else wanted
            if key:
                return kind, source_name(source), key
    return None


def changed(draft: Any, kind: str, name: str) -> dict[str, Any]:
    """An object of a draft, to be damaged."""
    found = draft.good.manifests.one(kind, name)
    assert found, f"no {kind} {name}: {[(each.kind, each.name) for each in draft.good.manifests.all]}"
    if found.path == LIST:
        maps = draft[LIST]["configMapGenerator"]
        return dict(next(each for each in maps if each["name"] == name))
    thing: dict[str, Any] = draft[found.path]
    return thing


def pod_of(draft: Any, component: str) -> dict[str, Any]:
    """The pods' specification of a component, to be damaged."""
    spec: dict[str, Any] = changed(draft, *running(draft, component))["spec"]["template"]["spec"]
    return spec


def running(draft: Any, component: str) -> tuple[str, str]:
    """Kind and name of what runs a component."""
    found = [each.manifest for each in draft.good.manifests.workloads if each.component == component]
    assert len(found) == 1, f"{component}: {found}"
    return found[0].kind, found[0].name


def container_of(draft: Any, component: str) -> dict[str, Any]:
    """The container of a component, to be damaged."""
    found: dict[str, Any] = pod_of(draft, component)["containers"][0]
    return found


def add(draft: Any, name: str, thing: Mapping[str, Any]) -> None:
    """Put one more object into a draft."""
    draft[LIST]["resources"].append(f"{name}.yaml")
    draft.put(f"{FOLDER}/{name}.yaml", deepcopy(thing))
