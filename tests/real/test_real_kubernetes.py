"""A real API server takes what is rendered for Kubernetes, and kubectl puts it together as the tests do."""

import random
import subprocess
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from compiler.test_changes import edited
from compiler.test_matrix import systems
from invariants import System
from invariants._manifests import FOLDER, LIST
from programs.servers.kubernetes import KubernetesServer, Refused
from real.changes import pairs, refusals
from real.clusters import ENFORCE, Judge, accounts, kustomized, pod, prepared, unhashed, written
from support import ROOT

FOLDERS = sorted(
    path.parent
    for path in (*ROOT.glob("examples/**/kustomization.yaml"), *ROOT.glob("tests/cases/**/kustomization.yaml"))
    if ".tracegen" not in path.parts and path.parent.name == FOLDER
)
MOST_SHOWN = 12
#: Changes that are tried, of all pairs of objects of the matrix.
CHANGES = 150
SECONDS = 60
#: kubectl takes a while, and its reading of kustomization.yaml does not depend on the system.
EACH = 5
#: What the API server says of images that tracegen knows nothing of: the level of the namespace only warns.
WARNED = "would violate PodSecurity"

#: Said of a namespace that another test has made.
APPLIED = "last-applied-configuration"
#: `kubectl apply -k` always passes an order of its own; the one of kustomization.yaml holds, as it says there.
SORTED = "Using the kustomization file over the CLI flag"


@cache
def clusters() -> list[System]:
    """Every system of the matrix that has something for a cluster."""
    return [each for each in systems() if each.manifests.all]


def test_the_api_server_takes_every_object_of_the_matrix(kubernetes_server: KubernetesServer) -> None:
    """With strict decoding, no warning, no key twice in a list of such, and with the definitions of custom ones."""
    judge = Judge(kubernetes_server)
    for system in clusters():
        prepared(kubernetes_server, system)
        for each in system.manifests.all:
            component = each.labels.get("app.kubernetes.io/name", "")
            judge.apply(each.thing, context(system), WARNED if is_foreign(system, component) else "")
        judge.settle()
    assert len(judge) > 1000
    assert not judge.findings, shown(judge)


def test_pods_of_every_template_are_admitted(kubernetes_server: KubernetesServer) -> None:
    """At the level that their namespace enforces; all but images of the team also at the level of the spec."""
    judge = Judge(kubernetes_server)
    for system in clusters():
        level = system.get("kubernetes", "pod_security") or "restricted"
        prepared(kubernetes_server, system)
        kubernetes_server.namespace(f"only-{level}", {ENFORCE: level})
        accounts(kubernetes_server, system, f"only-{level}")
        for each in system.manifests.workloads:
            foreign = is_foreign(system, each.component)
            judge.create(pod(each, namespace_of(system)), context(system), WARNED if foreign else "")
            if not foreign:
                judge.create(pod(each, f"only-{level}"), level)
        judge.settle()
    assert len(judge) > 500
    assert not judge.findings, shown(judge)


def test_no_change_is_refused_but_that_of_a_volume(kubernetes_server: KubernetesServer) -> None:
    """From any system of the matrix to any other; a volume's is told with its steps (cli/test_cluster_lines.py)."""
    found = pairs([*edited(), *systems()])
    assert not list(refusals(kubernetes_server, random.Random(1).sample(found, min(CHANGES, len(found)))))


def test_kubectl_puts_together_what_the_tests_look_at(kubectl: Path, tmp_path: Path) -> None:
    """The names of ConfigMaps aside, which it ends in a hash, wherever they stand."""
    with ThreadPoolExecutor(2) as pool:
        found = list(
            pool.map(lambda each: together(kubectl, each[1], tmp_path / str(each[0])), enumerate(clusters()))
        )
    for system, things in zip(clusters(), found, strict=True):
        assert things == by_name([dict(each.thing) for each in system.manifests.all]), system.name


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda each: str(each.relative_to(ROOT)))
def test_kubectl_applies_a_rendered_tree(
    folder: Path, kubectl: Path, kubernetes_server: KubernetesServer, tmp_path: Path
) -> None:
    """And writes nothing when it does so again: else whoever compares sees a difference for ever."""
    configuration = kubernetes_server.kubeconfig(tmp_path)
    things = kustomized(kubectl, folder)
    if not any(each["kind"] == "Namespace" for each in things):
        kubernetes_server.namespace(things[0]["metadata"]["namespace"])
    try:
        assert len(applied(kubectl, configuration, folder)) == len(things)
        before = versions(kubernetes_server, things)
        applied(kubectl, configuration, folder)
        after = versions(kubernetes_server, things)
        assert not [name for name in before if before[name] != after[name]]
    finally:
        for each in things:
            if each["kind"] != "Namespace":
                remove(kubernetes_server, each)


def versions(server: KubernetesServer, things: list[dict[str, Any]]) -> dict[tuple[str, str], str]:
    """What the server counts up whenever an object is written."""
    found = [server.read(each) for each in things]
    return {(each["kind"], each["metadata"]["name"]): each["metadata"]["resourceVersion"] for each in found}


def applied(kubectl: Path, configuration: Path, folder: Path) -> list[str]:
    """What `kubectl apply -k` says, a line for each object."""
    command = [str(kubectl), "--kubeconfig", str(configuration), "apply", "-k", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS)
    assert done.returncode == 0, done.stderr
    expected = (WARNED, APPLIED, SORTED)
    warnings = [line for line in done.stderr.splitlines() if not any(each in line for each in expected)]
    assert not warnings
    return done.stdout.splitlines()


def remove(server: KubernetesServer, thing: dict[str, Any]) -> None:
    """The next tree may have an object of the same name, with parts that cannot be changed."""
    try:
        server.delete(thing)
    except Refused as refused:
        assert refused.status == 404


def together(kubectl: Path, system: System, folder: Path) -> list[dict[str, Any]]:
    said = system.data(LIST)
    names = {each["name"] for each in said.get("configMapGenerator", [])}
    return by_name(list(unhashed(kustomized(kubectl, written(system.tree, folder)), names)))


def by_name(things: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(things, key=lambda each: (each["kind"], each["metadata"]["name"]))


def context(system: System) -> str:
    """What decides beside the object itself: the labels of its namespace."""
    return str([dict(each.labels) for each in system.manifests.of("Namespace")])


def namespace_of(system: System) -> str:
    return str(system.data(LIST)["namespace"])


def is_foreign(system: System, component: str) -> bool:
    """Whether an image of the team runs there, of which tracegen knows nothing."""
    return bool(system.get("services", component, "image"))


def shown(judge: Judge) -> str:
    return "\n".join([f"{len(judge.findings)} findings, of these:", *judge.findings[:MOST_SHOWN]])
