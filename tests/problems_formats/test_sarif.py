"""The SARIF log is valid by the schema of the standard, and scanners can follow a finding through edits."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import tracegen
from problems_formats.samples import BAD_VALUE, PROBLEMS
from support import tracegen as call
from tracegen.problems import Place, Problem
from tracegen.problems.formats import sarif

SCHEMA = json.loads((Path(__file__).parent / "schema" / "sarif-2.1.0.json").read_text(encoding="utf-8"))


def run_of(problems: Sequence[Problem]) -> dict[str, Any]:
    log = json.loads(sarif.format(problems))
    jsonschema.Draft4Validator(SCHEMA).validate(log)
    [run] = log["runs"]
    assert isinstance(run, dict)
    return run


def fingerprint(problem: Problem) -> str:
    [result] = run_of([problem])["results"]
    [value] = result["partialFingerprints"].values()
    return str(value)


@pytest.mark.parametrize("problems", [[], *([problem] for problem in PROBLEMS), PROBLEMS])
def test_valid_by_the_schema(problems: Sequence[Problem]) -> None:
    assert len(run_of(problems)["results"]) == len(problems)


def test_the_schema_would_refuse_a_wrong_log() -> None:
    log = json.loads(sarif.format(PROBLEMS))
    log["runs"][0]["results"][0]["level"] = "fatal"
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft4Validator(SCHEMA).validate(log)


def test_the_tool_and_its_rules() -> None:
    driver = run_of(PROBLEMS)["tool"]["driver"]
    assert (driver["name"], driver["version"]) == ("tracegen", tracegen.__version__)
    assert [rule["id"] for rule in driver["rules"]] == ["TG202", "TG401"]
    rule = driver["rules"][1]
    assert rule["shortDescription"] == {"text": "head sampling before tail sampling"}
    assert rule["defaultConfiguration"] == {"level": "warning"}
    assert "docs/problems.md#tg401" in rule["help"]["text"] and "`docs/problems.md#tg401`" in rule["help"]["markdown"]
    assert "helpUri" not in rule


def test_results_point_at_their_rules() -> None:
    run = run_of(PROBLEMS)
    rules = run["tool"]["driver"]["rules"]
    assert [rules[result["ruleIndex"]]["id"] for result in run["results"]] == [
        problem.code.id for problem in PROBLEMS
    ]
    assert [result["level"] for result in run["results"]] == ["error", "error", "warning", "note", "error"]


def test_a_result() -> None:
    result = run_of(PROBLEMS)["results"][1]
    assert result["message"]["text"] == (
        "services.checkout.language: 'pyhton' is not a language; choose from go, java, node, python, rust"
        "\nhint: did you mean 'python'?"
    )
    assert result["locations"] == [
        {
            "physicalLocation": {
                "artifactLocation": {"uri": "tracegen.yaml", "uriBaseId": "%SRCROOT%"},
                "region": {"startLine": 14, "startColumn": 15},
            },
            "logicalLocations": [{"fullyQualifiedName": "services.checkout.language"}],
        }
    ]


def test_a_problem_of_the_whole_file_has_no_region() -> None:
    [location] = run_of(PROBLEMS[:1])["results"][0]["locations"]
    assert "region" not in location["physicalLocation"]


@pytest.mark.parametrize(
    ("file", "location"),
    [
        ("teams/ü a.yaml", {"uri": "teams/%C3%BC%20a.yaml", "uriBaseId": "%SRCROOT%"}),
        ("a:b?c#d%e.yaml", {"uri": "a%3Ab%3Fc%23d%25e.yaml", "uriBaseId": "%SRCROOT%"}),
        ("<stdin>", {"uri": "%3Cstdin%3E", "uriBaseId": "%SRCROOT%"}),
        ("/elsewhere/a b.yaml", {"uri": "file:///elsewhere/a%20b.yaml"}),
        ("a\udcff.yaml", {"uri": "a%3F.yaml", "uriBaseId": "%SRCROOT%"}),
    ],
)
def test_file_names_become_uris(file: str, location: dict[str, str]) -> None:
    [result] = run_of([replace(PROBLEMS[1], place=Place(file, 1, 1))])["results"]
    assert result["locations"][0]["physicalLocation"]["artifactLocation"] == location


def test_a_fingerprint_survives_lines_added_above() -> None:
    before = Problem.of(BAD_VALUE, Place("a.yaml", 4, 1), "x", "the key 'x' is written twice, first on line 2")
    after = Problem.of(BAD_VALUE, Place("a.yaml", 9, 1), "x", "the key 'x' is written twice, first on line 7")
    assert fingerprint(before) == fingerprint(after)


def test_a_fingerprint_tells_findings_apart() -> None:
    first = PROBLEMS[1]
    others = [
        replace(first, place=Place("other.yaml", 14, 15)),
        replace(first, path="services.other.language"),
        replace(first, message="'jvaa' is not a language"),
        replace(first, code=replace(BAD_VALUE, id="TG203")),
    ]
    assert len({fingerprint(problem) for problem in [first, *others]}) == 5


def test_the_same_finding_twice_has_two_fingerprints() -> None:
    results = run_of([PROBLEMS[1], replace(PROBLEMS[1], place=Place("tracegen.yaml", 20, 1))])["results"]
    assert len({str(result["partialFingerprints"]) for result in results}) == 2


def test_the_section_of_the_page_comes_with_the_rule(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A reader of a scanner's page has the explanation, whether or not the documentation can be reached."""
    monkeypatch.chdir(tmp_path)
    spec = "tracegen: 1\nname: shop\nbackend: {type: jager}\nservices: {a: {language: go}}\n"
    (tmp_path / "tracegen.yaml").write_text(spec)
    log = json.loads(call("validate", "--format", "sarif").out)
    (rule,) = log["runs"][0]["tool"]["driver"]["rules"]
    assert rule["help"]["markdown"].startswith(f"### {rule['id']}")
    assert len(rule["help"]["markdown"].splitlines()) > 3
