"""Traces whose truth is known, sent through a rendered system: which should be kept, and what became of each."""

from __future__ import annotations

import random
import re
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import exp, lgamma, log
from typing import Any

from programs.recorder import Recorder
from programs.running import Attribute, Span, fetch, send_spans
from programs.system import System

SECOND = 1_000_000_000
#: The two services of a trace; the second sends its spans later.
FIRST, SECOND_SERVICE = "web", "api"
SPANS = 6
TAG = ("customer.tier", "gold")


@dataclass(frozen=True)
class Known:
    """A trace and its truth."""

    trace_id: str
    error: bool
    slow: bool
    tagged: bool

    @property
    def kind(self) -> str:
        """Its class, as `tracegen explain SPEC sampling` tells them apart."""
        if self.error:
            return "error"
        return "slow" if self.slow else "tagged" if self.tagged else "normal"

    def spans(self, number: random.Random) -> tuple[list[Span], list[Span]]:
        """The spans of each service; what makes it special is only in one of them."""
        now = time.time_ns()
        ids = [f"{number.getrandbits(64) | 1:016x}" for _ in range(SPANS)]
        duration = 1_500_000_000 if self.slow else 80_000_000
        attributes: dict[str, Attribute] = {
            "http.route": "/buy",
            "http.response.status_code": 200,
            "padding": "x" * 600,
        }
        spans = [
            Span(
                name=f"step {step}",
                trace_id=self.trace_id,
                span_id=ids[step],
                parent_id=ids[step - 1] if step else "",
                start=now - duration,
                duration=duration if step == 0 else 50_000_000,
                attributes={**attributes, **({TAG[0]: TAG[1]} if self.tagged and step == SPANS - 1 else {})},
                status=2 if self.error and step == SPANS - 2 else 0,
            )
            for step in range(SPANS)
        ]
        return spans[: SPANS // 2], spans[SPANS // 2 :]


def known_traces(count: int, seed: int, errors: float, slow: float, tagged: float) -> list[Known]:
    """So many traces of known shares, the same for the same seed."""
    number = random.Random(seed)
    return [
        Known(
            f"{number.getrandbits(128) | 1:032x}",
            number.random() < errors,
            number.random() < slow,
            number.random() < tagged,
        )
        for _ in range(count)
    ]


def send(endpoint: str, traces: Sequence[Known], rate: float, seed: int = 1) -> float:
    """Send traces at a rate a second, the second service's half a second after the first's; returns the seconds."""
    number = random.Random(seed)
    step = max(1, int(rate / 10))
    late: list[tuple[float, list[Span]]] = []
    began = time.monotonic()
    for first in range(0, len(traces), step):
        _wait(began + first / rate)
        parts = [each.spans(number) for each in traces[first : first + step]]
        send_spans(endpoint, {"service.name": FIRST}, [span for early, _ in parts for span in early])
        late.append((time.monotonic() + 0.5, [span for _, rest in parts for span in rest]))
        while late and late[0][0] <= time.monotonic():
            send_spans(endpoint, {"service.name": SECOND_SERVICE}, late.pop(0)[1])
    for due, spans in late:
        _wait(due)
        send_spans(endpoint, {"service.name": SECOND_SERVICE}, spans)
    return time.monotonic() - began


def _wait(until: float) -> None:
    time.sleep(max(0.0, until - time.monotonic()))


@dataclass(frozen=True)
class Counted:
    """What became of the traces, by class: how many were sent, kept whole, and kept in part."""

    sent: Counter[str]
    whole: Counter[str]
    partial: Counter[str]


def counted(recorder: Recorder, traces: Iterable[Known]) -> Counted:
    """Compare what a recorder got with what was sent."""
    came = Counter(each.span.trace_id for each in recorder.spans())
    result = Counted(Counter(), Counter(), Counter())
    for trace in traces:
        result.sent[trace.kind] += 1
        if came[trace.trace_id] >= SPANS:
            result.whole[trace.kind] += 1
        elif came[trace.trace_id]:
            result.partial[trace.kind] += 1
    return result


def settled(recorder: Recorder, quiet: float, at_most: float = 60) -> None:
    """Wait until nothing has come for so many seconds."""
    size, since, end = -1, time.monotonic(), time.monotonic() + at_most
    while time.monotonic() < end and time.monotonic() - since < quiet:
        now = len(recorder.text())
        if now != size:
            size, since = now, time.monotonic()
        time.sleep(0.2)


def metrics_page(system: System, component: str, replica: int = 1, port: str = "metrics") -> str:
    """What Prometheus would read."""
    return fetch(f"http://{system.address(component, port, replica)}/metrics").body.decode()


def metric(text: str, name: str, **labels: str) -> float:
    """The sum of a metric over all series with these labels; 0 when there is none."""
    return sum(value for found, value in _series(text, name) if labels.items() <= found.items())


def _series(text: str, name: str) -> Iterator[tuple[dict[str, str], float]]:
    for line in text.splitlines():
        found = re.fullmatch(rf"{name}(?:\{{(.*)\}})? (\S+)", line)
        if found:
            yield dict(re.findall(r'(\w+)="([^"]*)"', found[1] or "")), float(found[2])


def replica_names(component: str, replicas: int) -> list[str]:
    """`host:port` for each replica: one name has one address here, so names take the place of the name server."""
    return [f"{component}-replica-{number + 1}:4317" for number in range(replicas)]


def without_name_server(component: str, replicas: int) -> Callable[[Any], Any]:
    """For `System`'s `adapt`: the names of `replica_names` in place of one with several addresses."""

    def adapt(config: Any) -> Any:
        for name, exporter in config.get("exporters", {}).items():
            if name.startswith("load_balancing/"):
                asked = exporter["resolver"]["dns"]
                assert (asked["hostname"], asked["port"]) == (component, "4317")
                exporter["resolver"] = {"static": {"hostnames": replica_names(component, replicas)}}
        return config

    return adapt


def interval(count: int, share: float, chance: float = 1e-4) -> tuple[int, int]:
    """The numbers between which a binomial count lies but for this chance."""
    if share in (0.0, 1.0):
        return round(count * share), round(count * share)
    low, below = 0, _chance(count, share, 0)
    while below < chance / 2:
        low += 1
        below += _chance(count, share, low)
    high, above = count, _chance(count, share, count)
    while above < chance / 2:
        high -= 1
        above += _chance(count, share, high)
    return low, high


def _chance(count: int, share: float, number: int) -> float:
    ways = lgamma(count + 1) - lgamma(number + 1) - lgamma(count - number + 1)
    return exp(ways + number * log(share) + (count - number) * log(1 - share))
