"""Whom a trace reaches, however the services call each other."""

from collections.abc import Mapping, Sequence

from hypothesis import given
from hypothesis import strategies as st

from tracegen.system.graph import reached

NAMES = st.sampled_from("abcdefgh")


def by_search(calls: Mapping[str, Sequence[str]], start: str) -> set[str]:
    seen, waiting = {start}, list(calls[start])
    while waiting:
        name = waiting.pop()
        if name in calls and name not in seen:
            seen.add(name)
            waiting.extend(calls[name])
    return seen


@given(st.dictionaries(NAMES, st.lists(NAMES, unique=True, max_size=8)))
def test_as_many_are_reached_as_a_search_finds(calls: dict[str, list[str]]) -> None:
    assert reached(calls) == {name: len(by_search(calls, name)) for name in calls}


def test_a_long_chain_and_a_long_circle_end() -> None:
    names = [f"s{number}" for number in range(20_000)]
    chain = {name: names[number + 1 : number + 2] for number, name in enumerate(names)}
    assert reached(chain)["s0"] == 20_000
    assert set(reached({**chain, names[-1]: ["s0"]}).values()) == {20_000}
