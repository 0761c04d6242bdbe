"""Document → Settings: read as layers, its form checked, every key decided, and what it means judged."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from tracegen.catalogue import Catalogue
from tracegen.decide import Settings, decide
from tracegen.problems import Problem, ProblemsFound, Severity
from tracegen.rules import judge
from tracegen.rules.references import SLO_WITHOUT_METRICS
from tracegen.source.files import Document
from tracegen.source.node import Mapping, find
from tracegen.source.words import quoted
from tracegen.spec.accept import accepted, accepts_nothing
from tracegen.spec.codes import EMPTY_VALUE, WRONG_FORM
from tracegen.spec.form import check_form
from tracegen.spec.format_versions import brought_to_today
from tracegen.spec.layers import Stack, base_of, environments_of, stack
from tracegen.spec.mended import mended
from tracegen.spec.paths import paths_of
from tracegen.spec.said import Said

#: Rules that look at one line each: secrets, variables, and names of services.
_ABOUT_LINES = ("environment", "references", "secrets")

_OF_A_LAYER = " (in environment "


@dataclass(frozen=True)
class Checked:
    """The settings by environment (None: the base alone), and warnings and notes on them."""

    settings: dict[str | None, Settings]
    problems: tuple[Problem, ...]


class UnknownEnvironment(Exception):
    """The environment that was asked for is not in the spec; `known` are those that are."""

    def __init__(self, name: str, known: Iterable[str]) -> None:
        self.name, self.known = name, tuple(known)
        super().__init__(f"the spec has no environment {quoted(name)}")


def check(document: Document, packs: Catalogue, environments: Iterable[str] | None = None) -> Checked:
    """Check the base and environments (None: all of them).

    Raises ProblemsFound when there is an error, with the warnings and notes beside it, and
    UnknownEnvironment.
    """
    document, notes = brought_to_today(document)
    base, problems = base_of(document, packs)
    problems = [*document.problems, *notes, *problems]
    layers = environments_of(base)
    names = list(layers) if environments is None else list(environments)
    for name in names:
        if name not in layers and find(base, ("environments", name)) is None:
            raise UnknownEnvironment(name, layers)
    of_the_base = list(problems)
    checked: list[tuple[Settings | None, list[Problem]]] = []
    told = {_identity(problem) for problem in problems}
    for environment in (None, *(name for name in names if name in layers)):
        checked.append(_check_stack(base, environment, packs, of_the_base))
        problems.extend(_named(checked[-1][1], environment, told))
    if _has_error(problems):
        raise ProblemsFound(problems)
    settings = [(each, found) for each, found in checked if each is not None]
    of_layers = ((each.said, found) for each, found in settings)
    problems.extend(accepts_nothing(of_layers, whole=set(names) == set(layers)))
    by_environment = {each.said.environment: each for each, _ in settings}
    return Checked(by_environment, tuple(sorted(problems, key=lambda problem: problem.sort_key)))


def _check_stack(
    base: Mapping, environment: str | None, packs: Catalogue, before: list[Problem]
) -> tuple[Settings | None, list[Problem]]:
    """One layer stack and what is wrong with it; only one that is well-formed is decided and judged."""
    layered, problems = stack(base, environment, packs)
    value, wrong = check_form(layered, packs)

    def said_of(stack: Stack, value: dict[str, Any]) -> Said:
        return Said(value, stack.root, environment, stack.dropped, stack.layer, base, paths_of(packs))

    if wrong or _has_error(before):
        told = [*problems, *_without_consequences(wrong, before)]
        without = mended(layered, wrong, packs) if wrong else (layered, value)
        return None, told if without is None else [*told, *_judged_in_part(said_of(*without), before, packs)]
    said = said_of(layered, value)
    settings = decide(said, packs)
    return settings, accepted(said, [*problems, *judge(settings, packs)])


def _judged_in_part(said: Said, before: list[Problem], packs: Catalogue) -> Iterator[Problem]:
    """What is wrong beside a wrong form: rules about single lines, which what was left out cannot mislead."""
    left_out = [quoted(each.path.removeprefix("services.")) for each in before if each.code == EMPTY_VALUE]
    for problem in accepted(said, judge(decide(said, packs), packs, _ABOUT_LINES)):
        if problem.code != SLO_WITHOUT_METRICS and not any(name in problem.message for name in left_out):
            yield problem


def _without_consequences(problems: list[Problem], before: list[Problem]) -> list[Problem]:
    """What is left when an empty value is given one: a key is not missing that stands there without a value."""
    empty = {problem.path for problem in before if problem.code == EMPTY_VALUE}
    parents = {path.rpartition(".")[0] for path in empty}
    return [
        problem
        for problem in problems
        if problem.path not in empty and not (problem.code == WRONG_FORM and problem.path in parents)
    ]


def _has_error(problems: list[Problem]) -> bool:
    return any(problem.severity is Severity.ERROR for problem in problems)


def _named(found: list[Problem], environment: str | None, told: set[tuple[object, ...]]) -> list[Problem]:
    """Those not told before, which are added to what is; problems of a layer alone say which environment they are of.

    What is wrong in `service_defaults` or in the base is wrong in every service or environment too, at the same
    place and in the same words: told once.
    """
    ordered = []
    for problem in found:
        if (identity := _identity(problem)) not in told:
            told.add(identity)
            ordered.append(problem)
    if environment is None:
        return ordered
    return [replace(each, message=f"{each.message}{_OF_A_LAYER}{environment})") for each in ordered]


def _identity(problem: Problem) -> tuple[object, ...]:
    return (problem.code.id, problem.place, problem.message.split(_OF_A_LAYER)[0])
