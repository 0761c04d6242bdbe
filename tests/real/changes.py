"""Changes from one system of the matrix to another at a real API server: what it refuses over what is there.

An object is refused for what may not change in it. So of each object that several systems have, one is applied for
each state of that, and then tried over each other one, which is all pairs of the matrix.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from invariants import System
from invariants._specs import SMALLEST
from programs.servers.kubernetes import KubernetesServer, Refused

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
