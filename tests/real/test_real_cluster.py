"""Rendered trees on a real Kubernetes of one node: they run as they are, and their policies are enforced."""

import json
import re
import shlex
import ssl
import subprocess
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from patches import merged
from programs.debian import debian_root
from programs.running import fetch
from programs.servers.node import POD_IMAGE, Node
from programs.stubs import build
from support import compiled, development_certificates
from tracegen.compiler import Rendered

NAMESPACE, ELSEWHERE, TEAM = "shop", "elsewhere", "team"
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
#: Services that a team runs itself, each in another way, and tracing of which it wants nothing but spans.
TEAMS = {
    "name": "town",
    "backend": {"type": "jaeger", "storage": "memory"},
    "collector": {"queue": "memory"},
    "services": {
        "frontend": None,
        "checkout": {"calls": ["ledger"]},
        "ledger": {"language": "go", "deploy": False},
        "orders": {"language": "go", "deploy": False, "workload": {"name": "prod-orders", "container": "app"}},
        "nightly": {"language": "go", "deploy": False, "workload": {"kind": "CronJob", "name": "nightly"}},
    },
}
#: What a component may add to an object, a line of `kubectl diff` each.
_TRACING = re.compile(
    r"[-+] +(metadata:( \{\})?|annotations:|checksum/\w+-otel: \w+|envFrom:|- configMapRef:|name: \w+-otel)"
)
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

    def traces(self, service: str, limit: int = 20) -> list[Any]:
        """What Jaeger has of a service, asked from the node as a port-forward does."""
        path = f"api/traces?service={service}&limit={limit}"
        return list(json.loads(self.node.within(lambda: self.asked("jaeger", UI, path)))["data"])

    def asked(self, component: str, port: int, path: str) -> bytes:
        """What a pod answers, over TLS where it speaks that; to be called within the node."""
        address = next(each for each in self.pods if name_of(each) == component)["status"]["podIP"]
        if self.rendered.system.certificates is None:
            return fetch(f"http://{address}:{port}/{path}").body
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        with urllib.request.urlopen(f"https://{address}:{port}/{path}", context=context, timeout=10) as answer:
            return bytes(answer.read())


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
    """The tree of a spec, as it is rendered, with the Secrets that its README names and the images that it wants."""
    (folder / "spec").mkdir()
    rendered = compiled(folder / "spec", spec)
    written(rendered, folder)
    images(node, rendered, folder, programs)
    if rendered.system.certificates:
        names = [
            f"{each}{more}" for each in rendered.system.cluster.components for more in ("", f".{_full(rendered)}")
        ]
        (folder / "certs").mkdir()
        development_certificates(folder / "certs", *names)
    node.kubectl("apply", "-f", folder / "kubernetes" / "namespace.yaml")
    for command in _secrets((folder / "kubernetes" / "README.md").read_text(encoding="utf-8")):
        node.kubectl(*(re.sub(r"^(--from-file=[^=]+=)", rf"\g<1>{folder}/", word) for word in command))
    node.kubectl("apply", "-k", folder / "kubernetes")
    return Running(rendered, node)


def written(rendered: Rendered, folder: Path) -> None:
    """All files of a tree."""
    for path, content in rendered.tree.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)


def _full(rendered: Rendered) -> str:
    return f"{rendered.system.kubernetes.namespace}.svc"


def _secrets(readme: str) -> list[list[str]]:
    """The commands of the README that make Secrets, as the words after `kubectl`."""
    found = re.findall(r"^kubectl (create secret generic (?:.*\\\n)*.*)$", readme, re.MULTILINE)
    return [shlex.split(each.replace("\\\n", " ")) for each in found]


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
    if "prometheus" in rendered.system.cluster.components:
        prometheus_image(node, rendered)
    for name, service in rendered.system.services.items():
        if not service.deploy:
            continue
        program = build(rendered, name, folder / f"built-{name}").command[0]
        node.load(service.image, {"/service": Path(program)}, ["/service"], "65532:65532")


def prometheus_image(node: Node, rendered: Rendered) -> None:
    """Debian's program under the pinned name, with the libraries that it is linked to."""
    program = debian_root("prometheus") / "usr/bin/prometheus"
    found = subprocess.run(["ldd", program], check=True, capture_output=True, text=True).stdout
    libraries = {each: Path(each).resolve() for each in re.findall(r"(/\S+)", found) if Path(each) != program}
    image = rendered.system.images["prometheus"]
    node.load(image.reference, {"/bin/prometheus": program, **libraries}, ["/bin/prometheus"], "65534")


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


def test_a_team_gets_spans_and_nothing_else_of_its_workloads_changes(
    running: Running, jaeger: Path, collector: Path, tmp_path: Path
) -> None:
    """A Deployment with variables of its own, what Helm made under another name, and a CronJob."""
    node = running.node
    town = applied(node, merged(SPEC, TEAMS), tmp_path, {"jaeger": jaeger, "collector": collector})
    node.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": TEAM}})
    own, traced = tmp_path / "own", tmp_path / "traced"
    names = [name for name, each in town.rendered.system.services.items() if not each.deploy]
    components = [f"../kubernetes/components/{name}" for name in names]
    for folder, more in ((own, []), (traced, components)):
        folder.mkdir()
        workloads = of_the_team(town.rendered.system.services["checkout"].image)
        (folder / "team.yaml").write_text(yaml.safe_dump_all(workloads), encoding="utf-8")
        said = {"namespace": TEAM, "resources": ["team.yaml"], "components": more}
        (folder / "kustomization.yaml").write_text(yaml.safe_dump(said), encoding="utf-8")
    node.kubectl("apply", "-k", own)
    node.wait(lambda: is_ready(node, TEAM) and is_ready(node, "town"))

    changed = changes_of_objects(node.tried("diff", "-k", traced).stdout)
    node.kubectl("apply", "-k", traced)
    node.kubectl("create", "job", "now", "--from=cronjob/nightly", "--namespace", TEAM)

    assert changed and set(changed) == {"Deployment ledger", "Deployment prod-orders", "CronJob nightly"}
    for name in names:
        trace = node.wait(lambda name=name: next(iter(town.traces(name)), None))
        process = next(iter(trace["processes"].values()))
        tags = {each["key"]: each["value"] for each in process["tags"]}
        # The container's own wins, whole.
        assert tags.get("team") == ("red" if name == "ledger" else None)
        assert tags.get("service.namespace") == (None if name == "ledger" else "town")
    for each in (TEAM, "town"):
        node.kubectl("delete", "namespace", each, "--wait=false")


def of_the_team(image: str) -> list[Any]:
    """Three workloads, as they are before anybody thinks of tracing."""
    context = {"runAsNonRoot": True, "runAsUser": 65532, "seccompProfile": {"type": "RuntimeDefault"}}
    asks = {"name": "EXAMPLE_REQUESTS_PER_SECOND", "value": "2"}
    app = {"name": "app", "image": image, "imagePullPolicy": "Never", "env": [asks], "securityContext": _HARMLESS}
    proxy = {"name": "proxy", "image": POD_IMAGE, "imagePullPolicy": "Never", "securityContext": _HARMLESS}
    red = {**app, "env": [asks, {"name": "OTEL_RESOURCE_ATTRIBUTES", "value": "team=red"}]}
    pods = {"securityContext": context, "terminationGracePeriodSeconds": 5}
    once = {**pods, "containers": [app], "restartPolicy": "Never", "activeDeadlineSeconds": 30}
    job = {"template": {"spec": once}}
    helm = {"app.kubernetes.io/managed-by": "Helm", "app.kubernetes.io/instance": "prod"}
    return [
        _deployment("ledger", {"app": "ledger"}, {**pods, "containers": [red]}),
        _deployment("prod-orders", helm, {**pods, "containers": [proxy, app]}),
        {
            "apiVersion": "batch/v1",
            "kind": "CronJob",
            "metadata": {"name": "nightly"},
            "spec": {"schedule": "0 3 * * *", "jobTemplate": {"spec": job}},
        },
    ]


def _deployment(name: str, labels: Mapping[str, str], pods: Mapping[str, Any]) -> Any:
    template = {"metadata": {"labels": labels}, "spec": pods}
    spec = {"selector": {"matchLabels": labels}, "template": template}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name, "labels": labels}, "spec": spec}


def changes_of_objects(diff: str) -> list[str]:
    """The objects that a diff of kubectl changes; an AssertionError where a change is not one of tracing."""
    found = []
    for part in re.split(r"(?m)^diff .*\n", diff)[1:]:
        lines = [line for line in part.splitlines()[2:] if line[:1] in "+-" and "generation:" not in line]
        file = part.splitlines()[0].split()[1]
        kind, name = re.findall(rf"\.(\w+)\.{TEAM}\.([\w-]+)$", file)[0]
        if kind != "ConfigMap":
            found.append(f"{kind} {name}")
            assert [line for line in lines if not _TRACING.fullmatch(line)] == [], part
    return found
