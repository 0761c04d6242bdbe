"""What happens to a cluster that works: `make judges` prints the tables of docs/kubernetes-review.md.

Spans are sent without a pause and repeated until somebody takes them, as an SDK does. Of those that were taken none
may be missing in Jaeger after every workload was rolled, after a gateway's pod was taken away while Jaeger was down,
and after evictions, of which the budget allows one at a time. Then specs follow each other on the node.
"""

from __future__ import annotations

import json
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

from compiler.test_changes import edited
from compiler.test_matrix import systems
from patches import merged
from programs.build import find
from programs.servers import kubernetes
from programs.servers.node import Node, started
from real.changes import followed, is_of_volumes_alone, pairs, refusals
from real.clusters import kustomized
from real.test_real_cluster import SPEC, Running, applied, images, is_ready, name_of
from support import compiled

EVERY_SECONDS, PATIENCE_SECONDS = 0.02, 60.0
READY_SECONDS = 400.0
SERVICE = "sender"
_TAIL = {"sampling": {"tail": {"keep": [{"ratio": 1.0}], "decision_wait": "2s"}}}
#: Queues on disk, but for agents, which hand on what they hold when they are told to end.
ROLLED: Mapping[str, Mapping[str, Any]] = {
    "gateway": {},
    "two gateways": {"collector": {"replicas": 2}},
    "two gateways, queues in memory": {"collector": {"replicas": 2, "queue": "memory"}},
    "agent and gateway": {"collector": {"topology": "agent+gateway"}},
    "three samplers behind balancers": {"collector": {"replicas": 3}, **_TAIL},
}

#: As docs/kubernetes.md says it, of the last name that a step gives.
PRUNED = (
    "--prune",
    "--prune-allowlist=core/v1/ConfigMap",
    "--selector",
    "app.kubernetes.io/instance=store,app.kubernetes.io/managed-by=tracegen,!app.kubernetes.io/component",
)


class Load:
    """A sender that counts what was taken; `entry` is whom it sends to, a component's name."""

    def __init__(self, running: Running, entry: str) -> None:
        self._running, self._entry = running, entry
        self._random = Random(7)
        self._ending = threading.Event()
        self._addresses: list[str] = []
        self.taken: list[str] = []
        self.refused = 0

    @contextmanager
    def sending(self) -> Iterator[None]:
        """For the length of the block; what waits at its end is still repeated."""
        threads = [threading.Thread(target=each, daemon=True) for each in (self._look, self._within)]
        for each in threads:
            each.start()
        try:
            yield
        finally:
            self._ending.set()
            for each in threads:
                each.join(PATIENCE_SECONDS)

    def missing(self) -> int:
        """How many of the taken spans Jaeger does not have."""
        stored: set[str] = set()
        limit = 2 * len(self.taken) + 100
        stored |= {each["traceID"] for each in self._running.traces(SERVICE, limit)}
        return len(set(self.taken) - stored)

    def _look(self) -> None:
        """Which pods are ready and stay, as a Service tells those that ask it."""
        while not self._ending.is_set():
            self._addresses = [
                each["status"]["podIP"]
                for each in self._running.pods
                if name_of(each) == self._entry
                and "deletionTimestamp" not in each["metadata"]
                and any(one["type"] == "Ready" and one["status"] == "True" for one in each["status"]["conditions"])
            ]
            time.sleep(0.5)

    def _within(self) -> None:
        self._running.node.within(self._send)

    def _send(self) -> None:
        while not self._ending.is_set():
            self._one(f"{self._random.getrandbits(128):032x}")
            time.sleep(EVERY_SECONDS)

    def _one(self, trace: str) -> None:
        """One span, until it is taken."""
        end = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < end:
            for address in self._addresses:
                try:
                    urllib.request.urlopen(_request(address, trace), timeout=5).close()
                except (OSError, urllib.error.URLError):
                    self.refused += 1
                else:
                    self.taken.append(trace)
                    return
            time.sleep(0.2)


def _request(address: str, trace: str) -> urllib.request.Request:
    now = time.time_ns()
    span = {"traceId": trace, "spanId": trace[:16], "name": "work", "kind": 1}
    times = {"startTimeUnixNano": str(now), "endTimeUnixNano": str(now + 1_000_000)}
    resource = {"attributes": [{"key": "service.name", "value": {"stringValue": SERVICE}}]}
    body = {"resourceSpans": [{"resource": resource, "scopeSpans": [{"spans": [{**span, **times}]}]}]}
    headers = {"Content-Type": "application/json"}
    return urllib.request.Request(f"http://{address}:4318/v1/traces", json.dumps(body).encode(), headers)


def rolled(running: Running) -> tuple[int, int]:
    """Every workload is started anew, one after the other: spans taken, and missing."""
    node, namespace = running.node, running.rendered.system.kubernetes.namespace
    load = Load(running, running.rendered.system.tiers[0].component)
    with load.sending():
        time.sleep(5)
        for each in node.items("deployments,statefulsets,daemonsets", namespace):
            name = f"{each['kind'].lower()}/{each['metadata']['name']}"
            node.kubectl("rollout", "restart", name, "--namespace", namespace)
            node.kubectl("rollout", "status", name, "--namespace", namespace, "--timeout=200s", seconds=210)
        time.sleep(5)
    return len(load.taken), _missing(load)


def drained(running: Running) -> tuple[int, int]:
    """Jaeger is away, a gateway that has spans for it is evicted, and both come back."""
    node, namespace = running.node, running.rendered.system.kubernetes.namespace
    load = Load(running, "otel-gateway")
    node.kubectl("scale", "statefulset/jaeger", "--replicas=0", "--namespace", namespace)
    node.wait(lambda: not [each for each in running.pods if name_of(each) == "jaeger"])
    with load.sending():
        time.sleep(10)
    evicted(node, namespace, "otel-gateway-0")
    node.kubectl("scale", "statefulset/jaeger", "--replicas=1", "--namespace", namespace)
    node.wait(lambda: is_ready(node, namespace), READY_SECONDS)
    return len(load.taken), _missing(load)


def budgeted(running: Running) -> tuple[int, int]:
    """Both gateways are evicted at once: the budget allows one. Evictions tried, and allowed."""
    node, namespace = running.node, running.rendered.system.kubernetes.namespace
    names = [each["metadata"]["name"] for each in running.pods if name_of(each) == "otel-gateway"]
    allowed = sum(evicted(node, namespace, each) for each in names)
    node.wait(lambda: is_ready(node, namespace), READY_SECONDS)
    return len(names), allowed


def evicted(node: Node, namespace: str, pod: str) -> bool:
    """Whether the API server lets a pod be evicted, as `kubectl drain` asks it."""
    thing = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": pod, "namespace": namespace}}
    path = f"/api/v1/namespaces/{namespace}/pods/{pod}/eviction"
    done = node.tried("create", "--raw", path, "-f", "-", given=json.dumps(thing))
    assert done.returncode == 0 or "disruption budget" in done.stderr, done.stderr
    return done.returncode == 0


def _missing(load: Load) -> int:
    """After a while in which queues empty."""
    end = time.monotonic() + PATIENCE_SECONDS
    missing = load.missing()
    while missing and time.monotonic() < end:
        time.sleep(2)
        missing = load.missing()
    return missing


def _row(name: str, action: Callable[[], tuple[int, int]], holds: Callable[[int, int], bool], words: str) -> int:
    """A line of the table; 1 where it does not hold."""
    try:
        one, other = action()
    except AssertionError as error:
        print(f"| {name} | fails: {str(error)[:300]} |", flush=True)
        return 1
    print(f"| {name} | {words.format(one, other)} | {'holds' if holds(one, other) else 'fails'} |", flush=True)
    return not holds(one, other)


def worked(node: Node, programs: Mapping[str, Path]) -> int:
    """The rows of what happens under load; how many do not hold."""
    failed = 0
    taken = "{} taken, {} missing"
    print("| under load | | |\n|---|---|---|", flush=True)
    rolled_too = {name: each for name, each in ROLLED.items() if all(word in name for word in sys.argv[2:])}
    for number, (name, patch) in enumerate(rolled_too.items()):
        namespace = f"work-{number}"
        spec = merged(merged(SPEC, patch), {"kubernetes": {"namespace": namespace}})
        with tempfile.TemporaryDirectory(prefix="tracegen-work-") as folder:
            running = applied(node, spec, Path(folder), programs)
        node.wait(partial(is_ready, node, namespace), READY_SECONDS)
        failed += _row(f"{name}: all rolled", partial(rolled, running), _none_lost, taken)
        if name == "two gateways":
            failed += _row(f"{name}: one drained, Jaeger away", partial(drained, running), _none_lost, taken)
            failed += _row(f"{name}: both evicted", partial(budgeted, running), _one_allowed, "{} tried, {} allowed")
        node.kubectl("delete", "namespace", namespace, "--timeout=100s")
    return failed


def _none_lost(taken: int, missing: int) -> bool:
    return taken > 200 and not missing


def _one_allowed(tried: int, allowed: int) -> bool:
    return (tried, allowed) == (2, 1)


def changed(node: Node, programs: Mapping[str, Path]) -> int:
    """The rows of specs that follow each other; how many do not hold."""
    failed, namespace, seen = 0, "changing", set[str]()
    print("\n| each applied over the last | |\n|---|---|", flush=True)
    with tempfile.TemporaryDirectory(prefix="tracegen-changes-") as folder:

        def provide(spec: Path) -> None:
            text = spec.read_text(encoding="utf-8")
            with tempfile.TemporaryDirectory(prefix="tracegen-images-") as built:
                rendered = compiled(Path(built), text)
                new = {each.image for each in rendered.system.cluster.components.values()} - seen
                seen.update(new)
                if new:
                    images(node, rendered, Path(built), programs)

        def settled() -> None:
            node.wait(partial(is_ready, node, namespace), READY_SECONDS)

        start = merged(SPEC, {"kubernetes": {"namespace": namespace}})
        for name, wrong in followed(node, find("kubectl"), Path(folder), start, provide, settled):
            failed += bool(wrong)
            print(f"| {name} | {f'fails: {wrong[:300]}' if wrong else 'holds'} |", flush=True)
        node.kubectl("apply", "-k", Path(folder) / "kubernetes", *PRUNED)
        ours = "app.kubernetes.io/instance=store,!app.kubernetes.io/component"
        words = ("get", "configmaps", "--namespace", namespace, "--selector", ours, "--output", "name")
        found = set(node.kubectl(*words).replace("configmap/", "").split())
        things = kustomized(find("kubectl"), Path(folder) / "kubernetes")
        wanted = {each["metadata"]["name"] for each in things if each["kind"] == "ConfigMap"}
        failed += found != wanted
        print(
            f"| configurations of before pruned | {'holds' if found == wanted else f'fails: {found}'} |", flush=True
        )
    return failed


def all_pairs() -> int:
    """Every pair of the matrix at the API server; how many are refused that should not be."""
    found = pairs([*edited(), *systems()])
    of_volumes = sum(is_of_volumes_alone(*each) for each in found)
    with tempfile.TemporaryDirectory(prefix="tracegen-logs-") as logs, kubernetes.started(Path(logs)) as server:
        refused = list(refusals(server, found))
    print(
        f"\n{len(found)} pairs of objects applied over each other, {of_volumes} of them of volumes; "
        f"refused beside those: {len(refused)}",
        flush=True,
    )
    for each in refused[:20]:
        print(each, flush=True)
    return len(refused)


def main() -> int:
    """Print the tables; 1 where something was lost, refused or left behind. Words choose a part, and its rows."""
    wanted = sys.argv[1:2] or ["work", "changes", "pairs"]
    programs = {each: find(each) for each in ("jaeger", "collector")}
    failed = 0
    print(f"{datetime.now(UTC):%Y-%m-%d}\n", flush=True)
    if set(wanted) - {"pairs"}:
        with tempfile.TemporaryDirectory(prefix="tracegen-logs-") as logs, started(Path(logs)) as node:
            failed += worked(node, programs) if "work" in wanted else 0
            failed += changed(node, programs) if "changes" in wanted else 0
    failed += all_pairs() if "pairs" in wanted else 0
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
