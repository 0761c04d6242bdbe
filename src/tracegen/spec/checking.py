"""Document → Specs: everything that is wrong with a spec, of one stage at a time, all at once."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from tracegen.catalogue import Catalogue
from tracegen.problems import Problem, ProblemsFound, Severity
from tracegen.rules import check_meaning
from tracegen.source.files import Document
from tracegen.source.node import Mapping, find
from tracegen.source.words import quoted
from tracegen.spec.accept import accepted, accepts_nothing
from tracegen.spec.codes import EMPTY_VALUE, WRONG_FORM
from tracegen.spec.form import check_form
from tracegen.spec.formats import brought_to_today
from tracegen.spec.layers import base_of, environments_of, stack
from tracegen.spec.said import Spec

_OF_A_LAYER = " (in environment "


@dataclass(frozen=True)
class Checked:
    """The specs by environment (None: the base alone), and warnings and notes on them."""

    specs: dict[str | None, Spec]
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
    base, problems = base_of(document)
    problems = [*document.problems, *notes, *problems]
    layers = environments_of(base)
    names = list(layers) if environments is None else list(environments)
    for name in names:
        if name not in layers and find(base, ("environments", name)) is None:
            raise UnknownEnvironment(name, layers)
    of_the_base = list(problems)
    checked: list[tuple[Spec, list[Problem]]] = []
    for environment in (None, *(name for name in names if name in layers)):
        checked.append(_check_stack(base, environment, packs, of_the_base))
        problems.extend(_named(checked[-1][1], environment, problems))
    if _has_error(problems):
        raise ProblemsFound(problems)
    problems.extend(accepts_nothing(checked, whole=set(names) == set(layers)))
    specs = {spec.environment: spec for spec, _ in checked}
    return Checked(specs, tuple(sorted(problems, key=lambda problem: problem.sort_key)))


def _check_stack(
    base: Mapping, environment: str | None, packs: Catalogue, before: list[Problem]
) -> tuple[Spec, list[Problem]]:
    """One layer stack and what is wrong with it; what it means is asked only of one that is well-formed."""
    layered, problems = stack(base, environment)
    value, wrong = check_form(layered)
    spec = Spec(value, layered.root, environment, layered.dropped, layered.layer, base)
    if wrong or _has_error(before):
        return spec, [*problems, *_without_consequences(wrong, before)]
    return spec, accepted(spec, [*problems, *check_meaning(spec, packs)])


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


def _named(found: list[Problem], environment: str | None, before: list[Problem]) -> list[Problem]:
    """Those not found before; problems of a layer alone say which environment they are of.

    What is wrong in `service_defaults` or in the base is wrong in every service or environment too, at the same
    place and in the same words: told once.
    """
    new = {_identity(problem): problem for problem in reversed(found)}
    for problem in before:
        new.pop(_identity(problem), None)
    ordered = [new[key] for key in reversed(new)]
    if environment is None:
        return ordered
    return [replace(each, message=f"{each.message}{_OF_A_LAYER}{environment})") for each in ordered]


def _identity(problem: Problem) -> tuple[object, ...]:
    return (problem.code.id, problem.place, problem.message.split(_OF_A_LAYER)[0])
