"""The rendered queues in the real Collector: full, damaged, shared, emptied; and what is counted from spans."""

import http.client
import os
import time
from pathlib import Path
from typing import Any

import pytest

from programs.recorder import Recorder
from programs.running import Span, fetch, free_port, send_spans, wait_until
from programs.system import System
from sizes import payload, scrape
from support import compiled, one_service

_BACKEND = "backend.example.com:4318"
_EXTERNAL = {"type": "external", "endpoint": f"http://{_BACKEND}"}


def system(folder: Path, outside: dict[str, str], **said: Any) -> System:
    return System(compiled(folder, one_service(**{"backend": _EXTERNAL, **said})), folder / "run", outside=outside)


def send(rendered: System, spans: list[Span], **resource: str) -> None:
    address = f"http://{rendered.address('otel-gateway', 'otlp-http')}"
    send_spans(address, {"service.name": "api", **resource}, spans)


def own(rendered: System, metric: str) -> float:
    return scrape(f"http://{rendered.address('otel-gateway', 8888)}/metrics").get(metric, 0.0)


def queue_of(*, spans: int, **more: Any) -> dict[str, Any]:
    """Overrides for a queue that is soon full."""
    batch = {"flush_timeout": "100ms", "sizer": "items", "min_size": 50, "max_size": 50}
    queue = {"queue_size": spans, "batch": batch, **more}
    return {"collector/gateway.yaml": {"exporters": {"otlp_http/backend": {"sending_queue": queue}}}}


def test_a_damaged_queue_stops_the_collector_until_its_file_is_gone(tmp_path: Path, collector: Path) -> None:
    """As TRACING.md says. A write that a power failure lost leaves pages of zeros."""
    rendered = system(tmp_path, {_BACKEND: f"127.0.0.1:{free_port()}"})
    gateway = rendered.start("otel-gateway", collector)
    for _ in range(40):
        send(rendered, [Span(f"GET /{number}", attributes={"text": "x" * 500}) for number in range(100)])
    gateway.kill9()
    (file,) = [each for each in (tmp_path / "run").rglob("exporter_*") if each.is_file()]
    data = bytearray(file.read_bytes())
    size = os.sysconf("SC_PAGE_SIZE")
    for page in range(4, len(data) // size, 3):
        data[page * size : (page + 1) * size] = bytes(size)
    file.write_bytes(data)
    gateway.start()
    wait_until(lambda: not gateway.alive or None, 30)
    assert any(word in gateway.output() for word in ("panic", "invalid database", "fatal error"))
    file.unlink()
    gateway.start()
    rendered.wait_healthy("otel-gateway", gateway)
    send(rendered, [Span("GET /again")])
    gateway.stop()


def test_behind_tail_sampling_a_full_queue_makes_senders_wait(tmp_path: Path, collector: Path) -> None:
    """Without `block_on_overflow` all were acknowledged, and what the queue had no room for was lost."""
    recorder = Recorder(collector, tmp_path)
    rendered = system(
        tmp_path,
        {_BACKEND: recorder.http},
        sampling={"tail": {"decision_wait": "1s", "keep": ["errors"]}},
        overrides=queue_of(spans=200),
    )
    taken, patience = 0, 2.0
    with rendered.up("otel-gateway", collector):
        for _ in range(20):
            try:
                _post(rendered, patience)
                taken += 50
            except TimeoutError:
                break
        else:
            pytest.fail("a thousand spans were taken into a queue for two hundred")
        assert own(rendered, "otelcol_exporter_enqueue_failed_spans_total") == 0
        with recorder:
            wait_until(lambda: len(recorder.spans()) >= taken or None, 90)


def _post(rendered: System, seconds: float) -> None:
    host, _, port = rendered.address("otel-gateway", "otlp-http").partition(":")
    connection = http.client.HTTPConnection(host, int(port), timeout=seconds)
    connection.request("POST", "/v1/traces", payload(50, failed=True), {"Content-Type": "application/x-protobuf"})
    assert connection.getresponse().status == 200
    time.sleep(0.3)


def test_a_queue_that_has_emptied_gives_its_disk_back(tmp_path: Path, collector: Path) -> None:
    recorder = Recorder(collector, tmp_path)
    small = {"compaction": {"rebound_needed_threshold_mib": 4, "rebound_trigger_threshold_mib": 2}}
    overrides = {"collector/gateway.yaml": {"extensions": {"file_storage": small}}}
    rendered = system(tmp_path, {_BACKEND: recorder.http}, overrides=overrides)
    with rendered.up("otel-gateway", collector):
        for _ in range(40):
            send(rendered, [Span(f"GET /{number}", attributes={"text": "x" * 1_500}) for number in range(100)])
        (file,) = [each for each in (tmp_path / "run").rglob("exporter_*") if each.is_file()]
        full = file.stat().st_size
        with recorder:
            wait_until(lambda: file.stat().st_size < full / 2 or None, 90)


def test_starts_of_a_process_add_no_series(tmp_path: Path, collector: Path) -> None:
    """Twelve deployments of twenty services were the end of a collector: each start added all its series for good."""
    rendered = system(tmp_path, {_BACKEND: f"127.0.0.1:{free_port()}"}, metrics=True)
    with rendered.up("otel-gateway", collector):
        for start in range(20):
            send(rendered, [Span(f"GET /{number}") for number in range(10)], **{"service.instance.id": f"id-{start}"})
        counted = f"http://{rendered.address('otel-gateway', 8889)}/metrics"
        wait_until(lambda: scrape(counted).get("traces_span_metrics_calls_total") == 200 or None, 40)
        page = fetch(counted).body.decode()
    calls = [line for line in page.splitlines() if line.startswith("traces_span_metrics_calls_total")]
    assert len(calls) == 10, "one a name"
    assert "id-" not in page


def test_a_tenant_whose_queue_is_full_does_not_hold_up_the_others(tmp_path: Path, collector: Path) -> None:
    """Agents sent tenants together: one that was refused had all of them repeated, and stored, without end."""
    recorder = Recorder(collector, tmp_path)
    queue = {"queue_size": 50, "batch": {"flush_timeout": "100ms", "sizer": "items", "min_size": 1, "max_size": 10}}
    away = {"endpoint": f"127.0.0.1:{free_port()}", "sending_queue": queue}
    rendered = System(
        compiled(
            tmp_path,
            one_service(
                backend={"type": "tempo", "tenants": ["red", "blue"]},
                services={"a": {"language": "go", "tenant": "red"}, "b": {"language": "go", "tenant": "blue"}},
                collector={"topology": "agent+gateway"},
                overrides={"collector/gateway.yaml": {"exporters": {"otlp_grpc/tempo-blue": away}}},
            ),
        ),
        tmp_path / "run",
        outside={"tempo:4317": recorder.grpc},
    )
    with recorder, rendered.up("otel-gateway", collector), rendered.up("otel-agent", collector):
        agent = f"http://{rendered.address('otel-agent', 'otlp-http')}"
        for round_ in range(10):
            for tenant in ("blue", "red"):
                spans = [Span(f"{tenant} {round_}-{number}") for number in range(20)]
                send_spans(agent, {"service.name": tenant, "tenant.id": tenant}, spans)
        refused = "otelcol_receiver_refused_spans_total"
        wait_until(lambda: own(rendered, refused) > 0 or None, 60)
        wait_until(lambda: len(recorder.names()) >= 200 or None, 60)
        time.sleep(3)
        assert recorder.names() == sorted(f"red {round_}-{number}" for round_ in range(10) for number in range(20))
