"""The doctor names the first broken hop of every planted fault, and finds nothing where nothing is broken."""

import json
import os
import subprocess
import sys
from itertools import islice
from pathlib import Path

import pytest

from doctor.faults import (
    CHECKOUT,
    CLUSTER,
    FAULTS,
    GATEWAY,
    LIVE,
    PLAIN,
    SEARCH,
    SECURE,
    TEMPO,
    Fault,
    append,
    replace,
    set_in,
    system,
    written,
)
from invariants._specs import SMALLEST, Space, compile_spec, dimensions
from patches import merged
from support import ROOT, compiled, one_service, tracegen
from tracegen.catalogue import catalogue
from tracegen.checking import check
from tracegen.compiler import build
from tracegen.doctor.expected import expected_of
from tracegen.doctor.path import diagnose
from tracegen.source.files import load

ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT / "src")}


def found(folder: Path) -> list[dict[str, object]]:
    ran = tracegen("doctor", folder / "tracegen.yaml", "--format", "json")
    assert ran.code in (0, 1), ran.err
    said: list[dict[str, object]] = json.loads(ran.out)["findings"]
    assert ran.code == bool(said)
    return said


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_planted_fault_is_named(tmp_path: Path, fault: Fault) -> None:
    folder = system(tmp_path, fault.spec)
    fault.plant(folder)
    (said,) = found(folder)
    assert (said["hop"], said["file"]) == (fault.hop, fault.file), said
    line = (folder / str(said["file"])).read_text(encoding="utf-8").splitlines()[int(str(said["line"])) - 1]
    assert fault.line in line, (said, line)
    assert set(said["services"] or fault.services) == set(fault.services), said  # type: ignore[call-overload]
    assert said["evidence"] and said["command"]


@pytest.mark.parametrize(
    "spec", [PLAIN, SECURE, SEARCH, TEMPO, CLUSTER], ids=["plain", "secure", "search", "tempo", "cluster"]
)
def test_nothing_is_found_before_a_fault_is_planted(tmp_path: Path, spec: dict[str, object]) -> None:
    assert found(system(tmp_path, spec)) == []


@pytest.mark.parametrize("example", sorted(path.parent.name for path in ROOT.glob("examples/*/tracegen.yaml")))
def test_nothing_is_found_in_the_examples(tmp_path: Path, example: str) -> None:
    """In all their environments."""
    spec = ROOT / "examples" / example / "tracegen.yaml"
    document = load(str(spec), None)
    for environment, settings in check(document, catalogue()).settings.items():
        folder = tmp_path / str(environment)
        rendered = build(document, settings, catalogue())
        written(folder, rendered)
        assert not diagnose(expected_of(rendered), folder, {}).findings, environment


def test_nothing_is_found_in_systems_of_the_matrix(tmp_path: Path) -> None:
    """Each tenth: all of them were looked at once, and take minutes."""
    space = Space(dimensions())
    looked_at = 0
    for number, assignment in enumerate(islice(space.cover(), 0, None, 10)):
        rendered = compile_spec(merged(SMALLEST, space.patch(assignment)))
        folder = tmp_path / str(number)
        written(folder, rendered)
        diagnosis = diagnose(expected_of(rendered), folder, {})
        assert not diagnosis.findings, (space.patch(assignment), diagnosis.findings)
        looked_at += bool(diagnosis.looked_at)
    assert looked_at > 20


def test_nothing_is_found_in_edits_that_break_nothing(tmp_path: Path) -> None:
    folder = system(tmp_path, PLAIN)
    more = """\
  otlp_http/vendor:
    endpoint: https://otlp.vendor.example.com
    headers: {x-api-key: "${env:VENDOR_KEY}"}
"""
    replace(GATEWAY, "exporters:\n", f"exporters:\n{more}")(folder)
    replace(GATEWAY, "        - otlp_grpc/jaeger\n", "        - otlp_grpc/jaeger\n        - otlp_http/vendor\n")(
        folder
    )
    replace(
        GATEWAY,
        "processors:\n",
        "processors:\n  attributes/team: {actions: [{key: team, value: a, action: upsert}]}\n",
    )(folder)
    replace(GATEWAY, "        - memory_limiter\n", "        - memory_limiter\n        - attributes/team\n")(folder)
    replace(GATEWAY, "threshold_ms: 1000", "threshold_ms: 500")(folder)
    replace(GATEWAY, "            - gold\n", "            - gold\n            - platinum\n")(folder)
    replace(GATEWAY, "sampling_percentage: 5.0", "sampling_percentage: 20")(folder)
    replace(GATEWAY, "level: info", "level: debug")(folder)
    set_in(CHECKOUT, "OTEL_BSP_SCHEDULE_DELAY", "1000")(folder)
    set_in(CHECKOUT, "OTEL_TRACES_EXPORTER", "otlp,console")(folder)
    set_in(CHECKOUT, "OTEL_PROPAGATORS", "tracecontext,baggage,b3")(folder)
    set_in(CHECKOUT, "OTEL_TRACES_SAMPLER", "parentbased_traceidratio")(folder)
    set_in(CHECKOUT, "OTEL_TRACES_SAMPLER_ARG", "0.5")(folder)
    networks = "\n".join(f"  {name}: {{networks: [tracing]}}" for name in ("otel-gateway", "jaeger", "frontend"))
    extra = """
  checkout:
    networks: [tracing, default]
    environment:
      - HTTP_PROXY=http://proxy.example.com:3128
      - NO_PROXY=localhost,otel-gateway
    ports: ["127.0.0.1:9999:8080"]
  database: {image: postgres, command: !reset null}
networks: {tracing: {}}
"""
    append("compose.override.yaml", f"services:\n{networks}{extra}")(folder)
    assert found(folder) == []


def test_a_service_that_runs_elsewhere_has_its_file(tmp_path: Path) -> None:
    services = {"web": {"language": "go"}, "ledger": {"language": "java", "deploy": False}}
    folder = system(tmp_path, one_service(services=services))
    assert found(folder) == []
    set_in("services/ledger/otel.env", "OTEL_EXPORTER_OTLP_ENDPOINT", "http://otel-gateway:4317")(folder)
    assert [(each["hop"], each["services"]) for each in found(folder)] == [("address", ["ledger"])]


def test_the_credentials_of_a_service_that_runs_elsewhere_are_not_known(tmp_path: Path) -> None:
    services = {"web": {"language": "go"}, "ledger": {"language": "java", "deploy": False}}
    security = {"ingest_auth": {"bearer": {"env": "INGEST_TOKEN"}}}
    for targets in (["compose"], []):
        folder = tmp_path / str(len(targets))
        folder.mkdir()
        assert found(system(folder, one_service(services=services, security=security, targets=targets))) == []


@pytest.mark.parametrize("targets", [["compose"], ["kubernetes"], ["compose", "kubernetes"], []])
def test_what_was_never_rendered_is_said(tmp_path: Path, targets: list[str]) -> None:
    compiled(tmp_path, one_service(targets=targets))
    for said in found(tmp_path):
        assert said["hop"] == "environment" and "is not there" in str(said["evidence"])
        assert str(said["command"]).startswith("tracegen render ")
    assert found(tmp_path)
    assert tracegen("render", tmp_path / "tracegen.yaml").code == 0
    assert not found(tmp_path)


def test_only_the_first_broken_hop_of_a_service_is_told(tmp_path: Path) -> None:
    folder = system(tmp_path, PLAIN)
    for fault in FAULTS:
        if fault.name in ("tail policy gone", "wrong port", "exporter endpoint misspelt"):
            fault.plant(folder)
    assert [(each["hop"], each["services"]) for each in found(folder)] == [
        ("address", ["checkout"]),
        ("processor", ["frontend"]),
    ]


def test_the_command_mends_it(tmp_path: Path) -> None:
    """In a project that was rendered, where a file that is gone is written anew."""
    folder = tmp_path
    system(folder, PLAIN)
    for path in folder.rglob("*"):
        if path.is_file() and path.name != "tracegen.yaml":
            path.unlink()
    assert tracegen("render", folder / "tracegen.yaml").code == 0
    for fault in FAULTS:
        if fault.spec is not PLAIN or "certificate" in fault.name:
            continue
        fault.plant(folder)
        (said,) = found(folder)
        command = str(said["command"]).replace("tracegen render", f"{sys.executable} -m tracegen render")
        ended = subprocess.run(
            ["sh", "-c", command], cwd=folder, capture_output=True, text=True, timeout=60, env=ENVIRONMENT
        )
        assert ended.returncode == 0, (fault.name, command, ended.stderr)
        left = found(folder)
        assert not left or left[0]["evidence"] != said["evidence"], (fault.name, command, left)
        (folder / "compose.override.yaml").unlink(missing_ok=True)
        assert not found(folder), fault.name


def test_files_that_are_no_files_of_ours_are_no_failure(tmp_path: Path) -> None:
    folder = system(tmp_path, PLAIN)
    for number, text in enumerate(
        ["", "[]", "a", "&a [*a]", "{" * 5000, "services: 1", "services: {x: 1}", "\0", "- - - -"]
    ):
        for file in ("compose.yaml", "collector/gateway.yaml", "jaeger/config.yaml"):
            before = (folder / file).read_bytes()
            (folder / file).write_text(text, encoding="utf-8")
            ran = tracegen("doctor", folder / "tracegen.yaml")
            assert ran.code in (0, 1), (number, file, ran.err)
            (folder / file).write_bytes(before)


def test_the_page_has_every_fault_and_its_answer(tmp_path: Path, regen: bool) -> None:
    rows = ["", "| planted | broken hop | where | evidence |", "|---|---|---|---|"]
    for number, fault in enumerate(FAULTS):
        (tmp_path / str(number)).mkdir()
        folder = system(tmp_path / str(number), fault.spec)
        fault.plant(folder)
        (said,) = found(folder)
        evidence = str(said["evidence"]).replace("|", "\\|")
        rows.append(f"| {fault.name} | {said['hop']} | `{said['file']}:{said['line']}` | {evidence} |")
    rows += [
        "",
        "| planted in what runs | broken hop |",
        "|---|---|",
        *(f"| {name} | {hop} |" for name, hop in LIVE.items()),
        "",
    ]
    page = ROOT / "docs" / "doctor.md"
    lines = page.read_text(encoding="utf-8").splitlines()
    start, end = lines.index("<!-- faults -->") + 1, lines.index("<!-- /faults -->")
    if regen:
        page.write_text("\n".join([*lines[:start], *rows, *lines[end:]]) + "\n", encoding="utf-8")
    else:
        assert lines[start:end] == rows
