"""What each safety of a rendered collector costs, beside the collector's own defaults with the same binary.

`make judges` runs it and dates the table in docs/sizing.md. Spans of 800 bytes go in over HTTP as fast as they are
taken, and out to a receiver that answers at once; what counts is the collector's own processor time a span, as a
multiple of a configuration that says nothing but a receiver and an exporter. So other work on the machine matters
little, and rounds take turns.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import yaml

from programs.build import find
from programs.running import Running, free_port
from programs.system import System
from sizes import cpu, payload, scrape
from support import compiled, one_service

GATEWAY, BACKEND = "otel-gateway", "backend.example.com:4318"
TOKEN = "a-token-of-the-judges"
REQUESTS, SPANS = 600, 500
#: What is said beside the smallest spec.
SAFETIES: Mapping[str, Mapping[str, Any]] = {
    "as rendered: queue on disk, memory limiter, requests sized in bytes": {},
    "queue in memory": {"collector": {"queue": {"type": "memory"}}},
    "queue on disk, each write synced": {"collector": {"queue": {"fsync": True}}},
    "who sends is known by a token": {"security": {"ingest_auth": {"bearer": {"env": "INGEST_TOKEN"}}}},
    "two keys and two patterns redacted": {
        "collector": {"redact": {"keys": ["user.id", "user.email"], "patterns": ["email", "credit_card"]}}
    },
    "tail sampling: errors, slow ones, a tenth": {
        "sampling": {"tail": {"keep": ["errors", {"slower_than": "1s"}, {"ratio": 0.1}], "decision_wait": "5s"}}
    },
    "metrics of all spans": {"metrics": True},
}


class Sink(BaseHTTPRequestHandler):
    """Takes everything at once."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        """Reads what comes, and says that it was taken."""
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Nothing."""


@contextmanager
def receiving() -> Iterator[str]:
    """The address of a receiver that runs as long as the block does."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Sink)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def defaults(folder: Path, sink: str) -> Iterator[tuple[Running, str, str]]:
    """A collector that is told where spans come from and where they go, and nothing else."""
    door, metrics = f"127.0.0.1:{free_port()}", free_port()
    reader = {"pull": {"exporter": {"prometheus": {"host": "127.0.0.1", "port": metrics}}}}
    document = {
        "receivers": {"otlp": {"protocols": {"http": {"endpoint": door}}}},
        "exporters": {"otlp_http": {"endpoint": f"http://{sink}"}},
        "service": {
            "pipelines": {"traces": {"receivers": ["otlp"], "exporters": ["otlp_http"]}},
            "telemetry": {"metrics": {"readers": [reader]}},
        },
    }
    file = folder / "defaults.yaml"
    file.write_text(yaml.safe_dump(document), encoding="utf-8")
    with Running(find("collector"), [f"--config={file}"], folder, name="defaults") as running:
        running.wait_until(f"http://127.0.0.1:{metrics}/metrics", 60)
        yield running, door, f"http://127.0.0.1:{metrics}/metrics"


@contextmanager
def rendered(folder: Path, sink: str, said: Mapping[str, Any]) -> Iterator[tuple[Running, str, str]]:
    """The gateway of a spec that sends to somebody else's backend."""
    backend = {"type": "external", "endpoint": f"http://{BACKEND}", "protocol": "http"}
    spec = one_service(**{"backend": backend, **said})
    system = System(compiled(folder, spec), folder / "run", {"INGEST_TOKEN": TOKEN}, outside={BACKEND: sink})
    with system.up(GATEWAY, find("collector")) as running:
        yield running, system.address(GATEWAY, "otlp-http"), f"http://{system.address(GATEWAY, 8888)}/metrics"


def cost(running: Running, door: str, metrics: str, requests: int) -> float:
    """Processor time of the collector for each span that was offered, in microseconds."""
    _offer(door, requests // 10)
    before = cpu(running)
    _offer(door, requests)
    until = time.monotonic() + 60
    while scrape(metrics).get("otelcol_exporter_queue_size", 0) and time.monotonic() < until:
        time.sleep(0.2)
    return (cpu(running) - before) / (requests * SPANS) * 1e6


def _offer(door: str, requests: int) -> None:
    host, _, port = door.partition(":")
    connection = HTTPConnection(host, int(port), timeout=60)
    headers = {"Content-Type": "application/x-protobuf", "Authorization": f"Bearer {TOKEN}"}
    for _ in range(requests):
        connection.request("POST", "/v1/traces", payload(SPANS), headers)
        answer = connection.getresponse()
        words = answer.read()
        if answer.status != 200:
            raise RuntimeError(f"{answer.status}: {words[:200]!r}")
    connection.close()


def measured(rounds: int, requests: int) -> Mapping[str, float]:
    """The least of some rounds, in microseconds; the first is the collector's own defaults."""
    found: dict[str, list[float]] = {}
    with receiving() as sink:
        for number in range(rounds):
            for name, said in {"": None, **SAFETIES}.items():
                with tempfile.TemporaryDirectory() as place:
                    folder = Path(place)
                    how = defaults(folder, sink) if said is None else rendered(folder, sink, said)
                    with how as (running, door, metrics):
                        found.setdefault(name, []).append(cost(running, door, metrics, requests))
                print(f"  round {number + 1}: {name or 'defaults'}: {found[name][-1]:.2f} µs", file=sys.stderr)
    return {name: min(each) for name, each in found.items()}


def main(arguments: Sequence[str]) -> int:
    """Print the table of docs/sizing.md."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--requests", type=int, default=REQUESTS)
    said = parser.parse_args(arguments)
    costs = measured(said.rounds, said.requests)
    own = costs.pop("")
    print("| collector | processor time of a span |")
    print("|---|--:|")
    print(f"| its own defaults ({own:.1f} µs) | 1.0 |")
    for name, each in costs.items():
        print(f"| {name} | {each / own:.1f} |")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
