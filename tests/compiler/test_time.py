"""The time to judge a spec grows with the spec, whatever in it grows: twice the input, at most 2.5 times the time."""

import gc
import io
import time
from collections.abc import Callable, Iterator, Mapping

import pytest

from tracegen.catalogue import catalogue
from tracegen.checking import check
from tracegen.compiler import judge
from tracegen.problems import Problem, ProblemsFound
from tracegen.problems.formats import FORMATS, formatter
from tracegen.source.files import load

pytestmark = pytest.mark.alone

HEAD = "tracegen: 1\nname: shop\ntargets: [compose]\nbackend: {type: jaeger}\n"
API = "services:\n  api: {language: python}\n"


def many(pattern: str, count: int, between: str = "") -> str:
    return between.join(pattern.replace("#", str(number)) for number in range(count))


def service(said: str) -> str:
    return f"{HEAD}services:\n  api: {{language: python, {said}}}\n"


def override(text: str) -> str:
    return f"{HEAD}{API}overrides: {{compose.yaml: {{x-a: '{text}'}}}}\n"


def system(count: int, calls: Callable[[int], str], said: str = "", more: str = "") -> str:
    """Services that are there already, each with its calls, by number."""
    each = (f"  s{number}: {{language: go, image: 'a:1', calls: [{calls(number)}]{said}}}" for number in range(count))
    return f"{HEAD.replace('compose', 'kubernetes')}{more}services:\n" + "\n".join(each) + "\n"


def ring(count: int, said: str = "", more: str = "") -> str:
    """Each calls the next, and the last the first."""
    return system(count, lambda number: f"s{(number + 1) % count}", said, more)


def mesh(count: int) -> str:
    """Each calls the ten after it."""
    return system(count, lambda number: ", ".join(f"s{each}" for each in range(number + 1, min(number + 11, count))))


def calls_of_one(count: int) -> str:
    """One service calls all others."""
    called = (f"s{number}" for number in range(count))
    return service(f"calls: [{', '.join(called)}]") + many("  s#: {language: go, deploy: false}\n", count)


_OWN_HEAD = ", sampling: {head: {type: ratio, ratio: 0.5}}"
_TRAFFIC = ", traffic: {requests_per_second: 2}"
_STRICT = "kubernetes: {network_policies: strict}\n"
_TAIL = "sampling: {tail: {keep: [errors, {attribute: {key: service.name, values: [s1]}}]}}\n"

#: What a spec may have more and more of; and how many of it take long enough to be measured.
GROWING: Mapping[str, tuple[Callable[[int], str], int]] = {
    "letters of a text": (lambda n: override("a" * n), 200_000),
    "beginnings of a URL": (lambda n: override("://a:" * n), 50_000),
    "URLs with logins": (lambda n: override("http://a:${B}@c " * n), 15_000),
    "names of secrets": (lambda n: override("password" * n), 37_500),
    "names of a scheme": (lambda n: override("basic " * n), 50_000),
    "letters of a wrong text": (lambda n: service(f"stub: '{'a ' * n}'"), 100_000),
    "digits of a number": (lambda n: service(f"port: {'1' * n}"), 200_000),
    "attributes": (lambda n: HEAD + API + "attributes:\n" + many("  k#: v\n", n), 1_250),
    "wrong attributes": (lambda n: HEAD + API + "attributes:\n" + many("  k#: [v]\n", n), 500),
    "empty attributes": (lambda n: HEAD + API + "attributes:\n" + many("  k#:\n", n), 1_250),
    "variables": (lambda n: service(f"env: {{{many('A#: b', n, ', ')}}}"), 1_250),
    "calls of a service": (calls_of_one, 500),
    "unknown keys": (lambda n: HEAD + API + many("key#: 1\n", n), 750),
    "unknown keys of services": (lambda n: HEAD + "services:\n" + many("  s#: {language: go, bad: 1}\n", n), 75),
    "services": (lambda n: HEAD + "services:\n" + many("  s#: {language: go}\n", n), 100),
    "services in a ring": (ring, 100),
    "services in a mesh": (mesh, 100),
    "services with samplers of their own": (lambda n: ring(n, _OWN_HEAD), 150),
    "services with traffic before a tail sampler": (lambda n: ring(n, _TRAFFIC, _TAIL), 100),
    "services behind strict policies": (lambda n: ring(n, more=_STRICT), 150),
    "environments": (lambda n: HEAD + API + "environments:\n" + many("  e#: {registry: r#.example}\n", n), 25),
    "wrong environments": (lambda n: HEAD + API + "environments:\n" + many("  e#: {bad: 1}\n", n), 37),
    "wrong calls": (lambda n: service(f"calls: [{many('x#', n, ', ')}]"), 1_000),
    "repeated items": (lambda n: HEAD + API + f"propagators: [{many('b3', n, ', ')}]\n", 1_000),
    "wrong items": (lambda n: HEAD.replace("[compose]", f"[{many('x#', n, ', ')}]") + API, 750),
    "patterns": (
        lambda n: HEAD + API + f"collector: {{redact: {{patterns: [{many('{name: a, regex: b}', n, ', ')}]}}}}\n",
        750,
    ),
    "pins": (lambda n: HEAD + API + f"versions: {{{many(chr(120) + '#: v1', n, ', ')}}}\n", 750),
    "objectives": (
        lambda n: (
            f"{HEAD}{API}metrics: true\nslos: [{many('{service: x#, availability: 99.9, window: 30d}', n, ', ')}]\n"
        ),
        500,
    ),
    "comments before an error": (lambda n: HEAD + "# x\n" * n + "a: b: c\n", 25_000),
    "open lines": (lambda n: HEAD + "a: {\n" + "  x,\n" * n, 5_000),
}


def judged(spec: str) -> list[Problem]:
    """All that is said of a spec."""
    try:
        checked = check(load("-", io.BytesIO(spec.encode())), catalogue())
        for settings in checked.settings.values():
            judge(settings, catalogue())
    except ProblemsFound as found:
        return list(found.problems)
    return list(checked.problems)


#: What disturbs only ever adds, so the best of some tries counts.
TRIES = 5


@pytest.fixture
def only_its_own_garbage() -> Iterator[None]:
    """What all collected tests hold is no part of what a spec costs, and a collection walks it at any moment."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


def seconds(spec: str) -> float:
    """Processor time to judge a spec, and to print the problems in every format."""
    gc.collect()
    start = time.process_time()
    problems = judged(spec)
    for name in FORMATS:
        formatter(name)(problems)
    return time.process_time() - start


@pytest.mark.parametrize("what", GROWING)
@pytest.mark.usefixtures("only_its_own_garbage")
def test_twice_as_much_takes_at_most_two_and_a_half_times_as_long(what: str) -> None:
    make, count = GROWING[what]
    judged(HEAD + API)
    once, twice = make(count), make(2 * count)
    assert len(twice) < 4 * 1024 * 1024
    small, large = seconds(once), seconds(twice)
    for _ in range(TRIES - 1):
        if large < 2.5 * small + 0.03:
            return
        small, large = min(small, seconds(once)), min(large, seconds(twice))
    assert large < 2.5 * small + 0.03, (small, large)


def test_ten_thousand_problems_are_a_page_of_text_and_whole_for_programs() -> None:
    problems = judged(HEAD + API + many("key#: 1\n", 10_000))
    text = formatter("text")(problems)
    assert text.count("TG110 key") == 20
    assert text.endswith("TG110: 9,980 more like the 20 above; --format json has all of them\n")
    assert len(text) < 20_000
    for name in set(FORMATS) - {"text"}:
        assert "key9999" in formatter(name)(problems)


@pytest.mark.parametrize("key", ["name", "metrics", "registry"])
def test_a_long_value_is_not_repeated_whole(key: str) -> None:
    for value in ("1" * 5_000, "a" * 5_000, "'" + "1" * 5_000 + "'"):
        spec = f"tracegen: 1\nbackend: {{type: jaeger}}\n{API}{key}: {value}\n"
        assert all(len(each.message) + len(each.hint) < 500 for each in judged(spec)), value[:3]


def test_four_hundred_and_two_thousand_wrong_calls_end_quickly() -> None:
    for count in (400, 2_000):
        start = time.process_time()
        assert len(judged(service(f"calls: [{many('x#', count, ', ')}]"))) == count
        assert time.process_time() - start < 3
