"""Services of teams, adopted by doing exactly what README.tracing.md says, and what stays as it was."""

from __future__ import annotations

import importlib
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest

import tracegen
from programs.build import ProgramMissing, _cache
from programs.debian import debian_program
from programs.existing import Existing, commands, edit, run, write
from programs.languages import node
from programs.plugin import absent
from programs.recorder import Recorder
from programs.running import LOOPBACK, Answer, Running, StoredSpan, fetch, free_port, wait_until
from programs.servers.kafka import KafkaServer
from programs.stubs import Callee, texts
from support import compiled
from tracegen.compiler import Rendered

#: Of all, so that they stay in their order: the last one takes tracing out again.
pytestmark = pytest.mark.usefixtures("collector")
LANGUAGES = ["go", "java", "python", "node", "rust"]
PGLITE = {"pglite": "0.5.14", "pglite-socket": "0.2.17"}
SERVER = 2
MOST_COMMANDS = 4
#: How much longer a request may take, and the end, when nobody takes the spans; than without tracing in the same run.
MORE_SECONDS, END_SECONDS = 0.05, 5.0
REQUESTS = 40
#: On a machine with other work, one of them shows what tracing costs.
ATTEMPTS = 3


@dataclass(frozen=True)
class Adopted:
    """Two copies of a service: as it was, and with tracing."""

    existing: Existing
    rendered: Rendered
    before: Path
    after: Path
    variables: Mapping[str, Mapping[str, str]]
    page: str
    said: list[str]

    @contextmanager
    def up(self, traced: bool, logs: Path, **more: str) -> Iterator[Up]:
        """All its processes, in the order of the list."""
        folder = self.after if traced else self.before
        environment = {**self.variables[folder.name], **more, "PORT": str(free_port())}
        if traced:
            environment = {**texts(self.rendered.system.services["orders"]), **environment}
        commands = self.existing.commands | (self.existing.adopted if traced else {})
        logs.mkdir(exist_ok=True)
        with ExitStack() as stack:
            running = {
                name: stack.enter_context(
                    Running(Path("env"), command, logs, name=name, environment=environment, working_folder=folder)
                )
                for name, command in commands.items()
            }
            first = next(iter(running.values()))
            first.wait_until(f"http://{LOOPBACK}:{environment['PORT']}/healthz", 120)
            yield Up(running, int(environment["PORT"]))


@dataclass(frozen=True)
class Up:
    """A service that runs."""

    running: Mapping[str, Running]
    port: int

    def get(self, path: str) -> Answer:
        """The answer to a request with a correlation id of the team's own."""
        return fetch(f"http://{LOOPBACK}:{self.port}{path}", headers={"x-correlation-id": "own-7"}, seconds=60)

    def lines(self) -> list[dict[str, object]]:
        """What all of it logged about requests and tasks."""
        text = "".join(each.output() for each in self.running.values())
        found = [json.loads(line) for line in text.splitlines() if line.startswith("{")]
        # Two loggers, or two processes, may write in either order.
        return sorted(
            (each for each in found if "order" in each), key=lambda each: str(each.get("msg", each.get("message")))
        )

    def stop(self) -> int | None:
        """What takes requests first, as a rolling update does."""
        codes = [each.stop(10) for each in self.running.values()]
        return codes[0]


@dataclass(frozen=True)
class Around:
    """What a service talks with."""

    prices: Callee
    shared: Mapping[str, str]
    kafka: KafkaServer | None

    def new(self) -> dict[str, str]:
        """Variables, with a topic of its own."""
        variables = {**self.shared, "PRICES_URL": self.prices.url}
        if not self.kafka:
            return variables
        topic = f"orders-{uuid.uuid4().hex[:8]}"
        self.kafka.create_topic(topic)
        return {**variables, "BROKER": self.kafka.address, "TOPIC": topic, "GROUP": topic}


@pytest.fixture(scope="session")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    try:
        program, *words = debian_program("redis-server", "redis-server")
    except ProgramMissing as missing:
        absent("redis", str(missing))
    port = free_port()
    folder = tmp_path_factory.mktemp("redis")
    options = ["--port", str(port), "--bind", LOOPBACK, "--save", "", "--dir", str(folder)]
    with Running(Path(program), [*words, *options], folder):
        wait_until(lambda: _connects(port), 20)
        yield port


def _connects(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((LOOPBACK, port)) == 0


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """PostgreSQL, compiled for Node.js: it needs no user of its own, and no root."""
    folder, cache = tmp_path_factory.mktemp("postgres"), _cache() / "languages"
    for tool in node.TOOLS:
        if not shutil.which(tool):
            absent("postgres", f"{tool} is not on PATH")
    manifest = {
        "private": True,
        "dependencies": {f"@electric-sql/{name}": version for name, version in PGLITE.items()},
    }
    (folder / "package.json").write_text(json.dumps(manifest), encoding="utf-8")
    program = node.packages(folder, cache) / "node_modules/@electric-sql/pglite-socket/dist/scripts/server.js"
    port = free_port()
    options = ["--db=memory://", f"--port={port}", f"--host={LOOPBACK}", "--max-connections=20"]
    with Running(node.node(cache), [str(program), *options], folder, name="postgres"):
        wait_until(lambda: _connects(port), 60)
        yield f"postgres://postgres@{LOOPBACK}:{port}/postgres?sslmode=disable"


@pytest.fixture
def around(adopted: Adopted, request: pytest.FixtureRequest) -> Iterator[Around]:
    needs = adopted.existing.needs
    found = {"redis": "REDIS_PORT", "postgres": "DATABASE"}
    shared = {name: str(request.getfixturevalue(each)) for each, name in found.items() if each in needs}
    if "postgres" in needs:
        shared["DATABASE_HOST"] = urlsplit(shared["DATABASE"]).netloc.split("@")[1]
    kafka = request.getfixturevalue("kafka_server") if "kafka" in needs else None
    with Callee() as prices:
        yield Around(prices, shared, kafka)


@pytest.fixture(scope="session", params=LANGUAGES)
def adopted(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Adopted:
    existing: Existing = importlib.import_module(f"programs.existing.{request.param}").SERVICE
    for tool in existing.tools:
        if not shutil.which(tool):
            absent(existing.language, f"{tool} is not on PATH")
    folder = tmp_path_factory.mktemp(f"adopted-{request.param}")
    cache = _cache() / "languages"
    cache.mkdir(parents=True, exist_ok=True)
    copies = {name: folder / name for name in ("before", "after")}
    variables = {}
    for name, copy in copies.items():
        write(existing, copy)
        variables[name] = existing.prepare(copy, cache)
    said = {"language": existing.language, "image": "registry.test/orders:2.3", "health": "/healthz", **existing.said}
    (folder / "spec").mkdir()
    spec = {"tracegen": 1, "name": "shop", "targets": ["compose"], "backend": {"type": "jaeger"}}
    services = {
        "orders": {**said, "stub": "orders", "calls": ["prices"]},
        "prices": {"language": "other", "deploy": False},
    }
    rendered = compiled(folder / "spec", {**spec, "services": services})
    page = rendered.tree["orders/README.tracing.md"].decode()
    for path, content in rendered.tree.items():
        if path.startswith("orders/"):
            target = copies["after"] / existing.stub / path.removeprefix("orders/")
            assert not target.exists(), path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
    said_commands = commands(page, "Put it in")
    for command in said_commands:
        run(command, copies["after"] / existing.where, variables["after"])
    edit(existing, page, copies["after"])
    existing.build(copies["before"], variables["before"])
    existing.build(copies["after"], variables["after"])
    return Adopted(existing, rendered, copies["before"], copies["after"], variables, page, said_commands)


def test_at_most_four_commands_and_no_version_of_the_lock_file_has_moved(adopted: Adopted) -> None:
    assert len(adopted.said) <= MOST_COMMANDS
    versions = adopted.existing.versions
    before = versions(adopted.before, adopted.variables["before"])
    after = versions(adopted.after, adopted.variables["after"])
    assert {name: after.get(name) for name in before} == before
    assert set(after) - set(before)


def test_answers_and_logs_stay_and_spans_come(
    adopted: Adopted, collector: Path, around: Around, tmp_path: Path
) -> None:
    with Recorder(collector, tmp_path) as recorder:
        with adopted.up(False, tmp_path / "before", **around.new()) as before:
            plain = before.get("/v1/orders/7")
            wait_until(lambda: len(before.lines()) >= adopted.existing.lines, 60)
            ended = before.stop()
        address = {"OTEL_EXPORTER_OTLP_ENDPOINT": f"http://{recorder.http}"}
        with adopted.up(True, tmp_path / "after", **around.new(), **address) as after:
            traced = after.get("/v1/orders/7")
            wait_until(lambda: len(after.lines()) >= adopted.existing.lines, 60)
            assert after.stop() == ended
        time.sleep(0.5)  # the recorder writes a few times a second
        spans = _of_the_request(recorder.spans())
    assert (traced.status, traced.content_type, traced.body) == (plain.status, plain.content_type, plain.body)
    _has_all_spans(adopted.existing, spans)
    assert around.prices.headers[-1]["traceparent"].split("-")[1] == spans[0].span.trace_id
    # In Node.js a `trace_id` of the team's own leaves room for the other alone.
    ids = {each.span.trace_id for each in spans} | {each.span.span_id for each in spans}
    for was, now in zip(before.lines(), after.lines(), strict=True):
        added = {name: value for name, value in now.items() if name not in was}
        assert [name for name in was if now[name] != was[name] and name not in adopted.existing.times] == []
        assert ids & set(added.values()), now
    # Celery's instrumentation still writes `messaging.destination`, an old convention.
    assert not _verified(adopted, recorder.file) & {"no-spans", "restarted-trace", "SPA-002", "RES-005"}


def _verified(adopted: Adopted, spans: Path) -> set[str]:
    """What `tracegen verify` finds in the spans."""
    command = [sys.executable, "-m", "tracegen", "verify", "--from", str(spans), "--format", "json"]
    folder, here = adopted.before.parent / "spec", Path(tracegen.__file__).resolve().parents[1]
    environment = {**os.environ, "PYTHONPATH": str(here)}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.stdout, done.stderr
    return {each["code"] for each in json.loads(done.stdout)["findings"]}


def _of_the_request(spans: list[StoredSpan]) -> list[StoredSpan]:
    """Without what clients of brokers ask by themselves, all day."""
    (trace,) = {each.span.trace_id for each in spans if each.span.kind == SERVER}
    return [each for each in spans if each.span.trace_id == trace]


def _has_all_spans(existing: Existing, spans: list[StoredSpan]) -> None:
    (server,) = [each for each in spans if each.span.kind == SERVER and each.span.name == existing.route]
    by_id = {each.span.span_id: each for each in spans}
    for kind, name in existing.spans:
        found = [each for each in spans if each.span.kind == kind and each.span.name.startswith(name)]
        assert found, f"{name} is not among {[(each.span.kind, each.span.name) for each in spans]}"
        up = found[0]
        while up.span.parent_id in by_id:
            up = by_id[up.span.parent_id]
        assert up is server, f"{name} belongs to {up.span.name}"


@contextmanager
def silent() -> Iterator[str]:
    """A collector that accepts and never answers."""
    with socket.create_server((LOOPBACK, 0), backlog=100) as listening:
        taken: list[socket.socket] = []
        ends = threading.Event()

        def take() -> None:
            listening.settimeout(0.2)
            while not ends.is_set():
                try:
                    taken.append(listening.accept()[0])
                except TimeoutError:
                    continue

        thread = threading.Thread(target=take, daemon=True)
        thread.start()
        yield f"http://{LOOPBACK}:{listening.getsockname()[1]}"
        ends.set()
        thread.join()
        for each in taken:
            each.close()


@contextmanager
def dead() -> Iterator[str]:
    """Nobody listens."""
    yield f"http://{LOOPBACK}:{free_port()}"


@pytest.mark.parametrize("away", [dead, silent])
def test_a_collector_that_is_away_costs_no_request_and_hardly_the_end(
    away: Callable[[], AbstractContextManager[str]], adopted: Adopted, around: Around, tmp_path: Path
) -> None:
    with away() as endpoint:
        address = {"OTEL_EXPORTER_OTLP_ENDPOINT": endpoint}
        with (
            adopted.up(False, tmp_path / "before", **around.new()) as before,
            adopted.up(True, tmp_path / "after", **around.new(), **address) as after,
        ):
            for up in (before, after):
                for _ in range(5):
                    up.get("/v1/orders/7")
            for attempt in range(ATTEMPTS):
                without, with_it = _slowest(before, after)
                if with_it <= without + MORE_SECONDS:
                    break
                assert attempt < ATTEMPTS - 1, (without, with_it)
            assert _end(after) <= _end(before) + END_SECONDS


def _end(up: Up) -> float:
    """How long the process that takes requests needs to end."""
    began = time.monotonic()
    next(iter(up.running.values())).stop(20)
    return time.monotonic() - began


def _slowest(before: Up, after: Up) -> tuple[float, float]:
    """The slowest request of each, asked in turns."""
    took: dict[int, list[float]] = {before.port: [], after.port: []}
    for _ in range(REQUESTS):
        for up in (before, after):
            began = time.monotonic()
            up.get("/v1/orders/7")
            took[up.port].append(time.monotonic() - began)
    return max(took[before.port]), max(took[after.port])


def test_taking_it_out_leaves_what_the_lock_file_has(adopted: Adopted) -> None:
    """Last, since it is done to the copy; packages that nobody asked for by name may stay in Python."""
    if adopted.existing.files_first:
        _without_calls_and_files(adopted)
    part = adopted.page.split("## Take it out\n")[1].split("\n## ")[0]
    said = commands(adopted.page, "Take it out") or re.findall(r"`((?:pip|go) [^`]+)`", part)
    for command in said:
        run(command, adopted.after / adopted.existing.where, adopted.variables["after"])
    versions = adopted.existing.versions
    before = versions(adopted.before, adopted.variables["before"])
    after = versions(adopted.after, adopted.variables["after"])
    assert {name: after.get(name) for name in before} == before
    assert not {name for name in set(after) - set(before) if "opentelemetry" in name}


def _without_calls_and_files(adopted: Adopted) -> None:
    for each in adopted.existing.edits:
        (adopted.after / each.path).write_text(adopted.existing.files[each.path], encoding="utf-8")
    for path in adopted.rendered.tree:
        if path.startswith("orders/"):
            (adopted.after / adopted.existing.stub / path.removeprefix("orders/")).unlink()
