"""For code scanning: a SARIF 2.1.0 log with one run."""

import hashlib
import json
import re
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import PurePath
from typing import Any
from urllib.parse import quote

import tracegen
from tracegen.problems.problem import Code, Problem, Severity

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
VERSION = "2.1.0"
_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "note"}
#: Raised when the way a fingerprint is made changes; a scanner then takes every finding for a new one.
_FINGERPRINT = "tracegenProblem/v1"
_LINE_NUMBER = re.compile(r"\bline \d+")


def format(problems: Sequence[Problem], *, help_of: Callable[[Code], str] | None = None) -> str:
    """The log as JSON. `help_of` gives the page's section of a code, as Markdown: scanners show it, and whoever reads
    it needs no address.
    """
    rules = sorted({problem.code for problem in problems}, key=lambda code: code.id)
    seen: Counter[str] = Counter()
    run = {
        "tool": {"driver": _driver(rules, help_of or (lambda code: ""))},
        "columnKind": "unicodeCodePoints",
        "results": [_result(problem, rules.index(problem.code), seen) for problem in problems],
    }
    return json.dumps({"$schema": SCHEMA, "version": VERSION, "runs": [run]}, indent=2) + "\n"


def _driver(rules: Sequence[Code], help_of: Callable[[Code], str]) -> dict[str, Any]:
    return {
        "name": "tracegen",
        "version": tracegen.__version__,
        "rules": [_rule(code, help_of(code)) for code in rules],
    }


def _rule(code: Code, section: str) -> dict[str, Any]:
    # A helpUri must be absolute, and where the documentation is published is not for this module to know.
    return {
        "id": code.id,
        "shortDescription": {"text": code.title},
        "defaultConfiguration": {"level": _LEVELS[code.severity]},
        "help": {
            "text": section or f"{code.title}. See {code.link}.",
            "markdown": section or f"**{code.id}**: {code.title}. See `{code.link}`.",
        },
    }


def _result(problem: Problem, rule: int, seen: Counter[str]) -> dict[str, Any]:
    return {
        "ruleId": problem.code.id,
        "ruleIndex": rule,
        "level": _LEVELS[problem.severity],
        "message": {"text": _message(problem)},
        "locations": [_location(problem)],
        "partialFingerprints": {_FINGERPRINT: _fingerprint(problem, seen)},
    }


def _message(problem: Problem) -> str:
    path = f"{problem.path}: " if problem.path else ""
    hint = f"\nhint: {problem.hint}" if problem.hint else ""
    return f"{path}{problem.message}{hint}"


def _location(problem: Problem) -> dict[str, Any]:
    place = problem.place
    physical: dict[str, Any] = {"artifactLocation": _artifact(place.file)}
    if place.line:
        column = {"startColumn": place.column} if place.column else {}
        physical["region"] = {"startLine": place.line, **column}
    location: dict[str, Any] = {"physicalLocation": physical}
    if problem.path:
        location["logicalLocations"] = [{"fullyQualifiedName": problem.path}]
    return location


def _artifact(file: str) -> dict[str, str]:
    # A file outside the working directory was named absolutely, so no base can be said.
    if PurePath(file).is_absolute():
        return {"uri": "file://" + _encoded(file)}
    return {"uri": _encoded(file), "uriBaseId": "%SRCROOT%"}


def _encoded(file: str) -> str:
    return quote(file, safe="/", errors="replace")


def _fingerprint(problem: Problem, seen: Counter[str]) -> str:
    """The same for the same finding after lines were added above it: nothing in it counts lines."""
    message = _LINE_NUMBER.sub("line", problem.message)
    parts = (problem.code.id, problem.place.file, problem.path, message)
    digest = hashlib.sha256("\0".join(parts).encode("utf-8", errors="replace")).hexdigest()[:32]
    seen[digest] += 1
    return f"{digest}:{seen[digest]}"
