"""`accept:` turns an acceptable problem into a note that carries the reason."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from tracegen.language.codes import ACCEPTS_NOTHING, NOT_ACCEPTABLE
from tracegen.language.spec import Spec
from tracegen.problems import Code, Problem, Severity


def accepted(spec: Spec, problems: Iterable[Problem]) -> list[Problem]:
    """The problems after the spec's `accept`, with what is wrong with `accept` itself."""
    reasons: dict[str, str] = spec.get("accept") or {}
    found = list(problems)
    return [*(_accept(problem, reasons) for problem in found), *_wrong_codes(spec, reasons, found)]


def _accept(problem: Problem, reasons: dict[str, str]) -> Problem:
    reason = reasons.get(problem.code.id)
    if reason is None or not problem.code.acceptable:
        return problem
    message = f"{problem.message} (accepted: {reason})"
    return replace(problem, severity=Severity.NOTE, message=message, hint="")


def _wrong_codes(spec: Spec, reasons: dict[str, str], found: list[Problem]) -> Iterator[Problem]:
    codes = {problem.code.id: problem.code for problem in found}
    for code in reasons:
        if code in codes and codes[code].acceptable:
            continue
        kind = NOT_ACCEPTABLE if _is_fixed(code, codes) else ACCEPTS_NOTHING
        path = ("accept", code)
        message = (
            f"{code} cannot be accepted: it says what does not work"
            if kind is NOT_ACCEPTABLE
            else f"accept.{code}: no such problem was found"
        )
        yield Problem.of(kind, spec.place(*path), f"accept.{code}", message, "delete the line")


def _is_fixed(code: str, codes: dict[str, Code]) -> bool:
    return code in codes and not codes[code].acceptable
