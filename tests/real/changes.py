"""Changes from one system to another at a real API server, and on a real node: what is refused over what is there.

Of the matrix: an object is refused for what may not change in it. So of each object that several systems have, one
is applied for each state of that, and then tried over each other one, which is all pairs of the matrix. On the node
specs follow each other, each applied over the last one as `tracegen render` says.
"""

import json
import re
import shlex
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from invariants import System
from invariants._specs import SMALLEST
from patches import merged
from programs.servers.kubernetes import KubernetesServer, Refused
from programs.servers.node import Node
from real.clusters import kustomized
from support import tracegen

NAMESPACE = "every-change"
#: What may change in the specification of a kind that else may not.
_FREE = {
    "StatefulSet": ("replicas", "template", "updateStrategy", "minReadySeconds", "ordinals"),
    "Deployment": ("replicas", "template", "strategy", "minReadySeconds"),
    "DaemonSet": ("template", "updateStrategy", "minReadySeconds"),
    "Job": ("parallelism", "suspend"),
    "Service": (),
    "PodDisruptionBudget": (),
}

Object = Mapping[str, Any]


def pairs(all_systems: Iterable[System]) -> list[tuple[Object, Object]]:
    """Two objects of one kind and name that differ in what may not change, or in a Service; each way round."""
    states: dict[tuple[str, str], dict[str, Object]] = defaultdict(dict)
    for system in all_systems:
        for each in system.manifests.all if system.said["name"] == SMALLEST["name"] else ():
            if each.kind in _FREE:
                states[each.kind, each.name].setdefault(_fixed(each.thing), each.thing)
    return [
        (before, after)
        for found in states.values()
        for before in found.values()
        for after in found.values()
        if before is not after
    ]


def _fixed(thing: Object) -> str:
    spec = {key: value for key, value in thing["spec"].items() if key not in _FREE[thing["kind"]]}
    return json.dumps(spec, sort_keys=True)


def is_of_volumes_alone(before: Object, after: Object) -> bool:
    """Whether size or class of a volume is all that may not change: `tracegen render` tells the steps."""
    return _without_sizes(before) == _without_sizes(after)


def _without_sizes(thing: Object) -> str:
    claims = [
        {**each, "spec": {key: value for key, value in each["spec"].items() if key == "accessModes"}}
        for each in thing["spec"].get("volumeClaimTemplates", [])
    ]
    return _fixed({**thing, "spec": {**thing["spec"], "volumeClaimTemplates": claims}})


def refusals(server: KubernetesServer, changes: Iterable[tuple[Object, Object]]) -> Iterator[str]:
    """What the server says against applying the second object of a pair over the first, but for sizes of volumes."""
    server.namespace(NAMESPACE)
    there: Object | None = None
    for before, after in sorted(changes, key=lambda each: json.dumps(each[0], sort_keys=True)):
        if there != before:
            if there:
                server.delete(_placed(there))
            server.apply(_placed(before), dry_run=False)
            there = before
        try:
            server.apply(_placed(after))
        except Refused as refused:
            if is_of_volumes_alone(before, after):
                continue
            yield f"{after['kind']} {after['metadata']['name']}: {refused}"
    if there:
        server.delete(_placed(there))


def _placed(thing: Object) -> Object:
    return {**thing, "metadata": {**thing["metadata"], "namespace": NAMESPACE}}


#: Kinds that may be left behind: not data, what people make, and configurations of before, which a rollback mounts.
_LOOKED_AT = (
    "deployments,statefulsets,daemonsets,jobs,cronjobs,services,networkpolicies,poddisruptionbudgets,"
    "horizontalpodautoscalers,ingresses,serviceaccounts,roles,rolebindings"
)
_COMPUTED = ("kube-root-ca.crt", "default")
_TAIL = {"sampling": {"tail": {"keep": ["errors", {"ratio": 1.0}], "decision_wait": "2s"}}}
_DEFAULT: dict[str, Any] = {"collector": None, "sampling": None}
#: Each over the one before, by what it is called; null takes a key away.
STEPS: Mapping[str, Mapping[str, Any]] = {
    "two gateways": {"collector": {"replicas": 2}},
    "queue in memory": {"collector": {"queue": "memory"}},
    "metrics, own Prometheus": {"metrics": True},
    "agents before gateways": {"collector": {"topology": "agent+gateway"}},
    "agents ask the API server": {"kubernetes": {"k8s_attributes": True}},
    "a service elsewhere": {"services": {"ledger": {"language": "java", "deploy": False}}},
    "agents alone": {"collector": {"topology": "agent", "replicas": None}},
    "no right to ask": {"kubernetes": {"k8s_attributes": None}},
    "storage in memory": {"backend": {"storage": "memory"}},
    "no metrics": {"metrics": None},
    "no collector": {"collector": {"topology": "none", "queue": None}},
    "a gateway, queue on disk": {"collector": {"topology": "gateway"}},
    "storage on disk": {"backend": {"storage": "badger"}},
    "three samplers": {"collector": {"replicas": 3}, **_TAIL},
    "samplers with queues in memory": {"collector": {"queue": "memory"}},
    "one gateway again": _DEFAULT,
    "another size of the queue": {"collector": {"queue": {"size": "3Gi"}}},
    "two of each service": {"services": {"frontend": {"replicas": 2}, "checkout": {"replicas": 2}}},
    "no policies": {"kubernetes": {"network_policies": "none"}},
    "policies of the platform": {"kubernetes": {"network_policies": "platform"}},
    "labels and annotations": {
        "kubernetes": {"labels": {"cost": "center"}, "annotations": {"team": "platform"}},
    },
    "an ingress": {"kubernetes": {"ingress": {"host": "traces.example.com", "class": "nginx"}}},
    "one service less": {"services": {"checkout": None, "frontend": {"calls": []}}},
    "another name in the namespace": {"name": "store"},
    "the namespace is no longer made": {"kubernetes": {"create_namespace": False}},
    "retention": {"backend": {"retention": "2d"}},
}


def followed(
    node: Node,
    kubectl: Path,
    folder: Path,
    start: Mapping[str, Any],
    provide: Callable[[Path], None],
    settled: Callable[[], object],
) -> Iterator[tuple[str, str]]:
    """Every step applied over the last: its name, and what is wrong, empty where all holds.

    `provide` brings the images of a spec, `settled` waits until all is ready.
    """
    spec, namespace = start, str(start["kubernetes"]["namespace"])
    said = _rendered(folder, spec)
    provide(folder / "tracegen.yaml")
    node.kubectl("apply", "-f", folder / "kubernetes" / "namespace.yaml")
    node.kubectl("apply", "-k", folder / "kubernetes")
    settled()
    for name, step in STEPS.items():
        spec = merged(spec, step)
        said = _rendered(folder, spec)
        provide(folder / "tracegen.yaml")
        try:
            for command in _commands(said, before=True):
                node.kubectl(*command)
            node.kubectl("apply", "-k", folder / "kubernetes")
            for command in _commands(said, before=False):
                node.kubectl(*command)
            settled()
            left = _there(node, namespace) - {
                (each["kind"], each["metadata"]["name"]) for each in kustomized(kubectl, folder / "kubernetes")
            }
            yield name, f"left behind: {sorted(left)}" if left else ""
        except AssertionError as error:
            yield name, str(error)


def _rendered(folder: Path, spec: Mapping[str, Any]) -> str:
    (folder / "tracegen.yaml").write_text(yaml.safe_dump(dict(spec)), encoding="utf-8")
    done = tracegen("render", folder / "tracegen.yaml")
    assert done.code == 0, done.err
    return done.out


def _commands(said: str, *, before: bool) -> Iterator[list[str]]:
    """The commands to take before or after the rest is applied; what is to be edited by hand is left."""
    first = False
    for line in said.splitlines():
        if line.endswith("before the rest is applied:"):
            first = True
        elif re.search(r"once the rest is applied\b.*:$", line):
            first = False
        elif line.startswith("kubectl delete") and first == before:
            yield shlex.split(line)[1:]


def _there(node: Node, namespace: str) -> set[tuple[str, str]]:
    """What there is of ours, jobs' and sets' own objects aside."""
    found = node.items(_LOOKED_AT, namespace)
    return {
        (each["kind"], each["metadata"]["name"])
        for each in found
        if each["metadata"]["name"] not in _COMPUTED and "ownerReferences" not in each["metadata"]
    }
