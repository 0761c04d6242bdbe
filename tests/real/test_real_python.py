"""Python services that were there before tracegen: what is rendered for them is added as its README says."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from programs.build import _cache
from programs.languages import python
from programs.recorder import Recorder
from programs.running import StoredSpan
from programs.stubs import LANGUAGES, Built, Callee
from support import compiled
from tracegen.compiler import Rendered

INTERNAL, SERVER, CLIENT = 1, 2, 3
OWN = ["flask==3.1.2", "requests==2.32.5", "sqlalchemy==2.0.51", "gunicorn==27.0.1", "protobuf==6.33.0"]


def rendered(folder: Path, **more: object) -> Rendered:
    """A spec with a Flask service that has an image."""
    folder.mkdir(exist_ok=True)
    api = {"language": "python", "image": "registry.test/shop:1", "calls": ["other-one"], **more}
    spec = {
        "tracegen": 1,
        "name": "shop",
        "targets": ["compose"],
        "backend": {"type": "jaeger"},
        "services": {"api": api, "other-one": {"language": "other", "deploy": False}},
    }
    return compiled(folder, spec)


def adopted(folder: Path, app: str, agent: str = "", **more: object) -> Built:
    """The service with what its README adds; its own versions are older than those that tracing ran with."""
    result = rendered(folder / "spec", **more)
    service = result.system.services["api"]
    for path, content in result.tree.items():
        if path.startswith(f"{service.stub}/"):
            (folder / path.removeprefix(f"{service.stub}/")).write_bytes(content)
    for file in (LANGUAGES / "python_apps").glob("*.py"):
        shutil.copy(file, folder)
    own = ["-r requirements-tracing.txt", *OWN, "opentelemetry-instrumentation-sqlalchemy==0.66b1"]
    (folder / "requirements.txt").write_text("".join(f"{line}\n" for line in own), encoding="utf-8")
    cache = _cache() / "languages"
    cache.mkdir(parents=True, exist_ok=True)
    path = f"PATH={python.environment(folder, cache) / 'bin'}:/usr/bin:/bin"
    server = f'exec {agent} gunicorn {app}:app --bind "127.0.0.1:$PORT" --no-control-socket'
    return Built(service, folder, ["env", path, "PYTHONUNBUFFERED=1", "sh", "-c", server])


@pytest.fixture
def recorder(collector: Path, tmp_path: Path) -> Iterator[Recorder]:
    with Recorder(collector, tmp_path) as running:
        yield running


@pytest.fixture
def callee() -> Iterator[Callee]:
    with Callee() as running:
        yield running


def one(spans: list[StoredSpan], kind: int, name: str) -> StoredSpan:
    found = [each for each in spans if each.span.kind == kind and each.span.name.startswith(name)]
    assert len(found) == 1, [(each.span.kind, each.span.name) for each in spans]
    return found[0]


@pytest.mark.parametrize("libraries", [[], ["sqlalchemy"]])
def test_a_service_keeps_its_logs_and_versions_and_gets_all_its_spans(
    libraries: list[str], recorder: Recorder, callee: Callee, tmp_path: Path
) -> None:
    (tmp_path / "app").mkdir()
    named = {"libraries": libraries} if libraries else {}
    shop = adopted(tmp_path / "app", "shop", **named)
    with shop.up(f"http://{recorder.http}", tmp_path, OTHER_ONE_URL=callee.url) as up:
        answer = up.get("/orders/7")
        up.stop()
    assert json.loads(answer.body) == {"status": 200}
    spans = recorder.spans()
    server = one(spans, SERVER, "GET /orders/<int:order>")
    assert one(spans, CLIENT, "SELECT").span.parent_id == server.span.span_id
    assert one(spans, CLIENT, "GET").span.parent_id == server.span.span_id
    assert callee.headers[0]["traceparent"].split("-")[1] == server.span.trace_id
    lines = up.running.output().splitlines()
    assert "DEBUG|own-7|handled" in lines
    assert f"INFO|{server.span.trace_id}|rows 7" in lines


@pytest.mark.parametrize("agent", ["opentelemetry-instrument", ""])
@pytest.mark.parametrize(
    ("health", "traced"),
    [("/health", ["/", "/healthcare/plans"]), ("/", ["/health", "/healthcare/plans"])],
)
def test_the_health_path_is_left_out_and_no_other(
    health: str, traced: list[str], agent: str, recorder: Recorder, callee: Callee, tmp_path: Path
) -> None:
    (tmp_path / "app").mkdir()
    kind, app = ("auto", "untraced") if agent else ("sdk", "shop")
    shop = adopted(tmp_path / "app", app, agent, instrumentation=kind, health=health)
    with shop.up(f"http://{recorder.http}", tmp_path, OTHER_ONE_URL=f"{callee.url}/") as up:
        for path in ("/", "/health", "/healthcare/plans", "/orders/7"):
            assert up.get(path).status == 200
        up.stop()
    spans = recorder.spans()
    assert sorted(str(each.span.attributes["url.path"]) for each in spans if each.span.kind == SERVER) == sorted(
        [*traced, "/orders/7"]
    )
    assert one(spans, CLIENT, "GET").span.attributes["url.full"] == f"{callee.url}/"


@pytest.mark.parametrize("kind", ["sdk", "auto"])
def test_nothing_is_written_that_a_service_has_itself(kind: str, tmp_path: Path) -> None:
    files = {path.rpartition("/")[2] for path in rendered(tmp_path / "spec", instrumentation=kind).tree}
    assert not {"requirements.txt", "README.md", "Dockerfile", "pyproject.toml"} & {
        path for path in files if path.startswith(("requirements.", "README.m", "Docker", "pyproject"))
    }


def test_spans_are_printed_on_request(callee: Callee, tmp_path: Path) -> None:
    (tmp_path / "app").mkdir()
    console = {"OTEL_TRACES_EXPORTER": "console", "OTHER_ONE_URL": callee.url}
    with adopted(tmp_path / "app", "shop").up("http://127.0.0.1:1", tmp_path, **console) as up:
        up.get("/orders/7")
        up.stop()
    assert '"name": "GET /orders/<int:order>"' in up.running.output()
    assert "export" not in up.running.output().lower()
