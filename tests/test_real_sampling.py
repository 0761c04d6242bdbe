"""Rendered tail sampling, run for real: every trace that should be kept is, whole, by one collector or by three."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from programs.known_traces import (
    SPANS,
    TAG,
    Counted,
    counted,
    interval,
    known_traces,
    metric,
    replica_names,
    send,
    settled,
    without_name_server,
)
from programs.recorder import Recorder
from programs.running import Running
from programs.system import System
from support import compiled
from tracegen.model.kept import Row, kept

GATEWAY, BALANCER = "otel-gateway", "otel-balancer"
BACKEND = "backend.example.com:4318"
KEEP: list[Any] = [
    "errors",
    {"slower_than": "1s"},
    {"attribute": {"key": TAG[0], "values": [TAG[1]]}},
    {"ratio": 0.05},
]
SHARES = {"errors": 0.03, "slow": 0.03, "tagged": 0.03}
_TAIL = "otelcol_processor_tail_sampling_"


@dataclass(frozen=True)
class Running3:
    """A rendered system with its collectors, and what is behind them."""

    system: System
    recorder: Recorder
    door: str
    gateways: list[Running]

    def metric(self, name: str, **labels: str) -> float:
        """Summed over all collectors that decide."""
        return sum(metric(self.system, GATEWAY, name, replica + 1, **labels) for replica in range(len(self.gateways)))

    def predicted(self) -> Mapping[str, Row]:
        """By class, of the traces that start in the first service."""
        return {row.kind: row for row in kept(self.system.rendered.model)["web"]}


@contextmanager
def running(
    folder: Path, collector: Path, *, replicas: int = 1, rate: float = 300, keep: Any = None, **more: Any
) -> Iterator[Running3]:
    """Gateways, a balancer before several of them, and a recorder behind them."""
    traffic = {"requests_per_second": rate, "spans_per_trace": SPANS, **SHARES}
    spec = {
        "tracegen": 1,
        "name": "shop",
        "targets": ["compose"],
        "backend": {"type": "external", "endpoint": f"http://{BACKEND}"},
        "collector": {"replicas": replicas, **more.pop("tier", {})},
        "sampling": {"tail": {"decision_wait": "2s", "keep": keep or KEEP, **more.pop("tail", {})}},
        "services": {
            "web": {"language": "go", "calls": ["api"], "traffic": traffic},
            "api": {"language": "go"},
        },
        **more,
    }
    run = folder / "run"
    run.mkdir()
    with Recorder(collector, run) as recorder:
        outside = {BACKEND: recorder.http}
        adapt = without_name_server(GATEWAY, replicas)
        system = System(compiled(folder, spec), run, outside=outside, adapt=adapt)
        for number, name in enumerate(replica_names(GATEWAY, replicas), 1):
            outside[name] = system.address(GATEWAY, "otlp-grpc", number)
        started = [system.start(GATEWAY, collector, number + 1) for number in range(replicas)]
        first = BALANCER if replicas > 1 else GATEWAY
        if replicas > 1:
            started.append(system.start(BALANCER, collector))
        try:
            door = f"http://{system.address(first, 'otlp-http')}"
            yield Running3(system, recorder, door, started[:replicas])
        finally:
            for each in reversed(started):
                each.stop()


def agrees(found: Counted, predicted: Mapping[str, Row]) -> None:
    """Nothing came in parts, what is always kept came whole, and the rest came as often as was predicted."""
    assert not found.partial
    for kind, row in predicted.items():
        low, high = interval(found.sent[kind], row.kept)
        assert low <= found.whole[kind] <= high, f"{kind}: {found} against {row}"


@pytest.mark.parametrize("replicas", [1, 3])
def test_all_that_should_be_is_kept_whole(tmp_path: Path, collector: Path, replicas: int) -> None:
    traces = known_traces(3_000, 7, **SHARES)
    with running(tmp_path, collector, replicas=replicas, metrics=True) as system:
        send(system.door, traces, 300)
        settled(system.recorder, 4)
        found = counted(system.recorder, traces)
        agrees(found, system.predicted())
        assert all(found.whole[kind] == found.sent[kind] > 50 for kind in ("error", "slow", "tagged"))
        # A trace that had been split would be new in two collectors.
        assert system.metric(f"{_TAIL}new_trace_id_received_total") == len(traces)
        assert system.metric(f"{_TAIL}sampling_trace_dropped_too_early_total") == 0
