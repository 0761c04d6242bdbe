"""`tracegen verify`: its formats, exit codes, listening, and the calls that it learns."""

import json
import re
import subprocess
import sys
import urllib.request
from pathlib import Path
from xml.etree import ElementTree

import pytest

from support import ROOT, tracegen
from tracegen.cli.declared import expected
from tracegen.cli.findings import Findings
from tracegen.traces import Store, read_file
from tracegen.verify import CODES
from verify.healthy import (
    SPEC,
    healthy,
    key_not_redacted,
    no_instance,
    silent_service,
    undeclared_edge,
    undeclared_service,
)

HOSTILE = "<script>alert(1)</script>\x1b[2J\x00&\"'"


def traces(folder: Path, *mutations: object) -> Path:
    message = healthy(folder)
    for each in mutations:
        each(message)  # type: ignore[operator]
    path = folder / "traces.pb"
    path.write_bytes(message.SerializeToString())
    return path


def hostile(folder: Path) -> Path:
    message = healthy(folder)
    undeclared_service(message)
    message.resource_spans[-1].resource.attributes[0].value.string_value = HOSTILE
    path = folder / "traces.pb"
    path.write_bytes(message.SerializeToString())
    return path


def test_healthy_traces_end_with_0_and_others_with_1(tmp_path: Path) -> None:
    spec = tmp_path / "tracegen.yaml"
    fine = tracegen("verify", spec, "--from", traces(tmp_path))
    assert fine.code == 0 and "nothing found\nInstrumentation Score: 100 of 100" in fine.out, fine
    broken = tracegen("verify", spec, "--from", traces(tmp_path, silent_service))
    assert broken.code == 1 and broken.out.startswith("error: silent-service: ledger: "), broken


def test_a_note_is_told_and_no_failure(tmp_path: Path) -> None:
    spec, path = tmp_path / "tracegen.yaml", traces(tmp_path, no_instance)
    ran = tracegen("verify", spec, "--from", path)
    assert ran.code == 0 and ran.out.startswith("note: RES-001: cart: "), ran
    suite = ElementTree.fromstring(tracegen("verify", spec, "--from", path, "--format", "junit").out)
    assert suite.get("failures") == "0" and "RES-001: cart" in (suite.findtext("system-out") or "")


def test_without_a_place_to_read_it_is_wrong_usage(tmp_path: Path) -> None:
    traces(tmp_path)
    assert tracegen("verify", tmp_path / "tracegen.yaml").code == 2


def test_json(tmp_path: Path) -> None:
    ran = tracegen("verify", tmp_path / "tracegen.yaml", "--from", hostile(tmp_path), "--format", "json")
    [finding] = json.loads(ran.out)["findings"]
    assert (finding["code"], finding["subject"], len(finding["trace_id"])) == ("undeclared-service", HOSTILE, 32)


def test_junit(tmp_path: Path) -> None:
    ran = tracegen("verify", tmp_path / "tracegen.yaml", "--from", hostile(tmp_path), "--format", "junit")
    suite = ElementTree.fromstring(ran.out)
    assert (suite.get("tests"), suite.get("failures")) == (str(len(CODES)), "1")
    [failure] = suite.iter("failure")
    assert failure.get("type") == "undeclared-service" and "<script>" in (failure.text or "")


def test_sarif(tmp_path: Path) -> None:
    ran = tracegen("verify", tmp_path / "tracegen.yaml", "--from", hostile(tmp_path), "--format", "sarif")
    [run] = json.loads(ran.out)["runs"]
    [result] = run["results"]
    assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"] == "undeclared-service"


def test_the_page_needs_nothing_and_escapes_names(tmp_path: Path) -> None:
    ran = tracegen("verify", tmp_path / "tracegen.yaml", "--from", hostile(tmp_path), "--format", "html")
    assert "<script" not in ran.out and "&lt;script&gt;" in ran.out and "\x1b" not in ran.out
    assert not re.search(r"https?://|src=|href=", ran.out)


def test_a_name_moves_no_cursor(tmp_path: Path) -> None:
    ran = tracegen("verify", tmp_path / "tracegen.yaml", "--from", hostile(tmp_path))
    assert ran.code == 1 and "\x1b" not in ran.out and "\\x1b[2J" in ran.out


@pytest.mark.parametrize("caller", ["cart", "pay", "stock", "ledger"])
def test_learned_calls_are_a_diff_that_keeps_comments(
    caller: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    path, spec = traces(tmp_path), tmp_path / "tracegen.yaml"
    less = SPEC.replace(*LESS[caller])
    assert less != SPEC
    spec.write_text(less, encoding="utf-8")
    ran = tracegen("verify", "--from", path, "--learn")
    assert ran.code == 1, ran
    subprocess.run(["git", "apply", "-"], input=ran.out, text=True, check=True)
    assert spec.read_text(encoding="utf-8").count("#") == less.count("#")
    again = tracegen("verify", "--from", path)
    assert again.code == 0, again.out


#: What is taken out of the spec, in each form in which calls can stand there.
LESS = {
    "cart": ("calls: [stock]}", "calls: []}"),
    "pay": ("    calls: [ledger, stock]  # books\n", "    calls:\n      - ledger  # books\n"),
    "stock": ("    calls: [ledger, stock]  # books\n", ""),
    "ledger": ("language: python, calls: [cart, pay]", "language: python"),
}


def test_nothing_is_learned_of_a_spec_that_is_whole(tmp_path: Path) -> None:
    ran = tracegen("verify", tmp_path / "tracegen.yaml", "--from", traces(tmp_path), "--learn")
    assert (ran.code, ran.out) == (0, "")


def test_the_page_of_view_gets_the_findings(tmp_path: Path) -> None:
    path = traces(tmp_path, silent_service)
    with Store() as store:
        findings = Findings(expected(str(tmp_path / "tracegen.yaml")))
        assert list(findings(store)) == []
        store.add(read_file(str(path)))
        assert [each.code for each in findings(store)] == ["silent-service"]


def test_listening_ends_when_nothing_comes_any_more(tmp_path: Path) -> None:
    body = traces(tmp_path, undeclared_edge, key_not_redacted).read_bytes()
    command = [sys.executable, "-m", "tracegen", "verify", str(tmp_path / "tracegen.yaml"),
               "--listen", "127.0.0.1:0", "--quiet", "1s", "--duration", "30s", "--format", "json"]  # fmt: skip
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={"PYTHONPATH": str(ROOT / "src")}
    ) as process:
        assert process.stdout and process.stderr
        address = process.stderr.readline().split()[-1]
        asked = urllib.request.Request(
            f"{address}/v1/traces", body, {"Content-Type": "application/x-protobuf"}
        )  # fmt: skip
        urllib.request.urlopen(asked, timeout=10).read()
        out, _ = process.communicate(timeout=60)
    found = json.loads(out)
    # What the collector takes out is not asked of what comes from services themselves.
    assert process.returncode == 1 and [each["code"] for each in found["findings"]] == ["undeclared-edge"]
