"""A verdict as a SARIF log, for code scanning: findings point at the spec, since traces are no file there."""

import hashlib
import json
from typing import Any
from urllib.parse import quote

import tracegen
from tracegen.problems.formats.sarif import SCHEMA, VERSION
from tracegen.verify.codes import CODES
from tracegen.verify.engine import Verdict
from tracegen.verify.finding import Finding
from tracegen.verify.report import said


def as_sarif(verdict: Verdict, spec: str) -> str:
    """One run; `spec` is the file that results point at, relative to the working directory. Ends in a newline."""
    rules = sorted({each.code.id for each in verdict.findings})
    driver = {"name": "tracegen", "version": tracegen.__version__, "rules": [_rule(each) for each in rules]}
    run = {"tool": {"driver": driver}, "results": [_result(each, rules, spec) for each in verdict.findings]}
    return json.dumps({"$schema": SCHEMA, "version": VERSION, "runs": [run]}, indent=2) + "\n"


def _rule(name: str) -> dict[str, Any]:
    code = CODES[name]
    return {
        "id": code.id,
        "shortDescription": {"text": code.title},
        "defaultConfiguration": {"level": code.severity},
        "help": {"text": code.hint},
    }


def _result(finding: Finding, rules: list[str], spec: str) -> dict[str, Any]:
    evidence = f"\ntrace: {finding.trace_id}" if finding.trace_id else ""
    # The trace is another one each time: it is no part of what the finding is known by.
    known = hashlib.sha256(f"{finding.code.id}\0{finding.subject}".encode(errors="replace")).hexdigest()[:32]
    return {
        "ruleId": finding.code.id,
        "ruleIndex": rules.index(finding.code.id),
        "level": finding.code.severity,
        "message": {"text": f"{finding.subject}: {said(finding)}{evidence}\nhint: {finding.code.hint}"},
        "locations": [
            {
                "physicalLocation": {"artifactLocation": {"uri": quote(spec)}, "region": {"startLine": 1}},
                "logicalLocations": [{"fullyQualifiedName": finding.subject}],
            }
        ],
        "partialFingerprints": {"tracegenVerify/v1": known},
    }
