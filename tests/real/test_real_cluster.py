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
        found = self.node.items("pods", NAMESPACE)
        return [each for each in found if "app.kubernetes.io/name" in each["metadata"]["labels"]]

    def traces(self, service: str) -> list[Any]:
        """What Jaeger has of a service, asked from the node as a port-forward does."""
        jaeger = next(each for each in self.pods if each["metadata"]["labels"]["app.kubernetes.io/name"] == "jaeger")
        url = f"http://{jaeger['status']['podIP']}:{UI}/api/traces?service={service}&limit=20"
        return list(json.loads(self.node.within(lambda: fetch(url).body))["data"])


@pytest.fixture(scope="module")
def running(
    kubernetes_node: Node, jaeger: Path, collector: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Running]:
    """The smallest system of two services, applied as it is rendered, and ready."""
    folder = tmp_path_factory.mktemp("cluster")
    (folder / "spec").mkdir()
    rendered = compiled(folder / "spec", SPEC)
    for path, content in rendered.tree.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
    images(kubernetes_node, rendered, folder, {"jaeger": jaeger, "collector": collector})
    for each in (NAMESPACE, ELSEWHERE):
        kubernetes_node.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": each}})
    kubernetes_node.kubectl("apply", "-k", folder / "kubernetes")
    for each in (NAMESPACE, ELSEWHERE):
        kubernetes_node.apply(stranger(each))
    found = Running(rendered, kubernetes_node)
    kubernetes_node.wait(lambda: all_ready(kubernetes_node))
    yield found
    for each in (NAMESPACE, ELSEWHERE):
        kubernetes_node.kubectl("delete", "namespace", each, "--wait=false")


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


def all_ready(node: Node) -> bool:
    """Whether every pod of both namespaces is ready."""
    pods = [each for namespace in (NAMESPACE, ELSEWHERE) for each in node.items("pods", namespace)]
    conditions = [{each["type"]: each["status"] for each in pod["status"].get("conditions", [])} for pod in pods]
    return len(pods) >= 6 and all(each.get("Ready") == "True" for each in conditions)


def reaches(running: Running, namespace: str, address: str) -> bool:
    """Whether the stranger of a namespace gets a connection."""
    command = ["exec", "--namespace", namespace, "stranger", "--", "/pod", "connect", address]
    done = running.node.tried(*command)
    assert done.returncode == 0 or "command terminated" in done.stderr, done.stderr
    return done.returncode == 0


def test_a_span_of_each_service_is_read_back(running: Running) -> None:
    """In one trace, with the pod and the node that made it."""
    pods = {each["metadata"]["name"]: each for each in running.pods}

    def whole() -> Any:
        traces = running.traces("frontend")
        return next((each for each in traces if {"frontend", "checkout"} <= services_of(each)), None)

    for process in running.node.wait(whole)["processes"].values():
        tags = {each["key"]: each["value"] for each in process["tags"]}
        pod = pods[tags["k8s.pod.name"]]
        assert pod["metadata"]["labels"]["app.kubernetes.io/name"] == process["serviceName"]
        assert pod["metadata"]["uid"] == tags["k8s.pod.uid"]
        assert (tags["k8s.node.name"], tags["k8s.namespace.name"]) == ("node", NAMESPACE)
        assert tags["service.namespace"] == NAMESPACE


def services_of(trace: Any) -> set[str]:
    return {each["serviceName"] for each in trace["processes"].values()}


@pytest.mark.parametrize("namespace", [NAMESPACE, ELSEWHERE])
def test_a_stranger_reaches_services_and_nothing_of_tracing(namespace: str, running: Running) -> None:
    assert reaches(running, namespace, f"checkout.{NAMESPACE}.svc.cluster.local:8080")
    for host, port in (("jaeger", UI), ("jaeger", 4317), ("otel-gateway", 4317), ("otel-gateway", 8888)):
        assert not reaches(running, namespace, f"{host}.{NAMESPACE}.svc.cluster.local:{port}"), (host, port)


def test_nothing_restarts(running: Running) -> None:
    counts = {
        each["metadata"]["name"]: container["restartCount"]
        for each in running.pods
        for container in each["status"]["containerStatuses"]
    }
    assert len(counts) >= 4
    assert not any(counts.values()), counts
