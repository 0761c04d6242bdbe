"""How many traces wait for a decision, and the memory they take: from traffic and the wait, with a margin.

`num_traces` too small is how tail samplers lose most traces in silence; see docs/sampling.md.
"""

from math import ceil

from tracegen.system.sizing import BYTES_PER_SPAN, LIMITER_SHARE, SPIKE_SHARE
from tracegen.system.units import MEBIBYTE

#: Traffic that the slots have room for, in multiples of what the spec states.
MARGIN = 2

#: Decisions are made once a second, and a trace waits in the batch of its second.
_TICK = 2.0

#: Bytes that a waiting span takes in the collector, of `BYTES_PER_SPAN` on the wire: measured, docs/sampling.md.
WAITING_BYTES = 2 * BYTES_PER_SPAN

#: A heap grows to about twice what lives in it before it is collected.
_GARBAGE = 2
#: What a collector takes that holds no spans.
_BASE = 100 * MEBIBYTE

#: Above this share of the container's memory spans are refused.
_USABLE = LIMITER_SHARE - SPIKE_SHARE
_STEP = 256 * MEBIBYTE

_FEWEST_SLOTS = 1_000
_LATE_TRACES = 10


def share_of_rate(traces_per_second: float, collectors: int) -> float:
    """New traces a second that one of several collectors gets, while one of them is away."""
    return traces_per_second / max(1, collectors - 1)


def waiting(traces_per_second: float, wait: int) -> int:
    """Traces that wait at once in a collector, at a rate and a wait in milliseconds."""
    return ceil(traces_per_second * (wait / 1_000 + _TICK))


def slots(traces_per_second: float, wait: int) -> int:
    """Traces that must have room in one collector."""
    return max(_FEWEST_SLOTS, MARGIN * waiting(traces_per_second, wait))


def decisions(slots_: int) -> int:
    """Identifiers to remember, so that spans that come late follow the decision on their trace."""
    return _LATE_TRACES * slots_


def memory_for(slots_: int, spans: int) -> int:
    """Bytes of memory of a container in which all slots can be full without spans being refused."""
    wanted = (_BASE + _GARBAGE * slots_ * spans * WAITING_BYTES) / _USABLE
    return ceil(wanted / _STEP) * _STEP


def slots_in(memory: int, spans: int) -> int:
    """Traces for which a container of this memory has room."""
    return max(0, int(memory * _USABLE - _BASE) // (_GARBAGE * spans * WAITING_BYTES))
