"""Rendered trees on a real Kubernetes of one node: they run as they are, and their policies are enforced."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from programs.running import fetch
from programs.servers.node import POD_IMAGE, Node
from programs.stubs import build
from support import compiled
from tracegen.compiler import Rendered

NAMESPACE, ELSEWHERE = "shop", "elsewhere"
UI = 16686
SPEC = {
    "tracegen": 1,
    "name": NAMESPACE,
    "targets": ["kubernetes"],
    "backend": {"type": "jaeger"},
    "kubernetes": {"network_policies": "strict"},
    "services": {
        "frontend": {"language": "go", "calls": ["checkout"], "traffic": {"requests_per_second": 2}},
        "checkout": {"language": "go"},
    },
}
#: As `restricted` wants it.
_HARMLESS = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}


@dataclass(frozen=True)
class Running:
    """What was rendered, and where it runs."""

    rendered: Rendered
    node: Node

    @property
    def pods(self) -> list[Any]:
        """Those of the namespace that are there to stay, strangers left out."""
        found = self.node.items("pods", self.rendered.system.kubernetes.namespace)
        return [each for each in found if "app.kubernetes.io/name" in each["metadata"]["labels"]]

    def traces(self, service: str) -> list[Any]:
        """What Jaeger has of a service, asked from the node as a port-forward does."""
        jaeger = next(each for each in self.pods if name_of(each) == "jaeger")
        url = f"http://{jaeger['status']['podIP']}:{UI}/api/traces?service={service}&limit=20"
        return list(json.loads(self.node.within(lambda: fetch(url).body))["data"])


@pytest.fixture(scope="module")
def running(
    kubernetes_node: Node, jaeger: Path, collector: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Running]:
    """The smallest system of two services, applied as it is rendered, and ready."""
    programs = {"jaeger": jaeger, "collector": collector}
    found = applied(kubernetes_node, SPEC, tmp_path_factory.mktemp("cluster"), programs)
    kubernetes_node.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": ELSEWHERE}})
    kubernetes_node.apply(*(stranger(each) for each in (NAMESPACE, ELSEWHERE)))
    kubernetes_node.wait(lambda: all(is_ready(kubernetes_node, each) for each in (NAMESPACE, ELSEWHERE)))
    yield found
    for each in (NAMESPACE, ELSEWHERE):
        kubernetes_node.kubectl("delete", "namespace", each, "--wait=false")


def applied(node: Node, spec: Mapping[str, Any], folder: Path, programs: Mapping[str, Path]) -> Running:
    """The tree of a spec, as it is rendered, and the images that its pods want."""
    (folder / "spec").mkdir()
    rendered = compiled(folder / "spec", spec)
    for path, content in rendered.tree.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
    images(node, rendered, folder, programs)
    node.kubectl("apply", "-k", folder / "kubernetes")
    return Running(rendered, node)


def images(node: Node, rendered: Rendered, folder: Path, programs: Mapping[str, Path]) -> None:
    """The pinned names, of the programs that the tests build, and the example services as their Dockerfiles say."""
    pinned = rendered.system.images
    node.load(pinned["jaeger"].reference, {"/jaeger": programs["jaeger"]}, ["/jaeger"], "10001")
    node.load(
        pinned["collector"].reference,
        {"/otelcol-contrib": programs["collector"]},
        ["/otelcol-contrib"],
        "10001:10001",
    )
    for name, service in rendered.system.services.items():
        program = build(rendered, name, folder / f"built-{name}").command[0]
        node.load(service.image, {"/service": Path(program)}, ["/service"], "65532:65532")


def stranger(namespace: str) -> Any:
    """A pod that nobody knows."""
    context = {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}
    container = {"name": "stranger", "image": POD_IMAGE, "imagePullPolicy": "Never", "securityContext": _HARMLESS}
    metadata = {"name": "stranger", "namespace": namespace, "labels": {"is": "stranger"}}
    spec = {"containers": [container], "securityContext": context, "terminationGracePeriodSeconds": 1}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}


def is_ready(node: Node, namespace: str) -> bool:
    """Whether every pod of a namespace is ready, and every workload has the pods that it wants."""
    pods = [each["status"].get("conditions", []) for each in node.items("pods", namespace)]
    ready = [any(each["type"] == "Ready" and each["status"] == "True" for each in one) for one in pods]
    workloads = [each["status"] for each in node.items("deployments,statefulsets,daemonsets", namespace)]
    is_there = [
        each.get("readyReplicas", each.get("numberReady", 0)) >= max(1, each.get("desiredNumberScheduled", 1))
        for each in workloads
    ]
    return bool(pods) and all(ready) and all(is_there)


def whole_trace(running: Running) -> Any:
    """A trace that passed both services, or None."""
    traces = running.traces("frontend")
    return next((each for each in traces if {"frontend", "checkout"} <= services_of(each)), None)


def check_edges(running: Running, namespaces: tuple[str, ...] = ()) -> int:
    """Each pod reaches what it is told of and nothing else; a stranger in these namespaces reaches nothing."""
    components = running.rendered.system.cluster.components
    ports = {
        f"{pod['status']['podIP']}:{port['containerPort']}": (name_of(pod), port["containerPort"])
        for pod in running.pods
        for port in pod["spec"]["containers"][0]["ports"]
        if port["protocol"] == "TCP"
    }
    for pod in running.pods:
        told = {(call.host, call.port) for call in components[name_of(pod)].calls}
        own = {each for each in ports.values() if each[0] == name_of(pod)} - told
        found = {ports[each] for each in running.node.reached(pod, list(ports))}
        assert found - own == told & set(ports.values()), name_of(pod)
    for namespace in namespaces:
        (unknown,) = (each for each in running.node.items("pods", namespace) if "is" in each["metadata"]["labels"])
        assert not running.node.reached(unknown, list(ports)), namespace
    return len(ports) * (len(running.pods) + len(namespaces))


def restarts(running: Running) -> dict[str, int]:
    """How often the container of each pod was started again."""
    return {
        each["metadata"]["name"]: container["restartCount"]
        for each in running.pods
        for container in each["status"]["containerStatuses"]
    }


def test_a_span_of_each_service_is_read_back(running: Running) -> None:
    """In one trace, with the pod and the node that made it."""
    pods = {each["metadata"]["name"]: each for each in running.pods}

    for process in running.node.wait(lambda: whole_trace(running))["processes"].values():
        tags = {each["key"]: each["value"] for each in process["tags"]}
        pod = pods[tags["k8s.pod.name"]]
        assert name_of(pod) == process["serviceName"]
        assert pod["metadata"]["uid"] == tags["k8s.pod.uid"]
        assert (tags["k8s.node.name"], tags["k8s.namespace.name"]) == ("node", NAMESPACE)
        assert tags["service.namespace"] == NAMESPACE


def services_of(trace: Any) -> set[str]:
    return {each["serviceName"] for each in trace["processes"].values()}


def test_each_declared_edge_works_and_no_other(running: Running) -> None:
    """From each pod, and from a stranger's in this namespace and in another, to each port of each pod."""
    assert check_edges(running, (NAMESPACE, ELSEWHERE)) > 50


def name_of(pod: Any) -> str:
    return str(pod["metadata"]["labels"]["app.kubernetes.io/name"])


def test_nothing_restarts(running: Running) -> None:
    counts = restarts(running)
    assert len(counts) >= 4
    assert not any(counts.values()), counts
