"""Rendered strategies, served for real by Jaeger and by the collector before Tempo, and changed without a restart."""

import json
from pathlib import Path
from typing import Any

import pytest

from programs.running import fetch, wait_until
from programs.system import System
from support import compiled

#: The file is read again every ten seconds.
RELOADED = 25


def rendered(folder: Path, backend: str, ratio: float = 0.25) -> System:
    spec = {
        "tracegen": 1,
        "name": "shop",
        "targets": ["compose"],
        "backend": {"type": backend, "storage": "memory" if backend == "jaeger" else "local"},
        "sampling": {"head": {"type": "remote", "default": {"ratio": ratio}}},
        "services": {
            "web": {"language": "go", "sampling": {"operations": {"GET /healthz": {"ratio": 0}}}},
            "api": {"language": "java", "sampling": {"head": {"type": "rate_limit", "traces_per_second": 5}}},
            "worker": {"language": "python", "sampling": {"head": "always_on"}},
        },
    }
    folder.mkdir(exist_ok=True)
    return System(compiled(folder, spec), folder / "run")


def served(system: System, component: str, service: str) -> dict[str, Any]:
    """What a service is told; the kinds are words, or numbers in older programs."""
    answer = fetch(f"http://{system.address(component, 'sampling-http')}/sampling?service={service}")
    found: dict[str, Any] = json.loads(answer.body)
    return found


@pytest.fixture(params=["jaeger", "tempo"])
def server(request: pytest.FixtureRequest) -> tuple[str, str, Path]:
    """Backend, the component that serves strategies, and its program."""
    component, program = {"jaeger": ("jaeger", "jaeger"), "tempo": ("otel-gateway", "collector")}[request.param]
    return request.param, component, request.getfixturevalue(program)


def test_each_service_is_told_its_strategy_and_a_changed_file_needs_no_restart(
    tmp_path: Path, server: tuple[str, str, Path]
) -> None:
    backend, component, program = server
    system = rendered(tmp_path / "one", backend)
    with system.up(component, program):
        web = served(system, component, "web")
        assert ratio(web) == 0.25
        assert operations(web) == {"GET /healthz": 0}
        assert served(system, component, "api")["rateLimitingSampling"] == {"maxTracesPerSecond": 5}
        assert ratio(served(system, component, "somebody-else")) == 0.25
        changed = rendered(tmp_path / "two", backend, ratio=0.75)
        replace_file(system, component, changed)
        wait_until(lambda: ratio(served(system, component, "web")) == 0.75, RELOADED)
        assert operations(served(system, component, "web")) == {"GET /healthz": 0}


def test_services_ask_where_strategies_are_served(tmp_path: Path) -> None:
    for backend, component in (("jaeger", "jaeger"), ("tempo", "otel-gateway")):
        system = rendered(tmp_path / backend, backend)
        files = {
            name: system.rendered.tree[f"services/{name}/otel.env"].decode() for name in ("web", "api", "worker")
        }
        ports = {port.name: port.number for port in system.components[component].ports}
        assert f"endpoint=http://{component}:{ports['sampling-http']}," in files["web"]
        assert f"endpoint=http://{component}:{ports['sampling-grpc']}," in files["api"]
        assert "OTEL_TRACES_SAMPLER=parentbased_jaeger_remote\n" in files["web"] + files["api"]
        assert "OTEL_TRACES_SAMPLER=parentbased_always_on\n" in files["worker"]


def ratio(told: dict[str, Any]) -> float:
    found: float = told["probabilisticSampling"]["samplingRate"]
    return found


def operations(told: dict[str, Any]) -> dict[str, float]:
    strategies = told["operationSampling"]["perOperationStrategies"]
    return {each["operation"]: each["probabilisticSampling"].get("samplingRate", 0) for each in strategies}


def replace_file(system: System, component: str, changed: System) -> None:
    """As a render does: another file takes the place of the old one."""
    (mount,) = [each for each in system.components[component].files if each.live]
    target = system.folder / component / mount.target.lstrip("/")
    new = target.with_name("new")
    new.write_bytes(changed.rendered.tree[mount.source])
    new.replace(target)
