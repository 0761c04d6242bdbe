"""The arithmetic of sampling, the room that it asks for, and how both are told."""

import json
import random
from pathlib import Path
from typing import Any

import pytest

from programs.sampling_system import GOLD, KEEP, specification
from sampling_table import HEAD, RUNS, predicted, share, shown
from support import compiled, tracegen
from tracegen.system import Policy, System, Tail
from tracegen.system.kept import CLASSES, Row, kept, limits
from tracegen.system.tail_sizes import decisions, memory_for, slots, slots_in, waiting

REQUESTS = 100.0
TRAFFIC = {"requests_per_second": REQUESTS, "spans_per_trace": 10, "errors": 0.1, "slow": 0.2, "tagged": 0.4}


def rows(folder: Path, keep: list[Any], *, head: Any = None, replicas: int = 1, **traffic: float) -> dict[str, Row]:
    sampling: dict[str, Any] = {"tail": {"keep": keep}} if keep else {}
    sampling |= {"head": head} if head else {}
    services = {"web": {"language": "go", "traffic": {**TRAFFIC, **traffic}}}
    spec = specification(
        sampling=sampling, services=services, replicas=replicas, accept={"TG401": "this is what is tried"}
    )
    if not (keep and head):
        del spec["accept"]
    if head and "ratio" not in head:
        spec["backend"] = {"type": "jaeger"}
    folder.mkdir(exist_ok=True)
    return {row.kind: row for row in kept(compiled(folder, spec).system)["web"]}


def shares(found: dict[str, Row]) -> dict[str, float]:
    return {kind: round(row.kept, 6) for kind, row in found.items()}


def test_classes_are_all_traces_once(tmp_path: Path) -> None:
    found = rows(tmp_path, ["errors", GOLD])
    assert tuple(found) == CLASSES
    assert sum(row.share for row in found.values()) == pytest.approx(1)
    assert found["error"].share == pytest.approx(0.1)
    assert found["slow"].share == pytest.approx(0.9 * 0.2)
    assert found["tagged"].share == pytest.approx(0.9 * 0.8 * 0.4)


def of_services(folder: Path, keep: list[Any], **said: Any) -> dict[str, float]:
    """The share of normal traces kept, by the service in which they start: a calls b, and c is called by nobody."""
    traffic = {"requests_per_second": 10}
    spec = specification(
        sampling={"tail": {"keep": keep}},
        services={
            "a": {"language": "go", "calls": ["b"], "traffic": traffic},
            "b": {"language": "go", "traffic": traffic, "attributes": {"team": "payments"}, "version": "1.4"},
            "c": {"language": "go", "traffic": traffic},
        },
    )
    spec.pop("accept", None)
    found = kept(compiled(folder, {**spec, **said}).system)
    return {name: next(row.kept for row in rows if row.kind == "normal") for name, rows in found.items()}


def by(key: str, *values: str, ratio: float = 0.5) -> list[Any]:
    return [{"all": [{"attribute": {"key": key, "values": list(values)}}, {"ratio": ratio}]}]


@pytest.mark.parametrize(
    ("keep", "expected"),
    [
        (by("service.name", "c"), {"a": 0, "b": 0, "c": 0.5}),
        (by("service.name", "b"), {"a": 0.5, "b": 0.5, "c": 0}),
        (by("service.name", "nobody"), {"a": 0, "b": 0, "c": 0}),
        (by("service.namespace", "shop"), {"a": 0.5, "b": 0.5, "c": 0.5}),
        (by("service.version", "1.4"), {"a": 0.5, "b": 0.5, "c": 0}),
        (by("team", "payments", "search"), {"a": 0.5, "b": 0.5, "c": 0}),
        ([*by("team", "payments"), *by("service.name", "a", ratio=0.8)], {"a": 0.8, "b": 0.5, "c": 0}),
    ],
    ids=str,
)
def test_an_attribute_that_the_spec_gives_is_counted_as_what_it_is(
    tmp_path: Path, keep: list[Any], expected: dict[str, float]
) -> None:
    assert of_services(tmp_path, keep) == pytest.approx(expected)


def test_what_the_spec_says_of_the_environment_is_known_too(tmp_path: Path) -> None:
    keep = by("deployment.environment.name", "prod")
    assert set(of_services(tmp_path, keep).values()) == {0}
    spec = specification(
        sampling={"tail": {"keep": keep}}, services={"a": {"language": "go"}}, environments={"prod": {}, "dev": {}}
    )
    spec.pop("accept", None)
    shares_ = {
        name: next(row.kept for row in kept(compiled(tmp_path, spec, name).system)["a"] if row.kind == "normal")
        for name in ("prod", "dev")
    }
    assert shares_ == pytest.approx({"prod": 0.5, "dev": 0})


#: Of error, slow, tagged and normal traces: what is kept, reckoned by hand.
BY_HAND: list[tuple[list[Any], tuple[float, float, float, float]]] = [
    (["errors"], (1, 0, 0, 0)),
    (["errors", {"ratio": 0.25}], (1, 0.25, 0.25, 0.25)),
    ([{"slower_than": "1s"}], (0.2, 1, 0, 0)),
    ([GOLD], (0.4, 0.4, 1, 0)),
    ([{"all": ["errors", {"slower_than": "1s"}]}], (0.2, 0, 0, 0)),
    ([{"all": ["errors", {"ratio": 0.5}]}, {"ratio": 0.2}], (0.5, 0.2, 0.2, 0.2)),
    ([{"all": [{"ratio": 0.5}, {"all": [{"ratio": 0.3}, "errors"]}]}], (0.3, 0, 0, 0)),
    # 1,000 spans a second reach the limit, also those of traces that are kept anyway.
    (["errors", {"rate_limit": 100}], (1, 0.1, 0.1, 0.1)),
    # Only the 100 spans of errors a second reach it.
    ([{"all": [{"rate_limit": 50}, "errors"]}], (0.5, 0, 0, 0)),
    ([{"rate_limit": 100}, {"rate_limit": 500}], (0.55, 0.55, 0.55, 0.55)),
    ([{"rate_limit": 100}, {"ratio": 0.5}], (0.55, 0.55, 0.55, 0.55)),
    ([{"rate_limit": 100_000}], (1, 1, 1, 1)),
]


@pytest.mark.parametrize(("keep", "expected"), BY_HAND, ids=lambda value: json.dumps(value))
def test_what_is_kept_is_what_is_reckoned_by_hand(
    tmp_path: Path, keep: list[Any], expected: tuple[float, ...]
) -> None:
    assert shares(rows(tmp_path, keep)) == dict(zip(CLASSES, expected, strict=True))


def test_two_attributes_share_the_tagged_traces(tmp_path: Path) -> None:
    other = {"attribute": {"key": "http.route", "values": ["/pay"]}}
    assert shares(rows(tmp_path, [GOLD, {"all": [other, {"ratio": 0.5}]}]))["tagged"] == pytest.approx(0.75)


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        ({"type": "ratio", "ratio": 0.25}, 0.25),
        ({"type": "always_off"}, 0.0),
        ({"type": "remote", "default": {"ratio": 0.5}}, 0.5),
        ({"type": "remote"}, 1.0),
        ({"type": "rate_limit", "traces_per_second": 20}, 0.2),
        ({"type": "rate_limit", "traces_per_second": 200}, 1.0),
    ],
    ids=lambda value: str(value),
)
def test_head_and_tail_multiply(tmp_path: Path, head: Any, expected: float) -> None:
    assert shares(rows(tmp_path / "a", [], head=head)) == dict.fromkeys(CLASSES, expected)
    both = rows(tmp_path / "b", ["errors", {"ratio": 0.1}], head=head)
    assert both["error"].kept == pytest.approx(expected)
    assert both["normal"].kept == pytest.approx(expected * 0.1)


def test_rates_are_those_of_the_traffic(tmp_path: Path) -> None:
    row = rows(tmp_path, ["errors"])["error"]
    assert row.traces == pytest.approx(10)
    assert row.spans == pytest.approx(100)
    assert row.gigabytes == pytest.approx(100 * 1_000 * 86_400 / 1e9)


def test_a_rate_limit_is_divided_by_the_collectors(tmp_path: Path) -> None:
    spec = specification(keep=[{"rate_limit": 100}], replicas=3)
    rendered = compiled(tmp_path, spec)
    assert limits(rendered.system)["rate-limit-100"].spans == 99
    assert b"spans_per_second: 33\n" in rendered.tree["collector/gateway.yaml"]


def test_the_arithmetic_agrees_with_a_simulation(tmp_path: Path) -> None:
    """Another way to the same numbers: traces one by one, each policy asked in turn."""
    spec = specification(keep=["errors", {"all": [GOLD, {"ratio": 0.4}]}, {"slower_than": "1s"}, {"ratio": 0.1}])
    spec["services"]["web"]["traffic"] |= {"errors": 0.2, "slow": 0.1, "tagged": 0.3}
    system = compiled(tmp_path, spec).system
    number = random.Random(5)
    seen, passed = dict.fromkeys(CLASSES, 0), dict.fromkeys(CLASSES, 0)
    for _ in range(60_000):
        error, slow, tagged = (number.random() < each for each in (0.2, 0.1, 0.3))
        kind = "error" if error else "slow" if slow else "tagged" if tagged else "normal"
        identifier = number.random()
        seen[kind] += 1
        passed[kind] += any(_says_so(each, error, slow, tagged, identifier) for each in _tail(system).policies)
    for kind, row in {row.kind: row for row in kept(system)["web"]}.items():
        assert passed[kind] / seen[kind] == pytest.approx(row.kept, abs=0.015)


def _tail(system: System) -> Tail:
    assert system.tail
    return system.tail


def _says_so(policy: Policy, error: bool, slow: bool, tagged: bool, identifier: float) -> bool:
    facts = {"errors": error, "slower_than": slow, "attribute": tagged}
    return all(facts.get(each.kind, identifier < each.ratio) for each in policy.conditions)


def test_slots_hold_twice_what_comes_while_a_trace_waits() -> None:
    assert waiting(280, 5_000) == 280 * 7
    assert slots(280, 5_000) == 2 * 280 * 7
    assert slots(1, 5_000) == 1_000
    assert decisions(1_000) == 10_000


@pytest.mark.parametrize("wanted", [1_000, 5_000, 100_000])
@pytest.mark.parametrize("spans", [1, 12, 100])
def test_memory_that_is_derived_has_room_for_the_slots(wanted: int, spans: int) -> None:
    memory = memory_for(wanted, spans)
    assert slots_in(memory, spans) >= wanted
    assert slots_in(memory - 256 * 2**20, spans) < wanted


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({}, {"num_traces": 7_200, "expected_new_traces_per_sec": 300}),
        ({"traces": 9_000}, {"num_traces": 9_000}),
        ({"expected_traces_per_second": 77}, {"expected_new_traces_per_sec": 77}),
        ({"decisions": 5_000}, {"decision_cache": {"sampled_cache_size": 5_000, "non_sampled_cache_size": 5_000}}),
    ],
    ids=lambda value: str(value),
)
def test_what_is_derived_can_be_said(tmp_path: Path, said: Any, expected: dict[str, Any]) -> None:
    import yaml

    spec = specification(rate=300, tail={"decision_wait": "10s", **said})
    gateway = yaml.safe_load(compiled(tmp_path, spec).tree["collector/gateway.yaml"])
    assert expected.items() <= gateway["processors"]["tail_sampling"].items()


def test_more_traces_get_more_memory(tmp_path: Path) -> None:
    def memory(rate: float) -> int:
        return (
            compiled(tmp_path, specification(rate=rate, tail={"decision_wait": "30s"}))
            .system.tiers[0]
            .resources.memory
        )

    assert memory(10) < memory(1_000) < memory(5_000)


def test_explain_prints_the_sums_and_where_numbers_come_from(tmp_path: Path) -> None:
    compiled(tmp_path, specification())
    text = tracegen("explain", tmp_path / "tracegen.yaml", "sampling").out
    assert "traces that start in web: 300 a second, 6 spans each; head sampler always_on" in text
    assert "services.web.traffic.errors: 0.03\n    said in" in text
    assert "No traffic is said of api" in text
    data = json.loads(tracegen("explain", tmp_path / "tracegen.yaml", "sampling", "--format", "json").out)
    classes = data["services"]["web"]["classes"]
    assert classes["error"]["kept"] == 1 and classes["normal"]["kept"] == pytest.approx(0.05)
    assert data["total"]["traces_per_second"] == pytest.approx(
        sum(each["traces_per_second"] for each in classes.values())
    )
    assert {each["path"] for each in data["decisions"]} >= {"sampling.tail.keep", "services.web.traffic.slow"}


def test_without_traffic_explain_says_that_rates_are_none(tmp_path: Path) -> None:
    spec = specification()
    del spec["services"]["web"]["traffic"]
    compiled(tmp_path, spec)
    assert "No traffic is said" in tracegen("explain", tmp_path / "tracegen.yaml", "sampling").out


def test_the_page_shows_todays_predictions_and_counts_that_agree(tmp_path: Path) -> None:
    lines = shown()
    assert len(lines) == len(RUNS) * len(CLASSES)
    for number, run in enumerate(RUNS):
        of_run = lines[number * len(CLASSES) : (number + 1) * len(CLASSES)]
        for cells, (kind, row) in zip(of_run, predicted(run, tmp_path).items(), strict=True):
            line = dict(zip(HEAD, cells, strict=True))
            assert (line["what is kept"], line["class"], line["predicted"]) == (run.name, kind, share(row.kept))
            if row.limits == 1:
                low, high = (int(each.replace(",", "")) for each in line["99.99 % interval"].split(" to "))
                assert low <= int(line["counted"].split()[0].replace(",", "")) <= high


def test_hostile_texts_stay_texts(tmp_path: Path) -> None:
    """In the keys and values of policies: variables, quotes, ends of expressions."""
    import yaml

    values = ['a" or true or "', "${env:HOME}", "$x", "line\nline", "\\", "404", "true"]
    key = 'k"] == "x" or attributes["y'
    spec = specification(keep=[{"attribute": {"key": "customer.tier", "values": values}}, *KEEP])
    gateway = yaml.safe_load(compiled(tmp_path, spec).tree["collector/gateway.yaml"])
    statements = gateway["processors"]["tail_sampling"]["policies"][0]["ottl_condition"]["span"]
    assert 'span.attributes["customer.tier"] == "a\\" or true or \\""' in statements
    assert 'span.attributes["customer.tier"] == "$${env:HOME}"' in statements
    assert 'span.attributes["customer.tier"] == "line\\nline"' in statements
    assert 'span.attributes["customer.tier"] == "\\\\"' in statements
    spec = specification(keep=[{"attribute": {"key": key, "values": ["x"]}}])
    with pytest.raises(Exception, match="problem"):
        compiled(tmp_path, spec)
