"""Read from what really writes: the Collector's file exporter, and Jaeger by both of its addresses."""

import json
import time
from pathlib import Path
from typing import Any

import pytest

from programs.running import Running, free_port, send_spans
from programs.running import Span as Sent
from programs.test_programs import JaegerPorts, jaeger_of, local
from tracegen.traces import Store, Wanted, read, remote, statistics

#: In whole microseconds, as the older address has them.
NOW = (time.time_ns() - 2_000_000_000) // 1_000 * 1_000


def sent() -> list[tuple[str, Sent]]:
    """Two traces over two services, one of them failed."""
    found = []
    for number in (1, 2):
        trace, root, child = f"{number:032x}", f"{number:016x}", f"{number + 100:016x}"
        found.append(
            ("web", Sent("GET /buy", trace, root, "", 2, NOW, 90_000_000, {"http.route": "/buy", "amount": 7}))
        )
        status = {"status": 2, "status_message": "no money"} if number == 2 else {}
        found.append(("pay", Sent("POST /pay", trace, child, root, 2, NOW + 10_000_000, 50_000_000, **status)))  # type: ignore[arg-type]
    return found


def check(store: Store) -> None:
    """All that was sent is there, once."""
    assert store.counts().held == 4
    found = statistics(store)
    assert found.edges["web", "pay"].requests.count == 2
    assert found.edges["web", "pay"].requests.errors == 1
    trace = store.trace(f"{2:032x}")
    assert trace is not None
    web, pay = trace.spans
    assert (web.name, web.kind_name, web.start, web.duration) == ("GET /buy", "server", NOW, 90_000_000)
    assert web.attributes.items() >= {"http.route": "/buy", "amount": 7}.items()
    assert (pay.status_name, pay.status_message, trace.parent_of(pay)) == ("error", "no money", web)


def send(endpoint: str) -> None:
    for service, span in sent():
        send_spans(endpoint, {"service.name": service}, [span])


def collector_that_writes(folder: Path, port: int, health: int, exporter: dict[str, Any]) -> Path:
    path = folder / "collector.yaml"
    configuration = {
        "service": {
            "extensions": ["health_check"],
            "pipelines": {"traces": {"receivers": ["otlp"], "exporters": ["file"]}},
            "telemetry": {"metrics": {"level": "none"}},
        },
        "extensions": {"health_check": {"endpoint": local(health)}},
        "receivers": {"otlp": {"protocols": {"http": {"endpoint": local(port)}}}},
        "exporters": {"file": exporter},
    }
    path.write_text(json.dumps(configuration))
    return path


@pytest.mark.parametrize("form", [{"format": "json"}, {"format": "proto"}], ids=["json", "proto"])
def test_what_the_file_exporter_writes_is_read(collector: Path, tmp_path: Path, form: dict[str, Any]) -> None:
    port, health, path = free_port(), free_port(), tmp_path / "traces"
    config = collector_that_writes(tmp_path, port, health, {"path": str(path), "flush_interval": "100ms", **form})
    with Running(collector, ["--config", str(config)], tmp_path, name="collector") as running:
        running.wait_until(f"http://{local(health)}/")
        send(f"http://{local(port)}")
    with Store() as store:
        store.add(read(str(path)))
        check(store)


@pytest.mark.parametrize("api", ["v3", "older"])
def test_what_a_jaeger_has_is_read(jaeger: Path, tmp_path: Path, api: str, monkeypatch: pytest.MonkeyPatch) -> None:
    ports = JaegerPorts.free()
    with jaeger_of(jaeger, ports, tmp_path) as running:
        running.wait_until(f"http://{local(ports.health)}/status")
        send(f"http://{local(ports.otlp)}")
        if api == "older":  # as a Jaeger before its third version of the API answers

            def missing(self: object) -> None:
                raise remote._NotThere

            monkeypatch.setattr(remote._Backend, "jaeger", missing)

        def whole() -> bool:
            with Store() as store:
                store.add(read(f"http://{local(ports.query)}", Wanted()))
                return store.counts().held == 4

        running.wait_until(whole)
        with Store() as store:
            store.add(read(f"http://{local(ports.query)}", Wanted()))
            check(store)
        with Store() as store:
            store.add(read(f"http://{local(ports.query)}", Wanted(service="nobody")))
            assert store.counts().held == 0
