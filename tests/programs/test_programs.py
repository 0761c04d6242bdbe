"""Proves the real programs and the tools around them: they start, take spans, give them back, and end."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from programs import build, plugin
from programs.running import (
    Event,
    NotAnApi,
    NotInTime,
    Refused,
    Running,
    Span,
    fetch,
    free_port,
    read_trace,
    send_spans,
    wait_until,
)

PYTHON = Path(sys.executable)
SLEEP = "import time; time.sleep(60)"
HEALTHY_ANSWER = (
    '{"receivers":{"nop":null},"exporters":{"nop":null},'
    '"service":{"pipelines":{"traces":{"receivers":["nop"],"exporters":["nop"]}}}}'
)
UNKNOWN_TRACE = "0123456789abcdef0123456789abcdef"


def local(port: int) -> str:
    return f"127.0.0.1:{port}"


def written(folder: Path, name: str, configuration: Mapping[str, Any]) -> Path:
    """Every JSON is YAML, so no library is needed to write a configuration."""
    path = folder / f"{name}.yaml"
    path.write_text(json.dumps(configuration, indent=1), encoding="utf-8")
    return path


@dataclass(frozen=True)
class JaegerPorts:
    """Where a Jaeger of these tests listens."""

    otlp: int
    query: int
    grpc: int
    health: int

    @classmethod
    def free(cls) -> JaegerPorts:
        return cls(free_port(), free_port(), free_port(), free_port())

    def configuration(self) -> dict[str, Any]:
        extensions = {
            "healthcheckv2": {"use_v2": True, "http": {"endpoint": local(self.health)}},
            "jaeger_storage": {"backends": {"main": {"memory": {"max_traces": 1000}}}},
            "jaeger_query": {
                "storage": {"traces": "main"},
                # Its own spans would go to port 4317, where nobody listens, and delay its end by 10 s.
                "enable_tracing": False,
                "http": {"endpoint": local(self.query)},
                "grpc": {"endpoint": local(self.grpc)},
            },
        }
        return {
            "service": {
                "extensions": list(extensions),
                "pipelines": {"traces": {"receivers": ["otlp"], "exporters": ["jaeger_storage_exporter"]}},
                "telemetry": {"metrics": {"level": "none"}},
            },
            "extensions": extensions,
            "receivers": {"otlp": {"protocols": {"http": {"endpoint": local(self.otlp)}}}},
            "exporters": {"jaeger_storage_exporter": {"trace_storage": "main"}},
        }


@dataclass(frozen=True)
class CollectorPorts:
    """Where a Collector of these tests listens."""

    otlp: int
    health: int

    @classmethod
    def free(cls) -> CollectorPorts:
        return cls(free_port(), free_port())

    def configuration(self, backend: str) -> dict[str, Any]:
        return {
            "service": {
                "extensions": ["health_check"],
                "pipelines": {"traces": {"receivers": ["otlp"], "exporters": ["otlp_http"]}},
                "telemetry": {"metrics": {"level": "none"}},
            },
            "extensions": {"health_check": {"endpoint": local(self.health)}},
            "receivers": {"otlp": {"protocols": {"http": {"endpoint": local(self.otlp)}}}},
            "exporters": {"otlp_http": {"endpoint": backend}},
        }


@contextmanager
def silent_server() -> Iterator[str]:
    """An address that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield f"http://{local(listening.getsockname()[1])}"


def jaeger_of(program: Path, ports: JaegerPorts, folder: Path) -> Running:
    config = written(folder, "jaeger", ports.configuration())
    return Running(program, ["--config", str(config)], folder, name="jaeger")


def collector_of(program: Path, ports: CollectorPorts, backend: str, folder: Path) -> Running:
    config = written(folder, "collector", ports.configuration(backend))
    return Running(program, ["--config", str(config)], folder, name="collector")


@pytest.mark.parametrize(("name", "expected"), [("jaeger", "v2.13.0"), ("collector", "0.161.0")])
@pytest.mark.usefixtures("jaeger", "collector")
def test_program_prints_its_version(name: str, expected: str) -> None:
    if os.environ.get(build.PROGRAMS[name].override):
        pytest.skip("another program was given by the environment")
    assert build.version(name, build.find(name)) == expected


def test_span_goes_through_the_collector_into_jaeger(jaeger: Path, collector: Path, tmp_path: Path) -> None:
    store, gateway = JaegerPorts.free(), CollectorPorts.free()
    span = Span(
        "GET /orders",
        attributes={"http.request.method": "GET", "retries": 2, "cached": False, "ratio": 0.5},
        events=(Event("exception", {"exception.type": "ValueError"}),),
        kind=2,
        status=2,
        status_message="no such order",
    )
    query = f"http://{local(store.query)}"
    with (
        jaeger_of(jaeger, store, tmp_path) as storing,
        collector_of(collector, gateway, f"http://{local(store.otlp)}", tmp_path) as passing,
    ):
        storing.wait_until(f"http://{local(store.health)}/status")
        passing.wait_until(f"http://{local(gateway.health)}/")
        assert read_trace(query, UNKNOWN_TRACE) is None
        send_spans(f"http://{local(gateway.otlp)}", {"service.name": "shop"}, [span])
        stored = wait_until(lambda: read_trace(query, span.trace_id), watched=[storing, passing])
    assert [one.span for one in stored] == [span]
    assert stored[0].resource["service.name"] == "shop"
    assert not storing.alive
    assert not passing.alive


def test_answer_outside_of_the_api_is_told_apart(jaeger: Path, tmp_path: Path) -> None:
    ports = JaegerPorts.free()
    with jaeger_of(jaeger, ports, tmp_path) as storing:
        storing.wait_until(f"http://{local(ports.health)}/status")
        with pytest.raises(NotAnApi, match="base path"):
            read_trace(f"http://{local(ports.query)}/wrong", UNKNOWN_TRACE)
        with pytest.raises(Refused) as refused:
            send_spans(f"http://{local(ports.otlp)}", {}, [Span("bad", trace_id="no hexadecimal number")])
    assert refused.value.status == 400


def test_killed_program_is_gone_and_starts_again(collector: Path, tmp_path: Path) -> None:
    ports = CollectorPorts.free()
    health = f"http://{local(ports.health)}/"
    with collector_of(collector, ports, f"http://{local(free_port())}", tmp_path) as running:
        running.wait_until(health)
        first = running.pid
        running.kill9()
        assert not running.alive
        with pytest.raises(OSError):
            fetch(health)
        running.restart().wait_until(health)
        assert running.pid != first
        time.sleep(1)  # its health answers a moment before it listens to signals
        assert running.stop() == 0
    assert _ended(running.pid)
    assert running.output().count("Everything is ready") == 2


def test_collector_is_the_health_check_of_an_image_without_a_shell(collector: Path, tmp_path: Path) -> None:
    """The healthy answer is a configuration, so that `validate` of its address says whether it is healthy."""
    ports = CollectorPorts.free()

    def check() -> int:
        command = [str(collector), "validate", "--config", f"http://{local(ports.health)}/"]
        return subprocess.run(command, capture_output=True, timeout=30).returncode

    with silent_server() as backend:
        configuration = ports.configuration(backend)
        configuration["extensions"]["health_check"]["response_body"] = {"healthy": HEALTHY_ANSWER}
        config = written(tmp_path, "collector", configuration)
        with Running(collector, ["--config", str(config)], tmp_path) as running:
            running.wait_until(f"http://{local(ports.health)}/")
            assert check() == 0
            # The span that cannot be delivered holds up the shutdown, as a slow backend would.
            send_spans(f"http://{local(ports.otlp)}", {"service.name": "shop"}, [Span("slow")])
            os.kill(running.pid, signal.SIGTERM)
            wait_until(lambda: status_of(f"http://{local(ports.health)}/") == 503, watched=[running])
            assert check() == 1
            running.kill9()
            assert check() == 1


def status_of(url: str) -> int:
    try:
        return fetch(url).status
    except urllib.error.HTTPError as error:
        return error.code


def test_failed_start_shows_the_end_of_the_log(collector: Path, tmp_path: Path) -> None:
    config = written(tmp_path, "collector", {"receivers": {"unheard_of": {}}})
    with (
        Running(collector, ["--config", str(config)], tmp_path) as running,
        pytest.raises(NotInTime, match=r"(?s)collector ended.*unheard_of"),
    ):
        running.wait_until(f"http://{local(free_port())}/")


def test_stop_kills_what_does_not_listen(tmp_path: Path) -> None:
    deaf = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); {SLEEP}"
    with Running(PYTHON, ["-c", deaf], tmp_path, name="deaf") as running:
        running.wait_until(lambda: "up" in running.output())
        assert running.stop(seconds=0.2) == -9
    assert _ended(running.pid)


def test_waiting_is_bounded(tmp_path: Path) -> None:
    with (
        Running(PYTHON, ["-c", SLEEP], tmp_path, name="idle") as running,
        pytest.raises(NotInTime, match=r"not within 0\.2 s; last: False"),
    ):
        running.wait_until(lambda: False, 0.2)


def test_programs_end_with_the_process_that_started_them(tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from programs.running import Running\n"
        f"print(Running(Path(sys.executable), ['-c', {SLEEP!r}], Path(sys.argv[1])).start().pid)"
    )
    search = {**os.environ, "PYTHONPATH": str(Path(build.HERE).parent)}
    answer = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)], env=search, capture_output=True, text=True, check=True
    )
    assert _ended(int(answer.stdout))


def test_compose_checks_a_file_without_an_engine(docker_compose: Path, tmp_path: Path) -> None:
    good, bad = tmp_path / "good.yaml", tmp_path / "bad.yaml"
    good.write_text("services: {one: {image: 'busybox:1'}}", encoding="utf-8")
    bad.write_text("services: {one: {imagee: 'busybox:1'}}", encoding="utf-8")

    def check(file: Path) -> int:
        return subprocess.run([docker_compose, "-f", file, "config", "-q"], capture_output=True).returncode

    assert check(good) == 0
    assert check(bad) != 0


def test_missing_go_is_the_reason(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TRACEGEN_PROGRAMS_CACHE", str(tmp_path))
    monkeypatch.delenv("TRACEGEN_COLLECTOR", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(build.ProgramMissing, match="collector: Go is not installed"):
        build.find("collector")
    assert build.present("collector") is None


def test_failed_build_gives_the_last_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    go = tmp_path / "go"
    go.write_text("#!/bin/sh\necho first\necho 'go.mod requires go >= 1.26.0'\nexit 1\n", encoding="utf-8")
    go.chmod(0o755)
    monkeypatch.setenv("TRACEGEN_PROGRAMS_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("TRACEGEN_COLLECTOR", raising=False)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    with pytest.raises(build.ProgramMissing, match=r"requires go >= 1\.26\.0") as missing:
        build.find("collector")
    assert "first" in Path(missing.value.reason.partition("log: ")[2].rstrip(")")).read_text(encoding="utf-8")


def test_two_builders_build_once(tmp_path: Path) -> None:
    counted = 'echo built >> "$COUNT"; while [ "$1" != -o ]; do shift; done; sleep 0.3; cp /bin/sh "$2"'
    go = tmp_path / "go"
    go.write_text(f"#!/bin/sh\n{counted}\n", encoding="utf-8")
    go.chmod(0o755)
    environment = {
        **os.environ,
        "TRACEGEN_PROGRAMS_CACHE": str(tmp_path / "cache"),
        "COUNT": str(tmp_path / "count"),
        "PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(build.HERE.parent),
    }
    environment.pop("TRACEGEN_COLLECTOR", None)
    command = [sys.executable, "-c", "from programs.build import find; print(find('collector'))"]
    both = [subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    paths = {one.communicate(timeout=60)[0] for one in both}
    assert len(paths) == 1
    assert Path(paths.pop().strip()).is_file()
    assert (tmp_path / "count").read_text(encoding="utf-8") == "built\n"


def test_given_program_is_taken_as_it_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TRACEGEN_JAEGER", sys.executable)
    assert build.find("jaeger") == Path(sys.executable).resolve()
    monkeypatch.setenv("TRACEGEN_JAEGER", str(tmp_path / "nothing"))
    with pytest.raises(build.ProgramMissing, match="TRACEGEN_JAEGER names"):
        build.find("jaeger")


@pytest.mark.parametrize(("demand", "outcome"), [({}, "skipped"), ({"CI": "true"}, "error")])
def test_absence_skips_or_fails(demand: Mapping[str, str], outcome: str, tmp_path: Path) -> None:
    """An own run of pytest: the summary is part of what is promised."""
    (tmp_path / "test_one.py").write_text("def test_one(jaeger): pass\n", encoding="utf-8")
    unset = {"CI", "TRACEGEN_REQUIRE_PROGRAMS", "TEMPO_BIN"}
    environment = {name: value for name, value in os.environ.items() if name not in unset}
    environment |= {"TRACEGEN_JAEGER": "nowhere", "PYTHONPATH": str(build.HERE.parent), **demand}
    command = [sys.executable, "-m", "pytest", "-p", "programs.plugin", "--rootdir", str(tmp_path)]
    answer = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True)
    assert f"1 {outcome}" in answer.stdout
    assert answer.returncode == (1 if demand else 0)
    assert "jaeger: not run, TRACEGEN_JAEGER names nowhere, which is not a program" in answer.stdout
    assert "collector: not run, no test asked for it" in answer.stdout
    assert "tempo: not run, TEMPO_BIN names no program" in answer.stdout
    assert "docker engine: not run, " in answer.stdout


def test_every_program_of_the_summary_is_a_fixture() -> None:
    assert all(hasattr(plugin, fixture) for fixture in plugin.FIXTURES)


def _ended(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False
