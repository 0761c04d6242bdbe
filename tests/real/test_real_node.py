"""What only Node.js has: kinds of modules, clusters, --watch, listeners of signals, and its own remote sampler."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from programs.languages import node
from programs.recorder import Recorder
from programs.running import LOOPBACK, wait_until
from programs.stubs import LANGUAGES, Built, build
from support import compiled, development_certificates

SERVER = 2
Starter = Callable[..., Built]
STRATEGIES = {
    "all": {"strategyType": "PROBABILISTIC", "probabilisticSampling": {"samplingRate": 1}},
    "none": {"strategyType": "PROBABILISTIC", "probabilisticSampling": {"samplingRate": 0}},
    "limit": {"strategyType": "RATE_LIMITING", "rateLimitingSampling": {"maxTracesPerSecond": 2}},
    "operations": {
        "operationSampling": {
            "defaultSamplingProbability": 0,
            "perOperationStrategies": [
                {"operation": "GET /things/:thing", "probabilisticSampling": {"samplingRate": 1}}
            ],
        }
    },
}


@pytest.fixture(scope="module")
def stub(tmp_path_factory: pytest.TempPathFactory) -> Built:
    return beside_an_image(tmp_path_factory.mktemp("stub"), "sdk")


@pytest.fixture(scope="module")
def agent(tmp_path_factory: pytest.TempPathFactory) -> Built:
    return beside_an_image(tmp_path_factory.mktemp("agent"), "auto")


OWN = {"bunyan": "1.8.15", "express": "5.1.0", "pg": "8.16.3", "pino": "9.9.0", "winston": "3.17.0"}


def beside_an_image(folder: Path, instrumentation: str, **more: object) -> Built:
    """What is rendered for a service that has an image, with the services of the tests beside it.

    Its manifest is its own, with older versions than those of the examples; what its README says is added.
    """
    (folder / "spec").mkdir()
    api = {
        "language": "node",
        "image": "registry.test/api:1",
        "health": "/healthz",
        "instrumentation": instrumentation,
        **more,
    }
    # Jaeger's propagator brings along what the others need not.
    propagators = ["tracecontext", "baggage", "b3", "jaeger"]
    spec = {
        "propagators": propagators,
        "tracegen": 1,
        "name": "shop",
        "targets": ["compose"],
        "backend": {"type": "jaeger"},
        "services": {"api": api},
    }
    (folder / "api").mkdir()
    rendered = compiled(folder / "spec", spec)
    fragment = json.loads(rendered.tree["services/api/package.tracing.json"])
    manifest = {"private": True, "type": "module", **fragment, "dependencies": {**OWN, **fragment["dependencies"]}}
    (folder / "api" / "package.json").write_text(json.dumps(manifest), encoding="utf-8")
    built = build(rendered, "api", folder / "api")
    for app in (LANGUAGES / "node_apps").iterdir():
        shutil.copy(app, built.folder)
    return built


@pytest.mark.parametrize("kind", ["sdk", "auto"])
def test_nothing_is_written_that_a_service_has_itself(kind: str, request: pytest.FixtureRequest) -> None:
    folder = request.getfixturevalue({"sdk": "stub", "auto": "agent"}[kind]).folder
    assert json.loads((folder / "package.json").read_text(encoding="utf-8"))["private"]
    written = {path.name for path in folder.iterdir()}
    assert "README.tracing.md" in written
    assert not {"README.md", "package-lock.json", "Dockerfile"} & written
    fragment = json.loads((folder / "package.tracing.json").read_text(encoding="utf-8"))
    assert not {"express", "pino", "@opentelemetry/exporter-trace-otlp-grpc"} & set(fragment["dependencies"])


@pytest.fixture
def start(stub: Built) -> Starter:
    """The command that its owner would write, with other options and another file."""

    def get(app: str, *options: str) -> Built:
        return Built(stub.service, stub.folder, [stub.command[0], *options, "--import", "./tracing.mjs", app])

    return get


@pytest.fixture
def recorder(collector: Path, tmp_path: Path) -> Iterator[Recorder]:
    with Recorder(collector, tmp_path) as running:
        yield running


def things(recorder: Recorder) -> list[str]:
    time.sleep(0.5)  # the recorder writes a few times a second
    paths = [str(each.span.attributes.get("url.path")) for each in recorder.spans() if each.span.kind == SERVER]
    return sorted(path.removeprefix("/things/") for path in paths)


@pytest.mark.parametrize("app", ["app.mjs", "app.cjs", "app.ts"])
def test_one_stub_serves_all_kinds_of_modules(app: str, start: Starter, recorder: Recorder, tmp_path: Path) -> None:
    with start(app).up(f"http://{recorder.http}", tmp_path) as up:
        up.get("/things/red")
        code = up.stop()
    assert code == 128 + 15
    assert things(recorder) == ["red"]
    (span,) = recorder.spans()
    assert span.span.name == "GET /things/:thing"
    assert [line["trace_id"] for line in up.log_lines() if line["msg"] == "shown"] == [span.span.trace_id]


@pytest.mark.parametrize("app", ["app.mjs", "app.cjs", "app.ts"])
def test_one_agent_serves_all_kinds_of_modules(app: str, agent: Built, recorder: Recorder, tmp_path: Path) -> None:
    command = [agent.command[0], "--import", "./agent.mjs", app]
    jaeger = {"OTEL_PROPAGATORS": "jaeger"}
    with Built(agent.service, agent.folder, command).up(f"http://{recorder.http}", tmp_path, **jaeger) as up:
        up.get("/things/red", uber_trace_id=f"{'ab' * 16}:{'cd' * 8}:0:1")
        code = up.stop()
    assert code == 128 + 15
    assert things(recorder) == ["red"]
    (span,) = [each.span for each in recorder.spans() if each.span.kind == SERVER]
    assert (span.name, span.trace_id) == ("GET /things/:thing", "ab" * 16)


def test_typescript_knows_the_types_of_the_stub(stub: Built) -> None:
    options = ["--noEmit", "--strict", "--ignoreConfig", "--module", "nodenext", "--target", "esnext"]
    command = [*node.tool("typescript/bin/tsc"), *options, "--types", "", "typed.ts"]
    done = subprocess.run(command, cwd=stub.folder, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_usual_logger_has_the_ids(start: Starter, recorder: Recorder, tmp_path: Path) -> None:
    with start("loggers.mjs").up(f"http://{recorder.http}", tmp_path) as up:
        up.get("/things/red")
        up.stop()
    (span,) = recorder.spans()
    lines = {line.get("msg") or line.get("message"): line for line in up.log_lines()}
    for name in ("bunyan", "pino", "winston"):
        line = lines[f"by {name}"]
        assert (line["trace_id"], line["span_id"]) == (span.span.trace_id, span.span.span_id), name


def test_the_agent_makes_no_spans_of_layers(agent: Built, recorder: Recorder, tmp_path: Path) -> None:
    command = [agent.command[0], "--import", "./agent.mjs", "loggers.mjs"]
    with Built(agent.service, agent.folder, command).up(f"http://{recorder.http}", tmp_path) as up:
        up.get("/things/red")
        up.stop()
    assert [each.span.name for each in recorder.spans()] == ["GET /things/:thing"]
    lines = [line for line in up.log_lines() if line.get("trace_id")]
    assert len(lines) == 3
    assert "warn" not in up.running.output()


@pytest.mark.parametrize("loaded", ["tracing.mjs", "agent.mjs"])
def test_a_service_that_ends_by_process_exit_at_a_signal_loses_nothing(
    loaded: str, stub: Built, agent: Built, recorder: Recorder, tmp_path: Path
) -> None:
    of = stub if loaded == "tracing.mjs" else agent
    command = [of.command[0], "--import", f"./{loaded}", "exits.mjs"]
    with Built(of.service, of.folder, command).up(f"http://{recorder.http}", tmp_path) as up:
        for number in range(3):
            up.get(f"/things/{number}")
        code = up.stop()
    assert code == 0
    assert things(recorder) == ["0", "1", "2"]


def test_spans_are_printed_on_request(start: Starter, tmp_path: Path) -> None:
    with start("app.mjs").up(f"http://{LOOPBACK}:1", tmp_path, OTEL_TRACES_EXPORTER="console") as up:
        up.get("/things/red")
        up.stop()
    assert "name: 'GET /things/:thing'" in up.running.output()


@pytest.fixture(scope="module")
def encrypted(tmp_path_factory: pytest.TempPathFactory) -> Built:
    return beside_an_image(
        tmp_path_factory.mktemp("encrypted"), "sdk", env={"OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}, libraries=["pg"]
    )


@pytest.mark.parametrize("protocol", ["grpc", "http/protobuf"])
def test_spans_travel_encrypted(protocol: str, encrypted: Built, collector: Path, tmp_path: Path) -> None:
    files = development_certificates(tmp_path, "localhost")
    tls = {"cert_file": files["certs/tls.crt"], "key_file": files["certs/tls.key"]}
    with Recorder(collector, tmp_path, tls=tls) as recorder:
        address = recorder.grpc if protocol == "grpc" else recorder.http
        secured = {
            "OTEL_EXPORTER_OTLP_PROTOCOL": protocol,
            "OTEL_EXPORTER_OTLP_CERTIFICATE": str(files["certs/ca.pem"]),
        }
        command = [encrypted.command[0], "--import", "./tracing.mjs", "app.mjs"]
        with Built(encrypted.service, encrypted.folder, command).up(
            f"https://localhost:{address.rpartition(':')[2]}", tmp_path, **secured
        ) as up:
            up.get("/things/red")
            up.stop()
        assert things(recorder) == ["red"]


@pytest.mark.parametrize("reached", ["primary", "group"])
def test_the_workers_of_a_cluster_lose_nothing(
    reached: str, start: Starter, recorder: Recorder, tmp_path: Path
) -> None:
    """The first process of a container gets a signal alone; at a terminal the whole group does."""
    with start("cluster.mjs").up(f"http://{recorder.http}", tmp_path) as up:
        wait_until(lambda: "all workers listen" in up.running.output(), 60)
        for number in range(60):
            assert up.get(f"/things/{number}").status == 200
        if reached == "primary":
            os.kill(up.running.pid, signal.SIGTERM)
            wait_until(lambda: not up.running.alive, 10)
        up.stop()
    assert things(recorder) == sorted(str(number) for number in range(60))
    assert len({each.resource["service.instance.id"] for each in recorder.spans()}) == 3


def test_a_restart_of_watch_loses_nothing(stub: Built, start: Starter, recorder: Recorder, tmp_path: Path) -> None:
    watched = stub.folder / "watched.mjs"
    shutil.copy(stub.folder / "app.mjs", watched)
    with start(watched.name, "--watch").up(f"http://{recorder.http}", tmp_path) as up:
        up.get("/things/before")
        watched.write_text(f"{watched.read_text(encoding='utf-8')}\n", encoding="utf-8")
        wait_until(lambda: "before" in things(recorder), 15)
        up.running.wait_until(f"http://{LOOPBACK}:{up.port}/healthz", 15)
        up.get("/things/after")
        up.stop()
    assert things(recorder) == ["after", "before"]


@pytest.mark.parametrize("exporter", ["otlp", "none"])
def test_a_service_that_listens_to_the_signal_has_the_word(
    exporter: str, start: Starter, recorder: Recorder, tmp_path: Path
) -> None:
    with start("graceful.mjs").up(f"http://{recorder.http}", tmp_path, OTEL_TRACES_EXPORTER=exporter) as up:
        asking = threading.Thread(target=up.get, args=("/things/slow",))
        asking.start()
        wait_until(lambda: "asked" in up.running.output(), 10)
        code = up.stop()
        asking.join()
    assert code == 0
    assert things(recorder) == (["slow"] if exporter == "otlp" else [])


@pytest.mark.parametrize(
    ("strategy", "fewest", "most"), [("all", 20, 20), ("none", 0, 0), ("limit", 1, 8), ("operations", 20, 20)]
)
def test_remote_strategies_are_followed(
    strategy: str, fewest: int, most: int, start: Starter, recorder: Recorder, tmp_path: Path
) -> None:
    with Strategies(STRATEGIES[strategy]) as server:
        argument = f"endpoint={server.url},pollingIntervalMs=200,initialSamplingRate=0.5"
        sampler = {"OTEL_TRACES_SAMPLER": "parentbased_jaeger_remote", "OTEL_TRACES_SAMPLER_ARG": argument}
        with start("app.mjs").up(f"http://{recorder.http}", tmp_path, **sampler) as up:
            wait_until(lambda: len(server.asked) >= 2, 10)
            for number in range(20):
                up.get(f"/things/{number}")
            up.stop()
    assert set(server.asked) == {"/sampling?service=api"}
    assert fewest <= len(things(recorder)) <= most
    assert not [each for each in recorder.spans() if each.span.kind != SERVER], "the questions are in no trace"


def test_a_server_of_strategies_that_is_away_costs_a_line_in_the_log(start: Starter, tmp_path: Path) -> None:
    argument = f"endpoint=http://{LOOPBACK}:1,pollingIntervalMs=200,initialSamplingRate=0"
    sampler = {"OTEL_TRACES_SAMPLER": "parentbased_jaeger_remote", "OTEL_TRACES_SAMPLER_ARG": argument}
    with start("app.mjs").up(f"http://{LOOPBACK}:1", tmp_path, **sampler) as up:
        wait_until(lambda: any("strategies" in line.get("message", "") for line in up.log_lines()), 10)
        assert up.get("/things/red").status == 200


def test_what_the_stub_cannot_do_is_told(start: Starter, tmp_path: Path) -> None:
    wrong = {"OTEL_PROPAGATORS": "jaeger,xray", "OTEL_TRACES_SAMPLER": "best", "OTEL_TRACES_EXPORTER": "zipkin"}
    with start("app.mjs").up(f"http://{LOOPBACK}:1", tmp_path, **wrong) as up:
        pass
    told = " ".join(line.get("message", "") for line in up.log_lines())
    for value in ("xray", "best", "zipkin"):
        assert value in told


class Strategies:
    """A server of sampling strategies that always tells the same, as Jaeger writes it; keeps what was asked."""

    def __init__(self, strategy: dict[str, Any]) -> None:
        self.asked: list[str] = []
        asked = self.asked

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                asked.append(self.path)
                body = json.dumps(strategy).encode()
                self.send_response(200)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer((LOOPBACK, 0), Handler)
        self.url = f"http://{LOOPBACK}:{self._server.server_port}"

    def __enter__(self) -> Strategies:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
