"""Every pair of choices that a spec can make is rendered, and every invariant holds in each system."""

import json
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from itertools import combinations
from pathlib import Path

import pytest

from invariants import Draft, Invariant, System, invariants
from invariants._specs import ALSO, NOT_RENDERED, SMALLEST, Space, compile_spec, dimensions, refusal
from patches import merged
from support import ROOT
from tracegen.catalogue import catalogue
from tracegen.checking import check
from tracegen.compiler import build
from tracegen.problems import ProblemsFound
from tracegen.source.files import load

INVARIANTS = invariants()
BREAKS = [(each, how) for each in INVARIANTS for how in each.breaks]
SPACE = Space(dimensions())
WRITTEN = sorted([*ROOT.glob("examples/*/tracegen.yaml"), *ROOT.glob("tests/cases/*/tracegen.yaml")])

#: A system that has something for each invariant to look at; the breaks of the invariants know its names.
RICH = {
    "tracegen": 1,
    "name": "shop",
    "targets": ["compose", "kubernetes"],
    "registry": "registry.example.com/mirror",
    "backend": {"type": "jaeger", "storage": "badger"},
    "collector": {"replicas": 2},
    "compose": {"publish": ["ui", "otlp"]},
    "kubernetes": {"ingress": {"host": "traces.example.com", "tls_secret": "traces-tls"}},
    "services": {
        "api": {
            "language": "python",
            "calls": ["web"],
            "env": {"TOKEN": {"env": "TOKEN"}, "LOG_LEVEL": "info", "PRICE": "5$ $(TOKEN)"},
        },
        "web": {
            "language": "go",
            "image": "ghcr.io/acme/web:1.4",
            "replicas": 2,
            "env": {"CA": {"file": "secrets/ca.pem"}},
        },
    },
}
MOST_SHOWN = 12


@cache
def systems() -> tuple[System, ...]:
    """Those of the matrix, and all that stand in the repository as specs."""
    return (*_of_the_matrix(), *(system for path in WRITTEN for system in _of_file(path)))


def _of_the_matrix() -> Iterator[System]:
    patches = [SPACE.patch(assignment) for assignment in SPACE.cover()]
    for patch in [*patches, *ALSO]:
        spec = merged(SMALLEST, patch)
        yield System.of(f"the smallest spec of the matrix with {json.dumps(patch)}", compile_spec(spec))


def _of_file(path: Path) -> Iterator[System]:
    """Its environments too; none of a file that says what is not rendered yet."""
    document = load(str(path))
    checked = check(document, catalogue())
    is_rendered = all(problem.code.id != NOT_RENDERED for problem in checked.problems)
    for environment, spec in checked.settings.items() if is_rendered else ():
        yield System.of(f"{path.relative_to(ROOT)} ({environment or 'base'})", build(document, spec, catalogue()))


@cache
def rich() -> System:
    return System.of("rich", compile_spec(RICH))


@pytest.mark.parametrize("invariant", INVARIANTS, ids=lambda each: each.name)
def test_an_invariant_holds_in_every_system(invariant: Invariant) -> None:
    found = [f"{path}: {what}\n  in {system.name}" for system in systems() for path, what in invariant.check(system)]
    shown = "\n".join(found[:MOST_SHOWN])
    assert not found, f"{invariant.claim}\n{len(found)} findings, of these:\n{shown}"


@pytest.mark.parametrize(("invariant", "how"), BREAKS, ids=lambda each: getattr(each, "name", each))
def test_an_invariant_finds_what_breaks_it(invariant: Invariant, how: str) -> None:
    assert not list(invariant.check(rich()))
    draft = Draft(rich())
    invariant.breaks[how](draft)
    assert list(invariant.check(draft.system())), f"{how} is not found"


def test_each_invariant_has_a_claim_and_a_way_to_break_it() -> None:
    assert INVARIANTS
    for invariant in INVARIANTS:
        assert invariant.claim, invariant.name
        assert invariant.breaks, invariant.name


def test_each_break_belongs_to_an_invariant() -> None:
    for module in {each.name.split(".")[0] for each in INVARIANTS}:
        written = {name for name in vars(import_module(f"invariants.{module}")) if name.startswith("break_")}
        assert written == {how for each, how in BREAKS if each.name.startswith(f"{module}.")}, module


def test_each_pair_of_choices_that_can_stand_together_is_rendered() -> None:
    covered = {pair for assignment in SPACE.cover() for pair in combinations(enumerate(assignment), 2)}
    assert SPACE.pairs
    assert covered >= SPACE.pairs


def test_what_the_matrix_leaves_out_is_not_rendered_yet() -> None:
    """A choice that no spec can make would never be looked at, and nobody would see that."""
    for choice in SPACE.choices:
        if choice not in SPACE.company:
            refusals = {SPACE.refusal(choice), *(SPACE.refusal(other, choice) for other in SPACE.choices)}
            assert NOT_RENDERED in refusals, f"{SPACE.patch(SPACE.assignment(choice))}: {sorted(refusals)}"


def test_the_smallest_spec_of_the_matrix_is_accepted() -> None:
    assert refusal(json.dumps(SMALLEST)) == ""


@pytest.mark.parametrize("name", ["jaeger", "otel-gateway", "otel-gateway-2", "volume-owner"])
def test_a_service_cannot_have_the_name_of_something_that_runs(name: str) -> None:
    with pytest.raises(ProblemsFound) as found:
        compile_spec(merged(RICH, {"services": {name: {"language": "python"}}}))
    assert [problem.path for problem in found.value.problems] == [f"services.{name}"]
