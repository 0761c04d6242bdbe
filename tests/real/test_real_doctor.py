"""The doctor looks at what runs: real Collector and Jaeger, healthy, and with faults planted one by one."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from doctor.faults import LIVE, SERVICES, certificates, written
from programs.running import LOOPBACK, Span, free_port, send_spans
from programs.system import System
from support import compiled, development_certificates, one_service, tracegen

GATEWAY = "otel-gateway"
SECONDS_ALLOWED = 25
PLAIN = one_service(backend={"type": "jaeger", "storage": "memory"}, services=SERVICES)
TAIL = {**PLAIN, "sampling": {"tail": {"decision_wait": "2s", "keep": ["errors", {"ratio": 0.1}]}}}
FILES = {
    each: {"file": f"certs/{name}"} for each, name in (("ca", "ca.pem"), ("cert", "tls.crt"), ("key", "tls.key"))
}
BEARER = {**PLAIN, "security": {"ingest_auth": {"bearer": {"env": "INGEST_TOKEN"}}}}
SECURE = {**PLAIN, "security": {"tls": {"enabled": True, **FILES}}}


@dataclass(frozen=True)
class Looked:
    """A system, and how the doctor looks at it."""

    folder: Path
    system: System
    more: dict[str, str]

    def at(self) -> list[str]:
        """Where each port of each component is."""
        known = {
            f"{name}:{port.number}": self.system.address(name, port.number)
            for name, part in self.system.components.items()
            for port in part.ports
            if part.platform
        }
        return [word for there, here in {**known, **self.more}.items() for word in ("--at", f"{there}={here}")]

    def found(self) -> list[dict[str, Any]]:
        """What is found, within the time that is allowed."""
        began = time.monotonic()
        spec = self.folder / "tracegen.yaml"
        ran = tracegen("doctor", spec, "--live", "--format", "json", *self.at())
        assert time.monotonic() - began < SECONDS_ALLOWED
        assert ran.code in (0, 1), ran.err
        findings: list[dict[str, Any]] = json.loads(ran.out)["findings"]
        return findings


def rendered(folder: Path, spec: Mapping[str, Any], secrets: Mapping[str, str] | None = None, **more: Any) -> Looked:
    built = compiled(folder, dict(spec))
    written(folder, built)
    return Looked(folder, System(built, folder / "run", secrets, **more), {})


@contextmanager
def up(looked: Looked, *programs: tuple[str, Path]) -> Iterator[None]:
    """Programs that run as long as the block does."""
    started = [looked.system.start(name, program) for name, program in programs]
    try:
        yield
    finally:
        for each in reversed(started):
            each.stop()


def only(findings: list[dict[str, Any]]) -> tuple[str, str]:
    """The one hop that is named; services may have lines of their own for it."""
    assert findings and len({(each["hop"], each["evidence"]) for each in findings}) == 1, findings
    return findings[0]["hop"], findings[0]["evidence"]


@pytest.mark.parametrize("spec", [PLAIN, TAIL], ids=["plain", "tail"])
def test_nothing_is_found_in_a_healthy_system(
    tmp_path: Path, jaeger: Path, collector: Path, spec: dict[str, Any]
) -> None:
    looked = rendered(tmp_path, spec)
    with up(looked, ("jaeger", jaeger), (GATEWAY, collector)):
        assert looked.found() == []
        ran = tracegen("doctor", tmp_path / "tracegen.yaml", "--live", *looked.at())
        assert ran.code == 0 and "live: checkout: environment" in ran.out and "no broken hop" in ran.out


def test_faults_of_addresses_and_programs_that_are_gone(tmp_path: Path, jaeger: Path, collector: Path) -> None:
    looked = rendered(tmp_path, PLAIN)
    assert only(looked.found())[0] == LIVE["collector not started"]
    with up(looked, (GATEWAY, collector)):
        hop, evidence = only(looked.found())
        assert hop == LIVE["backend not started"] and "jaeger:4317" in evidence
    with up(looked, ("jaeger", jaeger), (GATEWAY, collector)):
        looked.more[f"{GATEWAY}:4318"] = looked.system.address(GATEWAY, 4317)
        hop, evidence = only(looked.found())
        assert hop == LIVE["gRPC where HTTP is spoken"] and "speaks grpc" in evidence
        looked.more[f"{GATEWAY}:4318"] = looked.system.address(GATEWAY, 4318)
        looked.more["jaeger:16686"] = f"{LOOPBACK}:{free_port()}"
        assert only(looked.found())[0] == LIVE["API of the backend gone"]


def test_a_wrong_token_is_refused(tmp_path: Path, jaeger: Path, collector: Path) -> None:
    looked = rendered(tmp_path, BEARER, {"INGEST_TOKEN": "the-right-one"})
    with up(looked, ("jaeger", jaeger), (GATEWAY, collector)):
        (tmp_path / ".env").write_text("INGEST_TOKEN=the-right-one\n", encoding="utf-8")
        assert looked.found() == []
        (tmp_path / ".env").write_text("INGEST_TOKEN=another\n", encoding="utf-8")
        hop, evidence = only(looked.found())
        assert hop == LIVE["wrong token"] and "401" in evidence


@pytest.mark.parametrize(
    ("fault", "how", "words"),
    [
        ("expired certificate", {"expired": True}, "has expired"),
        ("certificate of another authority", {"take": ("tls.crt", "tls.key")}, "authority that is not trusted"),
        ("certificate for another name", {"hosts": ("gateway.example.com",)}, "not for that name"),
    ],
)
def test_a_certificate_that_is_wrong_where_it_runs(
    tmp_path: Path, collector: Path, fault: str, how: dict[str, Any], words: str
) -> None:
    """The files that the doctor sees are right: what runs has others."""
    running = tmp_path / "running"
    (running / "certs").mkdir(parents=True)
    development_certificates(running / "certs", GATEWAY, "jaeger")
    (tmp_path / "certs").mkdir()
    for name in ("ca.pem", "ca.key", "tls.crt", "tls.key"):
        (tmp_path / "certs" / name).write_bytes((running / "certs" / name).read_bytes())
    if "hosts" in how:
        # The authority that is there signs it.
        development_certificates(running / "certs", *how["hosts"])
    else:
        certificates(**how)(running)
    files = {f"certs/{name}": running / "certs" / name for name in ("ca.pem", "tls.crt", "tls.key")}
    looked = rendered(tmp_path, SECURE, files=files)
    with up(looked, (GATEWAY, collector)):
        hop, evidence = only(looked.found())
    assert hop == LIVE[fault] and words in evidence


def test_a_dead_storage_is_named_and_not_what_waits_for_it(tmp_path: Path, collector: Path) -> None:
    looked = rendered(tmp_path, one_service(backend={"type": "jaeger", "storage": "opensearch"}, services=SERVICES))
    with up(looked, (GATEWAY, collector)):
        hop, evidence = only(looked.found())
    assert hop == LIVE["dead storage"] and "opensearch:9200" in evidence


def test_a_full_queue_is_named(tmp_path: Path, collector: Path) -> None:
    small = {"exporters": {"otlp_grpc/jaeger": {"sending_queue": {"queue_size": 50, "batch": None}}}}
    looked = rendered(tmp_path, {**PLAIN, "overrides": {"collector/gateway.yaml": small}})
    with silent() as address, up(looked, (GATEWAY, collector)):
        looked.more.update({f"jaeger:{port}": address for port in (4317, 4318, 16686)})
        host, port = looked.system.address("jaeger", 4317).split(":")
        with silent(host, int(port)):
            for _ in range(60):
                try:
                    send_spans(f"http://{looked.system.address(GATEWAY, 4318)}", {"service.name": "x"}, [Span("x")])
                except Exception:
                    break
            hop, evidence = only(looked.found())
    assert hop == LIVE["full queue"] and "full" in evidence


def test_a_memory_limiter_that_refuses_is_named(tmp_path: Path, collector: Path) -> None:
    tiny = {"processors": {"memory_limiter": {"limit_mib": 12, "spike_limit_mib": 8, "check_interval": "100ms"}}}
    looked = rendered(tmp_path, {**PLAIN, "overrides": {"collector/gateway.yaml": tiny}})
    with up(looked, (GATEWAY, collector)):
        time.sleep(1)
        hop, evidence = only(looked.found())
    assert hop == LIVE["memory limiter that refuses"] and "refuse" in evidence


def test_a_clock_an_hour_off_is_named(tmp_path: Path, jaeger: Path, collector: Path) -> None:
    looked = rendered(tmp_path, PLAIN)
    with up(looked, ("jaeger", jaeger), (GATEWAY, collector)):
        call(looked, drops_headers=False, ahead=3600)
        findings = looked.found()
    assert only(findings)[0] == LIVE["clock an hour off"] and findings[0]["services"] == ["checkout"]
    assert "+3,600 s" in findings[0]["evidence"]


def test_a_proxy_that_drops_headers_is_named(tmp_path: Path, jaeger: Path, collector: Path) -> None:
    looked = rendered(tmp_path, PLAIN)
    with up(looked, ("jaeger", jaeger), (GATEWAY, collector)):
        call(looked, drops_headers=True)
        hop, evidence = only(looked.found())
        assert hop == LIVE["proxy that drops traceparent"] and "without traceparent" in evidence
        call(looked, drops_headers=False)
        assert looked.found() == []


def call(looked: Looked, *, drops_headers: bool, ahead: float = 0) -> None:
    """The frontend calls checkout; both send their spans, and Jaeger has them."""
    address = f"http://{looked.system.address(GATEWAY, 4318)}"
    client = Span("GET", kind=3, attributes={"server.address": "checkout"})
    parent = {} if drops_headers else {"trace_id": client.trace_id, "parent_id": client.span_id}
    start = time.time_ns() - 50_000_000 + round(ahead * 1e9)
    answered = Span("GET /", kind=2, start=start, duration=10_000_000, **parent)  # type: ignore[arg-type]
    send_spans(address, {"service.name": "frontend"}, [client])
    send_spans(address, {"service.name": "checkout"}, [answered])
    time.sleep(1)


@contextmanager
def silent(host: str = LOOPBACK, port: int = 0) -> Iterator[str]:
    """A server that takes connections and says nothing."""
    with socket.create_server((host, port or free_port())) as server:
        taken = []
        ended = threading.Event()

        def take() -> None:
            server.settimeout(0.2)
            while not ended.is_set():
                try:
                    taken.append(server.accept()[0])
                except TimeoutError:
                    continue

        thread = threading.Thread(target=take)
        thread.start()
        try:
            yield f"{host}:{server.getsockname()[1]}"
        finally:
            ended.set()
            thread.join()
            for each in taken:
                each.close()
