"""Every change from one system of the matrix to another, as a cluster takes it: applied over what is there.

What must never change is looked at in all systems at once, which is all pairs of them.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import combinations, permutations
from random import Random
from typing import Any

import pytest

from compiler.test_matrix import systems
from invariants import System
from invariants._manifests import LIST, RUNNING, Manifest, is_selected
from invariants._specs import SMALLEST, compile_spec
from patches import merged
from tracegen.cli.cluster import cluster_lines
from tracegen.write import Change
from tracegen.write.plan import Verdict

#: Pairs of systems whose commands are looked at.
TOLD = 30
#: Changes of one key that once gave a Service an address, took one away, or left a workload behind a Service.
EDITS: dict[str, dict[str, Any]] = {
    "nothing": {},
    "metrics": {"metrics": True},
    "memory queue": {"collector": {"queue": "memory"}},
    "replicas": {"collector": {"replicas": 2, "queue": "memory"}},
    "tail": {"collector": {"replicas": 2}, "sampling": {"tail": {"keep": ["errors"]}}},
    "tail of a memory queue": {
        "collector": {"replicas": 2, "queue": "memory"},
        "sampling": {"tail": {"keep": ["errors"]}},
    },
    "agents": {"collector": {"topology": "agent"}},
    "agents and a gateway": {"collector": {"topology": "agent+gateway", "queue": "memory"}},
    "no collector": {"collector": {"topology": "none"}},
    "memory": {"backend": {"storage": "memory"}},
    "opensearch": {"backend": {"storage": "opensearch"}},
    "scalable": {"backend": {"storage": "opensearch", "mode": "scalable"}},
    "tempo": {"backend": {"type": "tempo", "storage": "local"}},
    "tempo in a bucket": {"backend": {"type": "tempo", "storage": "s3"}},
    "scalable tempo": {"backend": {"type": "tempo", "storage": "s3", "mode": "scalable"}},
}


def edited() -> list[System]:
    """The smallest system of the matrix on Kubernetes after each edit."""
    spec = merged(SMALLEST, {"targets": ["kubernetes"]})
    return [System.of(name, compile_spec(merged(spec, edit))) for name, edit in EDITS.items()]


@pytest.fixture(scope="module", params=["edits", "matrix"])
def all_systems(request: pytest.FixtureRequest) -> Iterable[System]:
    """Systems of one name, so that they can follow each other in one namespace."""
    found = edited() if request.param == "edits" else systems()
    return [each for each in found if each.said["name"] == SMALLEST["name"]]


def test_a_service_has_one_shape_for_ever(all_systems: Iterable[System]) -> None:
    """`spec.clusterIP` cannot change between an address and None."""
    shapes: dict[str, dict[bool, str]] = defaultdict(dict)
    for system, service in _of(all_systems, "Service"):
        shapes[service.name][service.spec.get("clusterIP") == "None"] = system.name
    assert shapes
    assert not {name: found for name, found in shapes.items() if len(found) > 1}


def test_what_a_change_leaves_behind_stands_behind_no_service(all_systems: Iterable[System]) -> None:
    """The pods that a selector of any Service means, among those of all systems, are of one workload."""
    selectors = {(each.name, _frozen(each.spec["selector"])) for _, each in _of(all_systems, "Service")}
    pods = {
        (workload.manifest.kind, workload.manifest.name, _frozen(workload.labels))
        for system in all_systems
        for workload in system.manifests.workloads
        if not workload.is_operated  # the Operator takes one kind away when it makes another
    }
    behind: dict[Any, set[tuple[str, str]]] = defaultdict(set)
    for (service, selector), (kind, name, labels) in ((one, other) for one in selectors for other in pods):
        if is_selected(dict(labels), {"matchLabels": dict(selector)}):
            behind[service, selector].add((kind, name))
    assert behind
    assert not {service: found for service, found in behind.items() if len(found) > 1}


def test_a_selector_of_a_workload_never_changes(all_systems: Iterable[System]) -> None:
    found: dict[tuple[str, str], set[frozenset[tuple[str, str]]]] = defaultdict(set)
    for _, each in _of(all_systems, *RUNNING):
        found[each.kind, each.name].add(_frozen(each.spec["selector"]["matchLabels"]))
    assert not {name: selectors for name, selectors in found.items() if len(selectors) > 1}


def test_what_a_change_leaves_behind_is_told(all_systems: Iterable[System]) -> None:
    """Objects that are no longer rendered, and workloads whose selector cannot change, each with its command."""
    found = [each for each in all_systems if each.manifests.all]
    for one, other in Random(2).sample(list(permutations(found, 2)), TOLD):
        told = {
            tuple(line.split()[2:4]) for line in cluster_lines(changed(one, other)) if line.startswith("kubectl d")
        }
        before, after = ({(each.kind.lower(), each.name) for each in system.manifests.all} for system in (one, other))
        gone = {each for each in before - after if each[0] not in ("namespace", "configmap")}
        if namespace_of(one) == namespace_of(other):
            resized = {each for each in told if each in after}
            assert told - resized == gone, (one.name, other.name)
            assert {kind for kind, _ in resized} <= {"statefulset"}, (one.name, other.name)
        else:
            kinds = {kind for kind, _ in before} - {"namespace", "configmap", "clusterrole", "clusterrolebinding"}
            assert kinds == {each for kind, _ in told for each in kind.split(",")} - {
                "configmap",
                "clusterrole",
                "clusterrolebinding",
            }, (one.name, other.name)


def changed(one: System, other: System) -> list[Change]:
    """All files of two systems, as a render of the second over the first sees them."""
    paths = sorted({*one.tree, *other.tree})
    texts = [tuple(text_of(system, path) for system in (one, other)) for path in paths]
    return [
        Change(path, Verdict.UPDATE, before, before, after, after)
        for path, (before, after) in zip(paths, texts, strict=True)
    ]


def text_of(system: System, path: str) -> bytes | None:
    return system.tree[path].encode() if path in system.tree else None


def namespace_of(system: System) -> str:
    return str(system.data(LIST)["namespace"])


def test_the_edits_are_different_systems() -> None:
    """An edit that changes nothing would try nothing."""
    trees = {system.name: tuple(sorted(system.tree.items())) for system in edited()}
    assert all(trees[one] != trees[other] for one, other in combinations(trees, 2))


def _of(all_systems: Iterable[System], *kinds: str) -> Iterator[tuple[System, Manifest]]:
    for system in all_systems:
        yield from ((system, each) for each in system.manifests.of(*kinds))


def _frozen(labels: dict[str, str]) -> frozenset[tuple[str, str]]:
    return frozenset(labels.items())
