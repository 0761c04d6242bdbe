"""Health checks that an agent cannot leave out: the real collector drops their spans, and nothing else."""

from pathlib import Path

import pytest

from programs.recorder import Recorder
from programs.running import Span, send_spans, wait_until
from programs.system import System
from support import compiled

SERVER, CLIENT = 2, 3
GATEWAY = "otel-gateway"
BACKEND = "backend.example.com:4318"


def spec(**service: object) -> dict[str, object]:
    return {
        "tracegen": 1,
        "name": "shop",
        "targets": ["compose"],
        "backend": {"type": "external", "endpoint": f"http://{BACKEND}"},
        "services": {"api": {"language": "dotnet", "image": "shop/api:1", "health": "/live", **service}},
    }


@pytest.mark.parametrize(("kind", "dropped"), [("auto", ["health"]), ("sdk", [])])
def test_only_health_checks_are_dropped(kind: str, dropped: list[str], tmp_path: Path, collector: Path) -> None:
    (tmp_path / "run").mkdir()
    spans = [
        Span("health", kind=SERVER, attributes={"url.path": "/live"}),
        Span("request", kind=SERVER, attributes={"url.path": "/lively"}),
        Span("call", kind=CLIENT, attributes={"url.path": "/live"}),
        Span("work"),
    ]
    with Recorder(collector, tmp_path / "run") as recorder:
        rendered = System(
            compiled(tmp_path, spec(instrumentation=kind)), tmp_path / "run", {}, outside={BACKEND: recorder.http}
        )
        with rendered.up(GATEWAY, collector):
            endpoint = f"http://{rendered.address(GATEWAY, 'otlp-http')}"
            send_spans(endpoint, {"service.name": "api"}, spans)
            send_spans(
                endpoint, {"service.name": "other"}, [Span("other", kind=SERVER, attributes={"url.path": "/live"})]
            )
            expected = sorted({"health", "request", "call", "work", "other"} - set(dropped))
            wait_until(lambda: recorder.names() == expected, 20)
