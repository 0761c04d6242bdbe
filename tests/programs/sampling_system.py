"""A rendered system that samples at the tail, in one collector or several behind a balancer, before a recorder."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from programs.known_traces import SPANS, TAG, metric, metrics_page, replica_names, without_name_server
from programs.recorder import Recorder
from programs.running import Running, free_port
from programs.system import System
from support import compiled
from tracegen.system.kept import Row, kept

GATEWAY, BALANCER = "otel-gateway", "otel-balancer"
BACKEND = "backend.example.com:4318"
GOLD = {"attribute": {"key": TAG[0], "values": [TAG[1]]}}
KEEP: list[Any] = ["errors", {"slower_than": "1s"}, GOLD, {"ratio": 0.05}]
SHARES = {"errors": 0.03, "slow": 0.03, "tagged": 0.03}
SECRETS = {"TOKEN": "token.with~odd$signs=="}


@dataclass(frozen=True)
class Sampling:
    """A rendered system with its collectors, and what is behind them."""

    system: System
    recorder: Recorder
    endpoint: str
    gateways: list[Running]

    def metric(self, name: str, port: str = "metrics", **labels: str) -> float:
        """Summed over all collectors that decide."""
        pages = [metrics_page(self.system, GATEWAY, number, port) for number in range(1, len(self.gateways) + 1)]
        return sum(metric(page, name, **labels) for page in pages)

    def predicted(self) -> Mapping[str, Row]:
        """By class, of the traces that start in the first service."""
        return {row.kind: row for row in kept(self.system.rendered.system)["web"]}


def specification(*, replicas: int = 1, rate: float = 300, keep: Any = None, **more: Any) -> dict[str, Any]:
    """A spec with tail sampling: `tail` and `tier` are said beside what is, in `sampling.tail` and `collector`."""
    return {
        "tracegen": 1,
        "name": "shop",
        "targets": ["compose"],
        "backend": {"type": "external", "endpoint": f"http://{BACKEND}"},
        "collector": {"replicas": replicas, **more.pop("tier", {})},
        "sampling": {"tail": {"decision_wait": "2s", "keep": keep or KEEP, **more.pop("tail", {})}},
        "services": {
            "web": {
                "language": "go",
                "calls": ["api"],
                "traffic": {"requests_per_second": rate, "spans_per_trace": SPANS, **SHARES},
            },
            "api": {"language": "go"},
        },
        **more,
    }


class NameService:
    """One name with several addresses, in a hosts file that only the balancer sees: it needs its own mounts."""

    def __init__(self, folder: Path, collector: Path) -> None:
        """Skips the test where a process cannot have mounts of its own."""
        self._hosts = folder / "hosts"
        self.port = free_port()
        self.balancer = folder / "balancer"
        mounted = f'mount --bind "{self._hosts}" /etc/hosts && exec "$0" "$@"'
        script = f'#!/bin/sh\nexec unshare -m sh -c \'{mounted}\' "{collector}" "$@"\n'
        self.balancer.write_text(script, encoding="utf-8")
        self.balancer.chmod(0o755)
        self.says(1)
        tried = subprocess.run(["unshare", "-m", "mount", "--bind", self._hosts, "/etc/hosts"], capture_output=True)
        if tried.returncode:
            pytest.skip(f"no mounts of its own for a process: {tried.stderr.decode().strip()}")

    def says(self, replicas: int) -> None:
        """The name leads to so many addresses from now on."""
        lines = [f"127.0.0.{number + 2} {GATEWAY}\n" for number in range(replicas)]
        self._hosts.write_text("127.0.0.1 localhost\n" + "".join(lines), encoding="utf-8")

    def adapt(self, config: Any, replica: int) -> Any:
        """The same port at another address for each replica, as containers have it."""
        for name, exporter in config.get("exporters", {}).items():
            if name.startswith("load_balancing/"):
                exporter["resolver"]["dns"]["port"] = str(self.port)
        if "tail_sampling" in config.get("processors", {}):
            config["receivers"]["otlp"]["protocols"]["grpc"]["endpoint"] = f"127.0.0.{replica + 1}:{self.port}"
        return config


@contextmanager
def running(
    folder: Path,
    collector: Path,
    *,
    replicas: int = 1,
    files: Mapping[str, Path] | None = None,
    names: NameService | None = None,
    **said: Any,
) -> Iterator[Sampling]:
    """Gateways, a balancer before several of them, and a recorder behind them; with `files`, encrypted."""
    run = folder / "run"
    run.mkdir()
    with Recorder(collector, run) as recorder:
        outside = {BACKEND: recorder.http}
        rendered = compiled(folder, specification(replicas=replicas, **said))
        listed = without_name_server(GATEWAY, replicas)
        starting = 0

        def adapt(config: Any) -> Any:
            return names.adapt(config, starting) if names else listed(config)

        system = System(rendered, run, SECRETS, files=files, outside=outside, adapt=adapt)
        for number, name in enumerate(replica_names(GATEWAY, replicas), 1):
            outside[name] = system.address(GATEWAY, "otlp-grpc", number)
        started = []
        for starting in range(1, replicas + 1):
            started.append(system.start(GATEWAY, collector, starting))
        first = BALANCER if replicas > 1 else GATEWAY
        if names:
            names.says(replicas)
        if replicas > 1:
            started.append(system.start(BALANCER, names.balancer if names else collector))
        try:
            endpoint = f"{'https' if files else 'http'}://{system.address(first, 'otlp-http')}"
            yield Sampling(system, recorder, endpoint, started[:replicas])
        finally:
            for each in reversed(started):
                each.stop()
