"""Rendered systems at a real API server: kubernetes/ as kustomize puts it together, and pods of its templates."""

import subprocess
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from copy import deepcopy
from pathlib import Path
from typing import Any

import yaml

from invariants import System
from invariants._manifests import FOLDER, LIST, Workload
from programs.servers.kubernetes import KubernetesServer, Refused, Taken

SECONDS = 60
AT_ONCE = 4
ENFORCE = "pod-security.kubernetes.io/enforce"
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

Object = Mapping[str, Any]


def kustomized(kubectl: Path, folder: Path) -> list[dict[str, Any]]:
    """What `kubectl kustomize` makes of a folder; fails with its words."""
    done = subprocess.run([kubectl, "kustomize", folder], capture_output=True, text=True, timeout=SECONDS)
    assert done.returncode == 0, done.stderr
    assert not done.stderr, done.stderr
    return list(yaml.load_all(done.stdout, _LOADER))


def written(tree: Mapping[str, str], folder: Path) -> Path:
    """kubernetes/ of a tree, written into a folder, and nothing else: kustomize may not look outside."""
    for path, text in tree.items():
        if path.startswith(f"{FOLDER}/"):
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text, encoding="utf-8")
    return folder / FOLDER


def pod(workload: Workload, namespace: str) -> dict[str, Any]:
    """A pod as the workload's controller makes it: a StatefulSet's with its claims."""
    spec = deepcopy(workload.pod)
    claims = [{"name": name, "persistentVolumeClaim": {"claimName": f"{name}-0"}} for name in workload.claims]
    spec["volumes"] = [*spec.get("volumes", []), *claims]
    metadata = {**workload.template.get("metadata", {}), "name": workload.manifest.name, "namespace": namespace}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}


def prepared(server: KubernetesServer, system: System) -> None:
    """The namespace as it is rendered, else without labels, and the accounts: whatever else is tried needs them."""
    namespace = str(system.data(LIST)["namespace"])
    server.namespace(namespace, next((each.labels for each in system.manifests.of("Namespace")), {}))
    accounts(server, system, namespace)
    for name in {
        each.pod["priorityClassName"] for each in system.manifests.workloads if each.pod.get("priorityClassName")
    }:
        server.apply(_priority_class(name), dry_run=False)


def _priority_class(name: str) -> dict[str, Any]:
    """A class as the team's cluster has it: the spec only names one."""
    return {"apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass", "metadata": {"name": name}, "value": 1000}


def accounts(server: KubernetesServer, system: System, namespace: str) -> None:
    """The service accounts of a system, in a namespace."""
    for each in system.manifests.of("ServiceAccount"):
        metadata = {**each.thing["metadata"], "namespace": namespace}
        server.apply({**each.thing, "metadata": metadata}, dry_run=False)


class Judge:
    """Tries objects at the server, each once, several at a time, and keeps what it said against them."""

    def __init__(self, server: KubernetesServer) -> None:
        self._server = server
        self._tried: set[str] = set()
        self._waiting: list[tuple[Any, Object, str]] = []
        self.findings: list[str] = []

    def apply(self, thing: Object, context: str, allowed: str = "") -> None:
        """A server-side apply; a warning is a finding, unless it contains what is allowed."""
        self._add(self._server.apply, thing, context, allowed)

    def create(self, thing: Object, context: str, allowed: str = "") -> None:
        """A creation, as a controller does it."""
        self._add(self._server.create, thing, context, allowed)

    def settle(self) -> None:
        """Try what was added since the last time; what the next objects need may change after that."""
        with ThreadPoolExecutor(AT_ONCE) as pool:
            self.findings += [each for found in pool.map(_tried, self._waiting) for each in found]
        self._waiting.clear()

    def _add(self, how: Any, thing: Object, context: str, allowed: str) -> None:
        """The same object is judged again where something else decides, such as the labels of its namespace."""
        key = f"{how.__name__} {context} {thing!r}"
        if key not in self._tried:
            self._tried.add(key)
            self._waiting.append((how, thing, allowed))

    def __len__(self) -> int:
        return len(self._tried)


def _tried(what: tuple[Any, Object, str]) -> list[str]:
    how, thing, allowed = what
    where = f"{thing['kind']} {thing['metadata']['name']}"
    try:
        taken: Taken = how(thing)
    except Refused as refused:
        return [f"{where}: {refused}"]
    return [f"{where}: {each}" for each in taken.warnings if not allowed or allowed not in each]


def unhashed(things: list[dict[str, Any]], generated: set[str]) -> Iterator[dict[str, Any]]:
    """The objects with the names of generated ConfigMaps as they were, wherever they stand."""
    hashed = {each["metadata"]["name"] for each in things if each["kind"] == "ConfigMap"}
    names = {name: name.rpartition("-")[0] for name in hashed if name.rpartition("-")[0] in generated}
    wrong = {name for each in things for name in _maps(each)} - hashed
    assert not wrong, f"not renamed where they are referred to: {sorted(wrong)}"
    yield from (_renamed(each, names) for each in things)


def _maps(value: Any) -> Iterator[str]:
    """Every ConfigMap that is referred to: kustomize knows the places of Kubernetes' own kinds only."""
    if isinstance(value, dict):
        for key, each in value.items():
            if key in ("configMap", "configMapRef", "configMapKeyRef") and "name" in each:
                yield each["name"]
            yield from _maps(each)
    elif isinstance(value, list):
        for each in value:
            yield from _maps(each)


def _renamed(value: Any, names: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        return {key: _renamed(each, names) for key, each in value.items()}
    if isinstance(value, list):
        return [_renamed(each, names) for each in value]
    return names.get(value, value) if isinstance(value, str) else value
