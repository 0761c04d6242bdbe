"""Whether derived sizes carry the traffic they are derived from: `make judges` runs it and dates docs/sizing.md.

A spec with a stated rate is rendered; the real gateway and the real Jaeger run from the rendered files, each in a
memory cgroup of its rendered size (as root, version 1 or 2; elsewhere nothing limits them but GOMEMLIMIT, and the
table says so). Traces of eight spans of 800 bytes come at the stated rate. Machines are noisy: what counts is whether
the queue is flat and nothing is refused, and the ratio between two sizes on the same machine, not seconds.
"""

from __future__ import annotations

import argparse
import http.client
import os
import re
import secrets
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from programs.build import find
from programs.jaeger_words import as_the_judge_knows_it
from programs.running import Running
from programs.system import System
from support import compiled, one_service

SPANS_OF_A_TRACE, BYTES_OF_A_SPAN = 8, 800
REQUESTS_A_SECOND = 4
_TICKS = os.sysconf("SC_CLK_TCK")
_CGROUPS = Path("/sys/fs/cgroup")


@dataclass(frozen=True)
class Load:
    """What is rendered and sent: `backend` of the spec, spans a second, for so many seconds."""

    backend: Mapping[str, Any]
    rate: int
    seconds: int


@dataclass
class Outcome:
    """What came of it, in spans; memory in MiB, CPU in seconds; `queue` at each quarter of the time."""

    memory: int
    offered: int = 0
    turned_away: int = 0
    accepted: float = 0
    refused: float = 0
    queue: tuple[int, ...] = ()
    peak: float = 0
    cpu: float = 0
    limited: bool = True

    def row(self, load: Load) -> str:
        """A row of the table in docs/sizing.md."""
        queue = " → ".join(f"{each:,}" for each in self.queue)
        return (
            f"| {load.rate:,} | {self.memory:,} | {load.seconds} s | {self.offered:,} | {self.refused:,.0f} "
            f"({self.refused / max(1, self.refused + self.accepted):.1%}) | {queue} | {self.peak:,.0f} "
            f"| {self.cpu / max(1, self.accepted) * 1e6:,.0f} µs |"
        )


@contextmanager
def limited(name: str, pid: int, limit: int) -> Iterator[Path | None]:
    """A memory cgroup around a process; None where this machine has none to give."""
    one = _CGROUPS / "memory"
    folder = (one if one.is_dir() else _CGROUPS) / f"tracegen-{name}-{os.getpid()}"
    file = "memory.limit_in_bytes" if one.is_dir() else "memory.max"
    try:
        folder.mkdir()
        (folder / file).write_text(str(limit))
        (folder / "cgroup.procs").write_text(str(pid))
    except OSError:
        with suppress(OSError):
            folder.rmdir()
        yield None
        return
    try:
        yield folder
    finally:
        with suppress(OSError):
            (folder.parent / "cgroup.procs").write_text(str(pid))
            folder.rmdir()


def run(load: Load, folder: Path) -> Outcome:
    """One rate at one size."""
    each = {"requests_per_second": load.rate / SPANS_OF_A_TRACE, "spans_per_trace": SPANS_OF_A_TRACE}
    spec = one_service(backend=dict(load.backend), services={"api": {"language": "go", "traffic": each}})
    folder.mkdir(parents=True, exist_ok=True)
    rendered = compiled(folder, spec)
    system = System(rendered, folder / "run", adapt=as_the_judge_knows_it)
    memory = {name: part.resources.memory for name, part in rendered.system.components.items() if part.resources}
    backend, gateway = system.prepare("jaeger", find("jaeger")), system.prepare("otel-gateway", find("collector"))
    outcome = Outcome(memory["jaeger"] // 2**20)
    with backend, limited("backend", backend.pid, memory["jaeger"]) as group:
        system.wait_healthy("jaeger", backend, seconds=120)
        with gateway, limited("gateway", gateway.pid, memory["otel-gateway"]):
            system.wait_healthy("otel-gateway", gateway)
            outcome.limited = group is not None
            _offer(system, load, outcome)
            told = scrape(f"http://{system.address('jaeger', 8888)}/metrics")
            outcome.accepted = told.get("otelcol_receiver_accepted_spans_total", 0)
            outcome.refused = told.get("otelcol_receiver_refused_spans_total", 0)
            outcome.peak, outcome.cpu = _peak(group, backend), cpu(backend)
    return outcome


def _offer(system: System, load: Load, outcome: Outcome) -> None:
    host, _, port = system.address("otel-gateway", "otlp-http").partition(":")
    connection = http.client.HTTPConnection(host, int(port), timeout=30)
    metrics = f"http://{system.address('otel-gateway', 8888)}/metrics"
    begin, quarters = time.monotonic(), [scrape(metrics).get("otelcol_exporter_queue_size", 0)]
    for number in range(load.seconds * REQUESTS_A_SECOND):
        spans = load.rate // REQUESTS_A_SECOND
        time.sleep(max(0.0, begin + number / REQUESTS_A_SECOND - time.monotonic()))
        outcome.offered += spans
        if not _sent(connection, payload(spans)):
            outcome.turned_away += spans
        if number >= load.seconds * REQUESTS_A_SECOND * len(quarters) / 4:
            quarters.append(scrape(metrics).get("otelcol_exporter_queue_size", 0))
            print(f"  {time.monotonic() - begin:.0f} s: queue {quarters[-1]:,.0f}", file=sys.stderr, flush=True)
    quarters.append(scrape(metrics).get("otelcol_exporter_queue_size", 0))
    outcome.queue = tuple(int(each) for each in quarters)


def _sent(connection: http.client.HTTPConnection, body: bytes) -> bool:
    try:
        connection.request("POST", "/v1/traces", body, {"Content-Type": "application/x-protobuf"})
        answer = connection.getresponse()
        answer.read()
    except (OSError, http.client.HTTPException):
        connection.close()
        return False
    return answer.status == 200


def payload(spans: int, failed: bool = False) -> bytes:
    """Whole traces, each span of about 800 bytes and without an error unless `failed`."""
    message = ExportTraceServiceRequest()
    resource = message.resource_spans.add()
    name = resource.resource.attributes.add(key="service.name")
    name.value.string_value = "api"
    scope, now, trace = resource.scope_spans.add(), time.time_ns(), b""
    for number in range(spans):
        trace = secrets.token_bytes(16) if number % SPANS_OF_A_TRACE == 0 else trace
        span = scope.spans.add(
            trace_id=trace, span_id=secrets.token_bytes(8), name=f"GET /items/{number % 40}", kind=2
        )
        span.status.code = 2 if failed else 0
        span.start_time_unix_nano, span.end_time_unix_nano = now - 5_000_000, now
        for key in range(10):
            span.attributes.add(key=f"attribute.number.{key}").value.string_value = secrets.token_hex(22)
    return message.SerializeToString()


def scrape(url: str) -> Mapping[str, float]:
    """Metrics of a program, summed over their labels; nothing where it does not answer."""
    try:
        with urllib.request.urlopen(url, timeout=30) as answer:
            text = answer.read().decode()
    except OSError:
        return {}
    found: dict[str, float] = {}
    for name, value in re.findall(r"^(\w+)(?:\{.*\})? (\S+)$", text, re.MULTILINE):
        found[name] = found.get(name, 0.0) + float(value)
    return found


def _peak(group: Path | None, program: Running) -> float:
    for file in ("memory.max_usage_in_bytes", "memory.peak"):
        if group and (group / file).is_file():
            return int((group / file).read_text()) / 2**20
    status = Path(f"/proc/{program.pid}/status").read_text(encoding="utf-8")
    return int(re.findall(r"VmHWM:\s+(\d+)", status)[0]) / 1024


def cpu(program: Running) -> float:
    """Processor seconds that a program has taken."""
    fields = Path(f"/proc/{program.pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def main(arguments: Sequence[str]) -> int:
    """Print a row for each size that is asked for; the derived one without `--memory`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rate", type=int, default=1_600, help="spans a second")
    parser.add_argument("--seconds", type=int, default=300)
    parser.add_argument("--memory", nargs="*", default=[""], help="such as 512Mi, instead of what is derived")
    parser.add_argument("--archive", action="store_true")
    said = parser.parse_args(arguments)
    for memory in said.memory:
        backend: dict[str, Any] = {"type": "jaeger", "archive": said.archive or None}
        backend = {key: value for key, value in backend.items() if value is not None}
        backend |= {"resources": {"memory": memory}} if memory else {}
        load = Load(backend, said.rate, said.seconds)
        with tempfile.TemporaryDirectory() as folder:
            outcome = run(load, Path(folder))
        print(outcome.row(load), "" if outcome.limited else "(no cgroup)", flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
