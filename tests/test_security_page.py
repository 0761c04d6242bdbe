"""docs/security.md: each claim names tests that are there, and the table has the runs of today."""

import ast
import re

import pytest

from support import ROOT

PAGE = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
CLAIMS = [line for line in PAGE.splitlines() if "::test_" in line]
_TEST = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")


def functions(file: str) -> set[str]:
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda line: line.split("|")[1].strip()[:60])
def test_a_claim_is_held_by_tests(claim: str) -> None:
    found = _TEST.findall(claim)
    assert found
    assert len(found) == claim.count("::")
    for file, name in found:
        assert name in functions(file), f"{file} has no {name}"


def test_every_row_is_a_claim_with_its_test() -> None:
    rows = re.findall(r"^\| (?!claim |what \||reader:|merge:|emitter:).*$", PAGE, re.MULTILINE)
    assert sorted(rows) == sorted(CLAIMS)
    assert len(CLAIMS) > 20


def test_the_table_has_the_runs_of_the_fuzzer() -> None:
    pytest.importorskip("atheris", reason="atheris has no wheel for this machine")
    from fuzz import RUNS

    for name, runs in RUNS.items():
        if name != "planted":
            assert re.search(rf"^\| {name}: .* \| {runs:,} \| \d+ \| \d+ \| 0 \|$", PAGE, re.MULTILINE), (
                "run: python tests/security_table.py --write"
            )
