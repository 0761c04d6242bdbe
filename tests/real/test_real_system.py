"""Rendered files, started as rendered: spans in at the collector, out of Jaeger's API, and none lost in a crash."""

import subprocess
from pathlib import Path
from typing import Any

import pytest

from programs.running import Span, StoredSpan, fetch, read_trace, send_spans, wait_until
from programs.system import System
from support import compiled, one_service

SPEC = one_service(services={"api": {"language": "python", "calls": ["stock"]}, "stock": {"language": "go"}})


def spec(storage: str, **collector: Any) -> dict[str, Any]:
    return {**SPEC, "backend": {"type": "jaeger", "storage": storage}, "collector": collector}


def system(tmp_path: Path, described: dict[str, Any]) -> System:
    return System(compiled(tmp_path, described), tmp_path / "run")


@pytest.mark.parametrize("storage", ["memory", "badger"])
@pytest.mark.parametrize("queue", ["memory", "persistent"])
@pytest.mark.parametrize("metrics", [False, True])
def test_the_real_programs_accept_what_is_rendered(
    tmp_path: Path, jaeger: Path, collector: Path, storage: str, queue: str, metrics: bool
) -> None:
    rendered = system(tmp_path, {**spec(storage, queue=queue), "metrics": metrics})
    for component, program in (("jaeger", jaeger), ("otel-gateway", collector)):
        command = [str(program), "validate", "--config", str(rendered.config_path(component))]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stderr
        assert "deprecated" not in done.stdout + done.stderr


@pytest.mark.parametrize("storage", ["memory", "badger"])
def test_a_span_goes_in_at_the_collector_and_comes_out_of_jaeger(
    tmp_path: Path, jaeger: Path, collector: Path, storage: str
) -> None:
    rendered = system(tmp_path, spec(storage))
    with rendered.up("jaeger", jaeger), rendered.up("otel-gateway", collector):
        sent = Span("GET /cart", attributes={"http.route": "/cart"}, status=2, status_message="no stock")
        resource = {"service.name": "api", "service.namespace": "shop", "service.version": "1.4"}
        send_spans(f"http://{rendered.address('otel-gateway', 'otlp-http')}", resource, [sent])
        found = stored(rendered, sent.trace_id)
        assert found[0].span.name == "GET /cart"
        assert found[0].span.attributes["http.route"] == "/cart"
        assert found[0].resource["service.name"] == "api"
        assert found[0].resource["service.namespace"] == "shop"


def test_the_persistent_queue_loses_nothing_when_the_collector_is_killed(
    tmp_path: Path, jaeger: Path, collector: Path
) -> None:
    rendered = system(tmp_path, spec("badger"))
    gateway = rendered.start("otel-gateway", collector)
    spans = acknowledged(rendered, 2_000)
    gateway.kill9()
    with gateway, rendered.up("jaeger", jaeger):
        lost = [span for span in spans if not is_stored(rendered, span.trace_id)]
        assert not lost, f"{len(lost)} of {len(spans)} acknowledged spans are gone"


def test_what_the_memory_queue_holds_is_gone_when_the_collector_is_killed(
    tmp_path: Path, jaeger: Path, collector: Path
) -> None:
    """The counter-proof: without the disk, the test above would find spans missing."""
    rendered = system(tmp_path, spec("badger", queue="memory"))
    gateway = rendered.start("otel-gateway", collector)
    spans = acknowledged(rendered, 50)
    gateway.kill9()
    with gateway, rendered.up("jaeger", jaeger):
        marker = acknowledged(rendered, 1)[0]
        stored(rendered, marker.trace_id)
        assert read_trace(ui(rendered), spans[0].trace_id) is None


def test_spans_in_badger_survive_a_killed_jaeger(tmp_path: Path, jaeger: Path, collector: Path) -> None:
    rendered = system(tmp_path, spec("badger"))
    backend = rendered.start("jaeger", jaeger)
    with rendered.up("otel-gateway", collector):
        spans = acknowledged(rendered, 100)
        stored(rendered, spans[-1].trace_id)
        backend.kill9()
        waiting = acknowledged(rendered, 100)
        with backend:
            rendered.wait_healthy("jaeger", backend)
            for span in (*spans, *waiting):
                stored(rendered, span.trace_id)


def test_the_health_check_of_the_collector_tells_alive_from_dead(tmp_path: Path, collector: Path) -> None:
    rendered = system(tmp_path, spec("memory"))
    gateway = rendered.start("otel-gateway", collector)
    assert rendered.run_health_command("otel-gateway", collector) == 0
    gateway.kill9()
    assert rendered.run_health_command("otel-gateway", collector) != 0


def test_rate_errors_and_duration_are_counted_by_the_names_that_jaeger_asks_for(
    tmp_path: Path, jaeger: Path, collector: Path
) -> None:
    rendered = system(tmp_path, {**spec("memory"), "metrics": True})
    with rendered.up("jaeger", jaeger), rendered.up("otel-gateway", collector):
        address = f"http://{rendered.address('otel-gateway', 'otlp-http')}"
        failed = Span("GET /cart", kind=2, attributes={"http.route": "/cart"}, status=2)
        send_spans(address, {"service.name": "api"}, [Span("GET /cart", kind=2), failed])
        page = f"http://{rendered.address('otel-gateway', 'span-metrics')}/metrics"
        text = wait_until(lambda: counted(fetch(page).body.decode()), 40)
    assert 'service_name="api"' in text and 'status_code="STATUS_CODE_ERROR"' in text
    assert "traces_span_metrics_duration_milliseconds_bucket" in text


def counted(text: str) -> str:
    """The page, once it shows calls."""
    return text if "traces_span_metrics_calls_total" in text else ""


def test_each_replica_has_a_queue_of_its_own(tmp_path: Path, jaeger: Path, collector: Path) -> None:
    rendered = system(tmp_path, spec("memory", replicas=2))
    with (
        rendered.up("jaeger", jaeger),
        rendered.up("otel-gateway", collector, replica=1),
        rendered.up("otel-gateway", collector, replica=2),
    ):
        for replica in (1, 2):
            span = Span("GET /")
            address = rendered.address("otel-gateway", "otlp-http", replica)
            send_spans(f"http://{address}", {"service.name": "api"}, [span])
            stored(rendered, span.trace_id)


def ui(rendered: System) -> str:
    return f"http://{rendered.address('jaeger', 'ui')}"


def is_stored(rendered: System, trace_id: str) -> bool:
    return bool(stored(rendered, trace_id))


def stored(rendered: System, trace_id: str) -> list[StoredSpan]:
    """The spans of a trace, once the backend has them."""
    return wait_until(lambda: read_trace(ui(rendered), trace_id))


def acknowledged(rendered: System, count: int) -> list[Span]:
    """Traces of one span that the collector has acknowledged."""
    spans = [Span(f"GET /{number}") for number in range(count)]
    for start in range(0, count, 100):
        address = f"http://{rendered.address('otel-gateway', 'otlp-http')}"
        send_spans(address, {"service.name": "api"}, spans[start : start + 100])
    return spans
