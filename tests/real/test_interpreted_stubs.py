"""Stubs and examples of Ruby and PHP run on Debian's interpreters, with stand-ins of the SDKs."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from programs.build import ProgramMissing
from programs.debian import debian_root
from programs.plugin import absent
from programs.running import Answer, wait_until
from programs.stubs import Built, Callee
from support import compiled

STAND_INS = Path(__file__).resolve().parents[1] / "programs" / "stand_ins"
TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"


def written(language: str, folder: Path, **more: object) -> Built:
    """The rendered service in a folder; whoever starts it says how."""
    (folder / "spec").mkdir()
    api = {"language": language, "calls": ["other-one"], **more}
    spec = {
        "tracegen": 1,
        "name": "shop",
        "targets": ["compose"],
        "backend": {"type": "jaeger"},
        "baggage": {"to_attributes": ["customer.tier"]},
        "services": {"api": api, "other-one": {"language": "other", "deploy": False}},
    }
    rendered = compiled(folder / "spec", spec)
    service = rendered.system.services["api"]
    for path, content in rendered.tree.items():
        if path.startswith(f"{service.stub}/"):
            (folder / path.removeprefix(f"{service.stub}/")).write_bytes(content)
    return Built(service, folder, [])


def root_of(packages: str) -> Path:
    """Where Debian's files are; their absence skips the test, or fails it in CI."""
    try:
        return debian_root(packages)
    except ProgramMissing as missing:
        absent(packages, str(missing))
        raise


def ruby(*arguments: str) -> list[str]:
    """Ruby with Rack, Sinatra, Puma and the stand-in."""
    root = root_of("ruby puma ruby-sinatra")
    patterns = (
        "usr/lib/ruby/*",
        "usr/lib/*/ruby/*",
        "usr/lib/*/ruby/vendor_ruby/*",
        "usr/share/rubygems-integration/all/gems/*/lib",
        "usr/lib/*/rubygems-integration/*/gems/*/lib",
        "usr/lib/*/rubygems-integration/*/extensions/*/*/*",
    )
    paths = [STAND_INS / "ruby", *(path for pattern in patterns for path in sorted(root.glob(pattern)))]
    environment = f"RUBYLIB={':'.join(map(str, paths))}"
    binary = next(path for path in sorted(root.glob("usr/bin/ruby3*")))
    return ["env", environment, _libraries(root), str(binary), *arguments]


def php(*arguments: str) -> list[str]:
    """PHP without any configuration."""
    root = root_of("php-cli")
    binary = next(path for path in sorted(root.glob("usr/bin/php[0-9]*.[0-9]*")))
    return ["env", _libraries(root), str(binary), "-n", *arguments]


def _libraries(root: Path) -> str:
    folders = sorted({str(path.parent) for path in root.glob("usr/lib/*/lib*.so*")}) if root != Path("/") else []
    return f"LD_LIBRARY_PATH={':'.join(folders)}"


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Built]:
    """The examples with their stubs, by language."""
    of_ruby = written("ruby", tmp_path_factory.mktemp("ruby"))
    of_php = written("php", tmp_path_factory.mktemp("php"))
    (of_php.folder / "vendor").mkdir()
    (of_php.folder / "vendor" / "autoload.php").symlink_to(STAND_INS / "php" / "autoload.php")
    # The command of the Dockerfile: Puma's own program wants gems, its class does not.
    start = 'exec "$@" --environment production --threads 1:4 --bind "tcp://127.0.0.1:$PORT"'
    puma = ["sh", "-c", start, "puma", *ruby("-rpuma/cli", "-e", "Puma::CLI.new(ARGV).run", "--")]
    server = ["sh", "-c", 'exec "$@" -S "127.0.0.1:$PORT" index.php', "php", *php()]
    return {
        "ruby": Built(of_ruby.service, of_ruby.folder, puma),
        "php": Built(of_php.service, of_php.folder, server),
    }


@pytest.fixture
def callee() -> Iterator[Callee]:
    with Callee() as running:
        yield running


def spans_in(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.exists() else []


@pytest.mark.parametrize("language", ["ruby", "php"])
def test_the_rendered_service_answers_and_its_lines_name_its_spans(
    language: str, services: Mapping[str, Built], callee: Callee, tmp_path: Path
) -> None:
    spans = tmp_path / "spans"
    changed = {"STAND_IN_SPANS": str(spans), "OTHER_ONE_URL": callee.url}
    with services[language].up("http://127.0.0.1:1", tmp_path, **changed) as up:
        answers: dict[str, Answer] = {path: up.get(path) for path in ("/items/42", "/error", "/work", "/healthz")}
        called = up.get("/", traceparent=f"00-{TRACE}-{PARENT}-01", baggage="customer.tier=gold")
        wait_until(lambda: "work finished" in up.running.output(), 10)
        code = up.stop()
    assert {path: answer.status for path, answer in answers.items()} == {
        "/items/42": 200,
        "/error": 500,
        "/work": 202,
        "/healthz": 200,
    }
    assert json.loads(called.body) == {"service": "api", "calls": {"OTHER_ONE_URL": 200}}
    assert code in (0, 128 + 15, -15)
    found = {span["name"]: span for span in spans_in(spans)}
    assert {"find item", "try", "send work", "process work", "finish work"} <= set(found)
    assert found["finish work"]["parent"] == found["process work"]["spanId"]
    assert found["process work"]["parent"] == found["send work"]["spanId"]
    known = {(span["traceId"], span["spanId"]) for span in spans_in(spans)}
    named = {(line["trace_id"], line["span_id"]) for line in up.log_lines() if line.get("trace_id")}
    assert len(named) >= 4
    assert named <= known
    if language == "php":
        served = found["GET /"]
        assert (served["traceId"], served["parent"], served["attributes"]["customer.tier"]) == (TRACE, PARENT, "gold")
        assert callee.headers[0]["traceparent"].split("-")[1] == TRACE
        assert "GET /healthz" not in found
    else:
        assert {span["timeout"] for span in found.values()} == {3}
        assert "debug" not in up.running.output().lower()


LINES = """
require "tracing"
class Rails < Logger; end
Tracing.start
write = lambda do
  Logger.new($stdout, level: :warn).tap { |log| log.info("hidden") }.warn("plain")
  Rails.new($stdout, formatter: ->(level, _, _, text) { "#{level}|#{text}\\n" }).info("own")
  Logger.new($stdout, formatter: ->(_, _, _, text) { %({"text":"#{text}"}\\n) }).info("json")
  Logger.new($stdout, formatter: ->(_, _, _, text) { %(trace_id=mine #{text}\\n) }).info("named")
end
OpenTelemetry.tracer_provider.tracer("test").in_span("one") { write.call }
write.call
"""


def test_every_logger_of_ruby_has_the_ids_and_keeps_its_format(services: Mapping[str, Built], tmp_path: Path) -> None:
    folder = services["ruby"].folder
    environment = {**os.environ, "STAND_IN_SPANS": str(tmp_path / "spans")}
    command = ruby("-I", str(folder), "-e", LINES)
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=True)
    (span,) = spans_in(tmp_path / "spans")
    trace_id, span_id = span["traceId"], span["spanId"]
    ids = f"trace_id={trace_id} span_id={span_id}"
    plain, own, as_json, named, *outside = done.stdout.splitlines()
    assert plain.endswith(f"plain {ids}")
    assert own == f"INFO|own {ids}"
    assert json.loads(as_json) == {"text": "json", "trace_id": trace_id, "span_id": span_id}
    assert named == "trace_id=mine named"
    assert outside[1:] == ["INFO|own", '{"text":"json"}', "trace_id=mine named"]


SENT = """
require 'vendor/autoload.php';
register_shutdown_function(fn () => print('own;'));
require 'Tracing.php';
register_shutdown_function(fn () => print('later;'));
function fastcgi_finish_request() { print('answered;'); }
register_shutdown_function(fn () => register_shutdown_function(fn () => print('after;')));
$factory = StandIn::$transports['http'] ?? null;
echo json_encode($factory ? (new $factory())->create('http://c', 'x', timeout: 10.)->made : null), ';';
"""


@pytest.mark.parametrize(
    ("variables", "made"),
    [
        ({}, {"timeout": 0.5, "retries": 0, "client": {"timeout": 0.5, "verify": True}}),
        (
            {"OTEL_EXPORTER_OTLP_TIMEOUT": "9", "OTEL_EXPORTER_OTLP_CERTIFICATE": "/ca.pem"},
            {"timeout": 10, "retries": 0, "client": {"timeout": 10, "verify": "/ca.pem"}},
        ),
        ({"OTEL_PHP_AUTOLOAD_ENABLED": "false"}, None),
    ],
    ids=["default", "said", "off"],
)
def test_php_sends_once_and_after_the_answer(
    variables: Mapping[str, str], made: object, services: Mapping[str, Built], tmp_path: Path
) -> None:
    environment = {
        **os.environ,
        "OTEL_PHP_AUTOLOAD_ENABLED": "true",
        "STAND_IN_SPANS": str(tmp_path / "spans"),
        **variables,
    }
    folder = services["php"].folder
    done = subprocess.run(
        php("-r", SENT), cwd=folder, env=environment, capture_output=True, text=True, timeout=60, check=True
    )
    first, *after = done.stdout.split(";")
    assert json.loads(first) == made
    assert after == (["own", "later", "answered", "after", ""] if made else ["own", "later", "after", ""])


def test_php_says_how_long_a_request_may_wait(services: Mapping[str, Built]) -> None:
    variables = services["php"].service.environment
    assert int(str(variables["OTEL_EXPORTER_OTLP_TIMEOUT"][0])) <= 1000
    assert variables["OTEL_PHP_DETECTORS"] == ("host",)


@pytest.mark.parametrize("language", ["ruby", "php"])
@pytest.mark.parametrize("kind", ["sdk", "auto"])
def test_nothing_is_written_that_a_service_has_itself(language: str, kind: str, tmp_path: Path) -> None:
    built = written(language, tmp_path, image="registry.test/api:1", instrumentation=kind)
    names = {path.name for path in built.folder.iterdir()}
    assert "README.tracing.md" in names
    assert not {"README.md", "composer.json", "composer.lock", "Gemfile", "Gemfile.lock", "Dockerfile"} & names
