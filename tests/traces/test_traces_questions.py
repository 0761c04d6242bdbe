"""What the store is asked: traces, selections, statistics, failures, comparisons, the critical path, the bound."""

import sqlite3
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tracegen.traces import (
    BadQuestion,
    Condition,
    EdgeKind,
    NotAStore,
    Selection,
    Store,
    compare,
    critical_path,
    decode,
    duration,
    errors,
    own_time,
    statistics,
    summaries,
)
from tracegen.traces.statistics import percentile
from traces.made import MILLISECOND, START, data, made, resource_spans, stored


def shop() -> Store:
    """web calls checkout twice, once in error; checkout asks a database and tells mail over a queue."""
    return stored(
        resource_spans(
            "web",
            made("GET /buy", 1, kind="server", end=100, attributes={"http.route": "/buy", "user.vip": True}),
            made("POST", 2, 1, kind="client", start=10, end=60),
            made("GET /buy", 1, kind="server", trace=2, end=300, error="it broke"),
            made("POST", 2, 1, kind="client", trace=2, start=10, end=250, error="it broke"),
            **{"service.version": "1.4"},
        ),
        resource_spans(
            "checkout",
            made("POST /pay", 3, 2, kind="server", start=20, end=50),
            made("SELECT", 4, 3, kind="client", start=30, end=40, attributes={"db.system.name": "postgresql"}),
            made(
                "POST /pay", 3, 2, kind="server", trace=2, start=20, end=220, error="no money",
                attributes={"http.response.status_code": 502, "size": 7},
            ),
            made("mail publish", 5, 3, kind="producer", start=45, end=46, attributes={"messaging.system": "kafka"}),
            **{"service.version": "2.0"},
        ),
        resource_spans("mail", made("mail process", 9, kind="consumer", trace=3, start=400, end=410, links=[(1, 5)])),
    )  # fmt: skip


def test_edges_are_calls_links_and_what_sends_no_spans() -> None:
    found = statistics(shop())
    assert {pair: (edge.kind, edge.requests.count, edge.requests.errors) for pair, edge in found.edges.items()} == {
        ("web", "checkout"): (EdgeKind.CALL, 2, 1),
        ("checkout", "postgresql"): (EdgeKind.OUTSIDE, 1, 0),
        ("checkout", "kafka"): (EdgeKind.OUTSIDE, 1, 0),
        ("checkout", "mail"): (EdgeKind.LINK, 1, 0),
    }
    requests = found.edges["web", "checkout"].requests
    assert (requests.p50, requests.p95, requests.longest) == (30 * MILLISECOND, 200 * MILLISECOND, 200 * MILLISECOND)
    assert int(requests.slowest, 16) == int(requests.broken, 16) == 2


def test_services_and_operations_count_what_enters_them() -> None:
    found = statistics(shop())
    assert {name: each.count for name, each in found.services.items()} == {"checkout": 2, "mail": 1, "web": 2}
    assert found.operations["web", "GET /buy"].errors == 1
    assert ("web", "POST") not in found.operations


def test_an_error_of_the_caller_alone_is_one_of_the_edge() -> None:
    store = stored(
        resource_spans("a", made("call", 1, kind="client", error="timeout")),
        resource_spans("b", made("serve", 2, 1, kind="server")),
    )
    found = statistics(store)
    assert found.edges["a", "b"].requests.errors == 1
    assert found.services["b"].errors == 0


def test_a_service_that_calls_itself_has_an_edge_to_itself() -> None:
    store = stored(resource_spans("a", made("call", 1, kind="client"), made("serve", 2, 1, kind="server")))
    assert statistics(store).edges["a", "a"].requests.count == 1


def test_rates_are_over_the_period_that_was_seen() -> None:
    store = stored(resource_spans("a", *(made("x", n, trace=n, start=n * 100) for n in range(1, 102))))
    assert statistics(store).services["a"].rate == pytest.approx(101 / 10)


@given(st.lists(st.integers(0, 10**12), min_size=1, max_size=300), st.sampled_from([0.5, 0.95, 0.99]))
@settings(max_examples=60)
def test_a_percentile_is_the_smallest_that_its_share_does_not_exceed(values: list[int], share: float) -> None:
    ordered = sorted(values)
    found = percentile(ordered, share)
    assert sum(value <= found for value in values) >= share * len(values)
    assert sum(value < found for value in values) < share * len(values)


@pytest.mark.parametrize(
    ("selection", "expected"),
    [
        (Selection(), {1, 2, 3}),
        (Selection(service="checkout"), {1, 2}),
        (Selection(name="gEt"), {1, 2}),
        (Selection(status="error"), {2}),
        (Selection(status="error", service="mail"), set()),
        (Selection(version="2.0"), {1, 2}),
        (Selection(version="3"), set()),
        (Selection(shortest=150 * MILLISECOND), {2}),
        (Selection(longest=15 * MILLISECOND, service="mail"), {3}),
        (Selection(start=START + 300 * MILLISECOND), {3}),
        (Selection(end=START + 300 * MILLISECOND), {1, 2}),
        (Selection(conditions=[Condition.of("http.route")]), {1}),
        (Selection(conditions=[Condition.of("http.route=/buy")]), {1}),
        (Selection(conditions=[Condition.of("http.route != /buy")]), set()),
        (Selection(conditions=[Condition.of("http.response.status_code=502")]), {2}),
        (Selection(conditions=[Condition.of("size>6"), Condition.of("size<8")]), {2}),
        (Selection(conditions=[Condition.of("size>7")]), set()),
        (Selection(conditions=[Condition.of("user.vip=true")]), {1}),
        (Selection(conditions=[Condition.of("service.version=1.4")]), {1, 2}),
        (Selection(conditions=[Condition.of("db.system.name~GRES")]), {1}),
        # All of it must hold of one span.
        (Selection(service="web", conditions=[Condition.of("db.system.name")]), set()),
    ],
)
def test_a_selection_finds_traces_by_one_span(selection: Selection, expected: set[int]) -> None:
    store = shop()
    assert {int(trace.trace_id, 16) for trace in store.traces(selection)} == expected
    assert {int(each.trace_id, 16) for each in summaries(store, selection)} == expected


@pytest.mark.parametrize("said", ["", "=x", "a>b", "a b=1", "<3"])
def test_a_condition_that_says_nothing_is_told(said: str) -> None:
    with pytest.raises(BadQuestion):
        Condition.of(said)


def test_a_status_that_is_none_is_told() -> None:
    with pytest.raises(BadQuestion, match="unset, ok, error"):
        Selection(status="bad")


def test_durations_are_said_with_their_unit() -> None:
    assert [duration(said) for said in ("250ms", "1.5s", "2m", "7us", "3 ns")] == [
        250 * MILLISECOND, 1500 * MILLISECOND, 120_000 * MILLISECOND, 7_000, 3,
    ]  # fmt: skip
    with pytest.raises(BadQuestion):
        duration("7")


def test_traces_are_listed_by_time_duration_and_errors() -> None:
    store = shop()
    assert int(summaries(store, Selection(), most=1)[0].trace_id, 16) == 3
    for order, expected in (("slowest", [2, 1, 3]), ("errors", [2, 3, 1])):
        assert [int(each.trace_id, 16) for each in summaries(store, Selection(), order)] == expected
    first = summaries(store, Selection(), "slowest", most=1)[0]
    assert (first.service, first.name, first.spans, first.errors, first.whole) == ("web", "GET /buy", 3, 3, True)
    assert dict(first.services) == {"web": 2, "checkout": 1}


def test_failures_are_told_by_their_code() -> None:
    found = errors(shop())
    assert {(each.service, each.name, each.code, each.count) for each in found} == {
        ("web", "GET /buy", "it broke", 1),
        ("web", "POST", "it broke", 1),
        ("checkout", "POST /pay", "502", 1),
    }


def test_two_releases_are_compared() -> None:
    store = stored(
        resource_spans(
            "a", *(made("x", n, kind="server", trace=n, end=10) for n in (1, 2)), **{"service.version": "1"}
        ),
        resource_spans("a", made("x", 3, kind="server", trace=3, end=90, error=""), **{"service.version": "2"}),
        resource_spans("b", made("y", 4, kind="server", trace=3), **{"service.version": "2"}),
    )
    found = compare(statistics(store, Selection(version="1")), statistics(store, Selection(version="2")))["services"]
    assert [(each.name, each.before and each.before.p95, each.after and each.after.p95) for each in found] == [
        ("b", None, 10 * MILLISECOND),
        ("a", 10 * MILLISECOND, 90 * MILLISECOND),
    ]


def test_the_critical_path_is_what_the_root_waited_for() -> None:
    store = stored(
        resource_spans(
            "a",
            made("root", 1, end=100),
            made("first", 2, 1, start=10, end=30),
            made("beside first", 3, 1, start=5, end=25),
            made("second", 4, 1, start=40, end=90),
            made("inside second", 5, 4, start=50, end=60),
            made("afterwards", 6, 1, start=95, end=400),
        )
    )
    trace = store.trace("1".zfill(32))
    assert trace is not None
    path = [
        (section.span.name, (section.start - START) // MILLISECOND, (section.end - START) // MILLISECOND)
        for section in critical_path(trace)
    ]
    assert path == [
        ("root", 0, 10),
        ("first", 10, 30),
        ("root", 30, 40),
        ("second", 40, 50),
        ("inside second", 50, 60),
        ("second", 60, 90),
        ("root", 90, 95),
        ("afterwards", 95, 100),
    ]


@st.composite
def nested(draw: st.DrawFn) -> Store:
    """A trace whose spans have any parent of a lower number, and any times."""
    found = [made("s", 1, end=100)]
    for number in range(2, draw(st.integers(2, 12))):
        start = draw(st.integers(-20, 120))
        end = start + draw(st.integers(0, 80))
        found.append(made("s", number, draw(st.integers(1, number - 1)), start=start, end=end))
    return stored(resource_spans("a", *found))


@given(nested())
@settings(max_examples=60, deadline=None)
def test_the_sections_of_a_critical_path_are_the_whole_time_of_the_root(store: Store) -> None:
    trace = store.trace("1".zfill(32))
    assert trace is not None
    path = critical_path(trace)
    assert sum(own_time(path).values()) == trace.root.duration
    assert [section.start for section in path[1:]] == [section.end for section in path[:-1]]


def test_a_circle_of_parents_ends() -> None:
    store = stored(resource_spans("a", made("x", 1, 2), made("y", 2, 1)))
    trace = store.trace("1".zfill(32))
    assert trace is not None
    assert not trace.roots
    assert critical_path(trace)


def test_roots_orphans_and_children_are_told() -> None:
    trace = next(stored(resource_spans("a", made("root", 1), made("child", 2, 1), made("lost", 3, 77))).traces())
    assert [span.name for span in trace.roots] == ["root"]
    assert [span.name for span in trace.orphans] == ["lost"]
    assert [span.name for span in trace.children[trace.root.span]] == ["child"]


def test_spans_that_came_twice_are_there_once_and_both_ends_of_zipkin_twice() -> None:
    one = resource_spans("a", made("x", 1, kind="client"))
    store = stored(one, one, resource_spans("b", made("x", 1, kind="server")))
    assert [span.service for span in next(store.traces()).spans] == ["a", "b"]


def test_the_oldest_traces_are_dropped_whole_and_counted() -> None:
    store = stored(most=100)
    for trace in range(1, 101):
        of = data(resource_spans("a", *(made("x", n, trace=trace) for n in range(1, 4))))
        store.add(decode(of.SerializeToString()))
    counts = store.counts()
    assert counts.held <= 100
    assert counts.held + counts.dropped == counts.received == 300
    assert "were dropped" in counts.words
    kept = list(store.traces())
    assert all(len(trace.spans) == 3 for trace in kept)
    assert {int(trace.trace_id, 16) for trace in kept} == set(range(101 - len(kept), 101))


def test_a_file_is_a_store_that_stays(tmp_path: Path) -> None:
    path = tmp_path / "spans"
    with Store(path) as store:
        store.add(decode(data(resource_spans("web", made("a", 1))).SerializeToString()))
    with Store(path) as store:
        assert [span.name for span in store.spans()] == ["a"]
    path.write_text("something else that is long enough to be no database at all")
    with pytest.raises(NotAStore):
        Store(path)


def test_a_database_of_somebody_else_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "theirs"
    with sqlite3.connect(path) as theirs:
        theirs.execute("create table people (name text)")
    before = path.read_bytes()
    with pytest.raises(NotAStore, match="name another file"):
        Store(path)
    assert path.read_bytes() == before
