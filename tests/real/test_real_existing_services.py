"""A stub in a service that exists: other routers, other ends, a module and versions of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from programs.build import _cache
from programs.languages import node, python, rust
from programs.plugin import absent
from programs.recorder import Recorder
from programs.running import StoredSpan
from programs.stubs import Built, texts
from support import ROOT, compiled
from tracegen.compiler import Rendered

SERVICES = ROOT / "tests" / "programs" / "languages" / "services"
BUILD_SECONDS = 900
SERVER = 2
#: What the service has required before.
GO_MODULES = [
    "github.com/go-chi/chi/v5@v5.5.0",
    "github.com/gorilla/mux@v1.8.1",
    "github.com/labstack/echo/v4@v4.16.5",
]


def rendered(folder: Path, language: str, stub: str, **more: object) -> Rendered:
    """A service with an image, so that its stub comes into a folder of the team's."""
    folder.mkdir(exist_ok=True)
    api = {
        "language": language,
        "image": "registry.example.com/acme/api:1.0",
        "stub": stub,
        "health": "/healthz",
        **more,
    }
    return compiled(
        folder,
        {
            "tracegen": 1,
            "name": "shop",
            "targets": ["compose"],
            "backend": {"type": "jaeger"},
            "services": {"api": api},
        },
    )


def write(tree: Rendered, stub: str, folder: Path) -> list[str]:
    """Puts the stub's files where they belong; their names."""
    names = [path for path in tree.tree if path.startswith(f"{stub}/")]
    for path in names:
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(tree.tree[path])
    return names


def run(folder: Path, command: str, **variables: str) -> str:
    done = subprocess.run(
        ["sh", "-c", command],
        cwd=folder,
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        timeout=BUILD_SECONDS,
        check=False,
    )
    assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
    return done.stdout


@pytest.fixture(scope="session")
def go_service(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """Built as its owners would, after the one command that the stub names."""
    if not shutil.which("go"):
        absent("go", "go is not on PATH")
    folder, stub = tmp_path_factory.mktemp("go-service"), "ledger/internal/tracing"
    tree = rendered(folder / "spec", "go", stub)
    (folder / "ledger").mkdir()
    shutil.copy(SERVICES / "go" / "main.go", folder / "ledger" / "main.go")
    run(folder, f"go mod init acme.example/shop && go get {' '.join(GO_MODULES)}")
    names = write(tree, stub, folder)
    # No module of its own, and no folder in the folder: the package is where its path says.
    assert not [each for each in names if each.endswith(("go.mod", "go.sum")) or "tracing/tracing/" in each]
    run(folder, f"xargs go get < {stub}/go.tracing.txt")
    manifest = (folder / "go.mod").read_text(encoding="utf-8")
    assert all(each.replace("@", " ") in manifest for each in GO_MODULES)
    assert not {"b3", "jaeger", "prometheus"} & set(manifest.replace("/", " ").split())
    run(folder, "go build -o api ./ledger && go vet ./ledger/internal/...", CGO_ENABLED="0")
    return Built(tree.system.services["api"], folder, [str(folder / "api")])


def server_spans(recorder: Recorder) -> list[StoredSpan]:
    return [each for each in recorder.spans() if each.span.kind == SERVER]


@pytest.fixture
def recorder(collector: Path, tmp_path: Path) -> Recorder:
    return Recorder(collector, tmp_path)


@pytest.mark.parametrize(
    ("router", "route"),
    [
        ("mux", "/items/{id}"),
        ("wrapped", "/items/{id}"),
        ("chi", "/items/{id}"),
        ("gorilla", "/items/{id}"),
        ("echo", "/items/:id"),
    ],
)
def test_go_names_the_routes_of_any_router_and_loses_none_at_log_fatal(
    router: str, route: str, go_service: Built, recorder: Recorder, tmp_path: Path
) -> None:
    with recorder:
        with go_service.up(f"http://{recorder.http}", tmp_path, ROUTER=router) as up:
            up.get("/items/1")
            up.get("/items/2")
            code = up.stop()
        spans = server_spans(recorder)
    # The signal ends it, as it did before.
    assert code == -15
    assert [each.span.name for each in spans] == [f"GET {route}"] * 2
    assert {each.span.attributes["http.route"] for each in spans} == {route}


@pytest.mark.parametrize("ends", ["context", "channel"])
def test_go_leaves_the_end_to_a_service_that_has_its_own(
    ends: str, go_service: Built, recorder: Recorder, tmp_path: Path
) -> None:
    with recorder:
        with go_service.up(f"http://{recorder.http}", tmp_path, ENDS=ends) as up:
            up.get("/items/1")
            code = up.stop()
        spans = server_spans(recorder)
    assert code == 0
    assert "ended in its own way" in up.running.output()
    assert len(spans) == 1


@pytest.fixture(scope="session")
def rust_service(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """A crate of the same libraries as the example, whose main is that of a team."""
    for tool in rust.TOOLS:
        if not shutil.which(tool):
            absent("rust", f"{tool} is not on PATH")
    folder = tmp_path_factory.mktemp("rust-service")
    (folder / "spec").mkdir()
    example = compiled(
        folder / "spec",
        {
            "tracegen": 1,
            "name": "shop",
            "targets": ["compose"],
            "backend": {"type": "jaeger"},
            "services": {"api": {"language": "rust", "stub": "crate"}},
        },
    )
    write(example, "crate", folder)
    for path in (folder / "crate" / "src").glob("*.rs"):
        if path.name not in ("traces.rs", "traces_test.rs"):
            path.unlink()
    shutil.copy(SERVICES / "rust" / "main.rs", folder / "crate" / "src" / "main.rs")
    manifest = folder / "crate" / "Cargo.toml"
    text = manifest.read_text(encoding="utf-8")
    manifest.write_text(text.replace('edition = "2024"', 'edition = "2021"'), encoding="utf-8")
    command = rust.build(folder / "crate", _cache() / "languages")
    return Built(example.system.services["api"], folder / "crate", command)


@pytest.mark.parametrize("ends", ["", "graceful"])
def test_rust_loses_no_span_with_or_without_a_graceful_shutdown(
    ends: str, rust_service: Built, recorder: Recorder, tmp_path: Path
) -> None:
    with recorder:
        more = {"ENDS": ends} if ends else {}
        with rust_service.up(f"http://{recorder.http}", tmp_path, **more) as up:
            up.get("/items/1")
            up.get("/items/2")
            code = up.stop()
        spans = server_spans(recorder)
    assert [each.span.name for each in spans] == ["GET /items/{id}"] * 2
    assert code == (0 if ends else -15)
    assert ("ended in its own way" in up.running.output()) == bool(ends)


def test_rust_is_added_by_the_two_commands_and_keeps_what_is_there(tmp_path: Path) -> None:
    if not shutil.which("cargo"):
        absent("rust", "cargo is not on PATH")
    stub = "crates/orders"
    write(rendered(tmp_path / "spec", "rust", stub), stub, tmp_path)
    crate = tmp_path / stub
    own = ['axum = "0.8.7"', 'tokio = { version = "1.50"']
    manifest = [
        "[package]",
        'name = "orders"',
        'edition = "2021"',
        "[dependencies]",
        own[0],
        f'{own[1]}, features = ["full"] }}',
    ]
    (crate / "Cargo.toml").write_text("\n".join(manifest) + "\n", encoding="utf-8")
    (crate / "src" / "main.rs").write_text("fn main() {}", encoding="utf-8")
    fragment = (crate / "Cargo.tracing.toml").read_text(encoding="utf-8")
    commands = [line.removeprefix("#   ") for line in fragment.splitlines() if line.startswith("#   ")]
    run(crate, "\n".join(commands).replace("path/to/", ""))
    text = (crate / "Cargo.toml").read_text(encoding="utf-8")
    assert all(each in text for each in own)
    found = {line.split(" (")[0] for line in run(crate, "cargo tree --quiet --prefix none").splitlines()}
    assert "opentelemetry-otlp v0.33.1" in found
    # Nobody asked for these.
    assert not {line for line in found if line.split(" ")[0] in ("tonic", "opentelemetry-zipkin")}


@pytest.mark.parametrize(
    ("language", "manifests"),
    [
        ("go", {"go.mod", "go.sum"}),
        ("rust", {"Cargo.toml", "Cargo.lock"}),
        ("java", {"pom.xml", "build.gradle"}),
        ("dotnet", {"api.csproj"}),
    ],
)
@pytest.mark.parametrize("more", [{}, {"deploy": False}])
def test_no_manifest_is_written_where_a_service_has_its_own(
    language: str, manifests: set[str], more: dict[str, object], tmp_path: Path
) -> None:
    tree = rendered(tmp_path, language, "apps/api", instrumentation="sdk", **more).tree
    names = {path.removeprefix("apps/api/") for path in tree if path.startswith("apps/api/")}
    assert names
    assert not names & manifests


JOBS = {
    "python": """\
from tracing import start_tracing
start_tracing()

import multiprocessing
import os
import sys

from opentelemetry import context, propagate, trace

tracer = trace.get_tracer(__name__)


def part(headers):
    with tracer.start_as_current_span("a part", propagate.extract(headers)):
        pass


with tracer.start_as_current_span("nightly report"):
    headers = {}
    propagate.inject(headers)
    forked = multiprocessing.get_context("fork").Process(target=part, args=(headers,))
    forked.start()
    forked.join()
sys.exit(3)
""",
    "node": """\
import { context, propagation, trace } from "@opentelemetry/api";

const tracer = trace.getTracer("report");
await tracer.startActiveSpan("nightly report", async (span) => {
  const headers = {};
  propagation.inject(context.active(), headers);
  tracer.startSpan("a part", {}, propagation.extract(context.active(), headers)).end();
  span.end();
});
process.exitCode = 3;
""",
    "go": """\
package main

import (
	"context"
	"log"
	"os"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/propagation"

	"acme.example/report/tracing"
)

func main() {
	stop, failed := tracing.Start(context.Background())
	if failed != nil {
		log.Print("this service runs without traces: ", failed)
	}
	ctx, span := otel.Tracer("report").Start(context.Background(), "nightly report")
	headers := propagation.MapCarrier{}
	otel.GetTextMapPropagator().Inject(ctx, headers)
	_, part := otel.Tracer("report").Start(otel.GetTextMapPropagator().Extract(ctx, headers), "a part")
	part.End()
	span.End()
	stop()
	os.Exit(3)
}
""",
}


def _job_command(language: str, folder: Path, cache: Path) -> list[str]:
    """What its owners would do, after the steps of the page."""
    match language:
        case "python":
            (folder / "requirements.txt").write_text("-r requirements-tracing.txt\n", encoding="utf-8")
            (folder / "job.py").write_text(JOBS[language], encoding="utf-8")
            return [str(python.environment(folder, cache) / "bin" / "python"), "job.py"]
        case "node":
            shutil.copy(folder / "package.tracing.json", folder / "package.json")
            (folder / "job.mjs").write_text(JOBS[language], encoding="utf-8")
            made = node.packages(folder, cache)
            if made != folder:
                (folder / "node_modules").symlink_to(made / "node_modules")
            return [str(node.node(cache)), "--import", "./tracing.mjs", "job.mjs"]
    (folder / "main.go").write_text(JOBS[language], encoding="utf-8")
    run(
        folder, "go mod init acme.example/report && xargs go get < go.tracing.txt && go mod tidy && go build -o job ."
    )
    return ["./job"]


@pytest.mark.parametrize("language", JOBS)
def test_a_job_without_a_port_loses_no_span_at_its_end(language: str, collector: Path, tmp_path: Path) -> None:
    if not shutil.which({"node": "npm"}.get(language, language)):
        absent(language, f"no {language} is on PATH")
    folder = tmp_path / "job"
    (tmp_path / "spec").mkdir()
    job = {
        "language": language,
        "framework": "none",
        "port": "none",
        "image": "registry.test/report:1",
        "stub": "job",
    }
    spec = {"tracegen": 1, "name": "shop", "targets": ["compose"], "backend": {"type": "jaeger"}}
    tree = compiled(tmp_path / "spec", {**spec, "services": {"report": job}})
    write(tree, "job", tmp_path)
    cache = _cache() / "languages"
    cache.mkdir(parents=True, exist_ok=True)
    command = _job_command(language, folder, cache)
    with Recorder(collector, tmp_path) as recorder:
        variables = {
            **texts(tree.system.services["report"]),
            "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://{recorder.http}",
        }
        done = subprocess.run(
            command, cwd=folder, env={**os.environ, **variables}, timeout=BUILD_SECONDS, check=False
        )
        time.sleep(0.5)  # the recorder writes a few times a second
        spans = {each.span.name: each.span for each in recorder.spans()}
    assert done.returncode == 3
    assert set(spans) == {"nightly report", "a part"}
    assert spans["a part"].parent_id == spans["nightly report"].span_id
