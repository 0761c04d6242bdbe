"""Sends traces as time goes by: each service its part, some moments after the trace has ended."""

import heapq
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from tracegen.rehearse.otlp import Part, request
from tracegen.rehearse.target import Sender, TryAgain
from tracegen.rehearse.traces import SECOND, Rehearsal, Trace

#: Spans in one request, at most; and seconds between two requests, at least, while there is time.
_SPANS = 2_000
_TICK = 0.05
#: Seconds after the last trace in which what was refused is sent again.
GRACE = 15.0
_PAUSE = 0.25


@dataclass(slots=True)
class Outcome:
    """What became of the spans: acknowledged; rejected for good; never taken, in the time there was.

    `lost` are the traces that are not whole because of that. `behind` is how many seconds the sender was late.
    """

    acknowledged: int = 0
    rejected: int = 0
    not_taken: int = 0
    refusals: int = 0
    lost: set[bytes] = field(default_factory=set)
    behind: float = 0.0
    seconds: float = 0.0


def send(rehearsal: Rehearsal, traces: Iterable[Trace], sender: Sender, seconds: float) -> Outcome:
    """Send the traces that the head samplers keep. Raises Unreachable when nobody can take them."""
    outcome = Outcome()
    began, begin = time.monotonic(), time.time_ns()
    end = began + seconds + GRACE
    for due, parts in _batches(traces):
        time.sleep(max(0.0, began + due / SECOND - time.monotonic()))
        outcome.behind = max(outcome.behind, time.monotonic() - began - due / SECOND)
        _deliver(rehearsal, parts, sender, begin, end, outcome)
    outcome.seconds = time.monotonic() - began
    return outcome


def _deliver(
    rehearsal: Rehearsal, parts: list[Part], sender: Sender, begin: int, end: float, outcome: Outcome
) -> None:
    spans = sum(part.spans for part in parts)
    message = request(rehearsal, parts, begin)
    while True:
        try:
            rejected = sender.send(message)
        except TryAgain:
            outcome.refusals += 1
            if time.monotonic() >= end:
                outcome.not_taken += spans
                outcome.lost.update(part.trace.trace_id for part in parts)
                return
            time.sleep(_PAUSE)
            continue
        outcome.rejected += rejected
        outcome.acknowledged += spans - rejected
        if rejected:
            outcome.lost.update(part.trace.trace_id for part in parts)
        return


def _batches(traces: Iterable[Trace]) -> Iterator[tuple[int, list[Part]]]:
    """Parts that are due in the same moment, and when that is, in nanoseconds since the begin."""
    batch: list[Part] = []
    due = spans = 0
    for when, part in _parts(traces):
        if batch and (when > due or spans >= _SPANS):
            yield due, batch
            batch, spans = [], 0
        if not batch:
            due = when + round(_TICK * SECOND)
        batch.append(part)
        spans += part.spans
    if batch:
        yield due, batch


def _parts(traces: Iterable[Trace]) -> Iterator[tuple[int, Part]]:
    """What is due when, in order. A trace cannot be due before it begins."""
    waiting: list[tuple[int, int, Part]] = []
    number = 0
    for trace in traces:
        while waiting and waiting[0][0] <= trace.offset:
            due, _, part = heapq.heappop(waiting)
            yield due, part
        if trace.sampled:
            for service, delay in trace.delays.items():
                number += 1
                heapq.heappush(waiting, (trace.offset + trace.duration + delay, number, Part(trace, service)))
    while waiting:
        due, _, part = heapq.heappop(waiting)
        yield due, part
