"""Document → Specs: everything that is wrong with a spec, of one stage at a time, all at once."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from tracegen.language.accept import accepted
from tracegen.language.form import check_form
from tracegen.language.layers import base_of, environments_of, stack
from tracegen.language.rules import check_meaning
from tracegen.language.spec import Spec
from tracegen.packs import Catalogue
from tracegen.problems import Problem, ProblemsFound, Severity
from tracegen.source.files import Document
from tracegen.source.node import Mapping


@dataclass(frozen=True)
class Checked:
    """The specs by environment (None: the base alone), and warnings and notes on them."""

    specs: dict[str | None, Spec]
    problems: tuple[Problem, ...]


class UnknownEnvironment(Exception):
    """The environment that was asked for is not in the spec; `known` are those that are."""

    def __init__(self, name: str, known: Iterable[str]) -> None:
        self.name, self.known = name, tuple(known)
        super().__init__(f"the spec has no environment {name!r}")


def check(document: Document, packs: Catalogue, environments: Iterable[str] | None = None) -> Checked:
    """Check the base and environments (None: all of them).

    Raises ProblemsFound when there is an error, with the warnings and notes beside it, and
    UnknownEnvironment.
    """
    base, problems = base_of(document)
    problems = [*document.problems, *problems]
    names = list(environments_of(base)) if environments is None else list(environments)
    for name in names:
        if name not in environments_of(base):
            raise UnknownEnvironment(name, environments_of(base))
    specs: dict[str | None, Spec] = {}
    for environment in (None, *names):
        specs[environment], found = _check_stack(base, environment, packs, bool(problems))
        problems.extend(_named(found, environment, problems))
    if any(problem.severity is Severity.ERROR for problem in problems):
        raise ProblemsFound(problems)
    return Checked(specs, tuple(sorted(problems, key=lambda problem: problem.sort_key)))


def _check_stack(
    base: Mapping, environment: str | None, packs: Catalogue, broken: bool
) -> tuple[Spec, list[Problem]]:
    layered, problems = stack(base, environment)
    value, wrong = check_form(layered)
    problems.extend(wrong)
    spec = Spec(value, layered.root, environment, layered.dropped, layered.layer)
    if not any(problem.severity is Severity.ERROR for problem in problems) and not broken:
        problems = accepted(spec, [*problems, *check_meaning(spec, packs)])
    return spec, problems


def _named(found: list[Problem], environment: str | None, before: list[Problem]) -> list[Problem]:
    """Those not found before; problems of a layer alone say which environment they are of."""
    seen = {_identity(problem) for problem in before}
    new = [problem for problem in dict.fromkeys(found) if _identity(problem) not in seen]
    if environment is None:
        return new
    return [replace(each, message=f"{each.message} (in environment {environment})") for each in new]


def _identity(problem: Problem) -> tuple[object, ...]:
    message = problem.message.split(" (in environment ")[0]
    return (problem.code.id, problem.place, problem.path, message)
