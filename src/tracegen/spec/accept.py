"""`accept:` turns an acceptable problem into a note that carries the reason."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace

from tracegen.problems import Place, Problem, Severity
from tracegen.spec.codes import ACCEPTS_NOTHING, NOT_ACCEPTABLE
from tracegen.spec.said import Said


def accepted(spec: Said, problems: Iterable[Problem]) -> list[Problem]:
    """The problems after the spec's `accept`, and those of `accept` that no reason can change."""
    found = list(problems)
    fixed = {problem.code.id for problem in found if not problem.code.acceptable}
    return [*(_accept(problem, _reasons(spec)) for problem in found), *_not_acceptable(spec, fixed)]


def accepts_nothing(found: Iterable[tuple[Said, Collection[Problem]]], whole: bool) -> Iterator[Problem]:
    """What is accepted and was found in none of the layer stacks that accept it.

    `whole` says that these are all stacks of the document; else only the layers themselves can tell, since what
    the base accepts may be of another environment.
    """
    unused: dict[Place, str] = {}
    used = set()
    for spec, problems in found:
        codes = {problem.code.id for problem in problems}
        for code in _reasons(spec):
            place = spec.place("accept", code)
            if code in codes:
                used.add(place)
            elif whole or spec.said_by_layer("accept", code):
                unused[place] = code
    for place, code in unused.items():
        if place not in used:
            hint = "delete the line, or correct the code; a problem that is gone needs no reason"
            yield Problem.of(ACCEPTS_NOTHING, place, f"accept.{code}", f"no problem {code} was found", hint)


def _reasons(spec: Said) -> dict[str, str]:
    return spec.get("accept") or {}


def _accept(problem: Problem, reasons: dict[str, str]) -> Problem:
    reason = reasons.get(problem.code.id)
    if reason is None or not problem.code.acceptable:
        return problem
    message = f"{problem.message} (accepted: {reason})"
    return replace(problem, severity=Severity.NOTE, message=message, hint="")


def _not_acceptable(spec: Said, fixed: Collection[str]) -> Iterator[Problem]:
    for code in _reasons(spec):
        if code in fixed:
            message = f"{code} is no problem that can be accepted"
            hint = "delete the line; `tracegen explain` says of each code whether it can be accepted"
            yield Problem.of(NOT_ACCEPTABLE, spec.place("accept", code), f"accept.{code}", message, hint)
