"""Rendered trees on a real Kubernetes of one node: `make judges` prints the table of docs/kubernetes-review.md.

Each sample of the matrix is applied as it is rendered, in a namespace of its own. It holds when all pods are ready, a
trace through both services is read back, each declared edge works and no other, and nothing was started again.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from patches import merged
from programs.build import find
from programs.servers.node import Node, started
from real.test_real_cluster import SPEC, applied, check_edges, is_ready, restarts, whole_trace

_TAIL = {"sampling": {"tail": {"keep": ["errors", {"ratio": 1.0}], "decision_wait": "2s"}}}
_CERTIFICATES = {
    "enabled": True,
    "ca": {"file": "certs/ca.pem"},
    "cert": {"file": "certs/tls.crt"},
    "key": {"file": "certs/tls.key"},
}
SAMPLES: Mapping[str, Mapping[str, Any]] = {
    "badger, gateway": {},
    "memory, agent": {"backend": {"storage": "memory"}, "collector": {"topology": "agent"}},
    "badger, agent and gateway": {"collector": {"topology": "agent+gateway"}},
    "badger, two gateways, queue in memory": {"collector": {"replicas": 2, "queue": "memory"}},
    "badger, three samplers behind balancers": {"collector": {"replicas": 3}, **_TAIL},
    "badger, no collector": {"collector": {"topology": "none"}},
    "badger, TLS, agent and gateway": {
        "security": {"tls": _CERTIFICATES},
        "collector": {"topology": "agent+gateway"},
    },
    "badger, TLS, three samplers behind balancers": {
        "security": {"tls": _CERTIFICATES},
        "collector": {"replicas": 3},
        **_TAIL,
    },
    "badger, own Prometheus": {"metrics": True},
    "badger, two of each service and gateway": {
        "collector": {"replicas": 2},
        "services": {"frontend": {"replicas": 2}, "checkout": {"replicas": 2}},
    },
    "badger, agents that ask the API server": {
        "collector": {"topology": "agent+gateway"},
        "kubernetes": {"k8s_attributes": True},
    },
}


def judged(node: Node, number: int, patch: Mapping[str, Any], programs: Mapping[str, Path]) -> tuple[float, int, int]:
    """Seconds until all pods were ready, how many they are, and edges tried; AssertionError says what is wrong."""
    namespace = f"sample-{number}"
    spec = merged(merged(SPEC, patch), {"kubernetes": {"namespace": namespace}})
    with tempfile.TemporaryDirectory(prefix="tracegen-sample-") as folder:
        running = applied(node, spec, Path(folder), programs)
        began = time.monotonic()
        node.wait(lambda: is_ready(node, namespace), 400)
        ready = time.monotonic() - began
        node.wait(lambda: whole_trace(running))
        edges, counts = check_edges(running), restarts(running)
        assert not any(counts.values()), counts
        node.kubectl("delete", "namespace", namespace, "--timeout=100s")
        return ready, len(counts), edges


def main() -> int:
    """Print the table; 1 where a sample fails. Words on the command line choose samples."""
    chosen = {name: each for name, each in SAMPLES.items() if all(word in name for word in sys.argv[1:])}
    programs = {each: find(each) for each in ("jaeger", "collector")}
    failed = 0
    print(
        f"{datetime.now(UTC):%Y-%m-%d}\n\n| sample | pods | ready after | edges tried | |\n|---|--:|--:|--:|---|",
        flush=True,
    )
    with tempfile.TemporaryDirectory(prefix="tracegen-logs-") as logs, started(Path(logs)) as node:
        for number, (name, patch) in enumerate(chosen.items()):
            try:
                ready, pods, edges = judged(node, number, patch, programs)
                print(f"| {name} | {pods} | {ready:.0f} s | {edges} | holds |", flush=True)
            except AssertionError as error:
                failed += 1
                print(f"| {name} | | | | fails: {str(error)[:300]} |", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
