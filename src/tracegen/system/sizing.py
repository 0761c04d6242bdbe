"""Memory, cores and queues from the traffic that the spec states: rules of thumb, each printed by `explain`.

A request is taken to make `SPANS_PER_REQUEST` spans in each service it passes, of `BYTES_PER_SPAN` bytes
each. What a process takes by rate is a table of its pack; docs/sizing.md has them all, and what was run.
"""

from math import ceil

from tracegen.catalogue.pack import Sizing
from tracegen.system.units import MEBIBYTE, size_in_bytes

SPANS_PER_REQUEST = 4
BYTES_PER_SPAN = 1_000

#: Of a span that waits in memory: 2,000 to 2,700 were measured, docs/sampling.md.
BYTES_IN_MEMORY = 2_500

#: The share of a container's memory at which the collector refuses more (memory_limiter), and at which the Go
#: runtime collects harder (GOMEMLIMIT). The limiter has to act before the kernel does, and the health check runs in
#: the same container: of an image without a shell it is a second process of the program, 50 to 75 MB and more.
LIMITER_SHARE = 0.75
SPIKE_SHARE = 0.2
GO_SHARE = 0.75

#: The collector keeps its queue on disk, so its memory grows slowly with the rate.
COLLECTOR = Sizing(steps=((2_000, 512), (10_000, 1_024), (40_000, 2_048), (100_000, 4_096)), core=10_000)

#: Cores that are given to one process without being asked: a limit above what the machine has does not start at all
#: under Compose, and what needs more is better shared by several.
MOST_CORES = 8


def spans_in_a_trace(passed: int, services: int) -> int:
    """The spans of a trace that is known to pass so many services, or else through half of all there are."""
    return ceil(SPANS_PER_REQUEST * max(1.0, passed, services / 2))


def memory_for_rate(sizing: Sizing, spans: float, archive: bool = False) -> int:
    """Bytes of memory for a process that handles this many spans a second."""
    step = next((mebibytes for limit, mebibytes in sizing.steps if spans <= limit), sizing.steps[-1][1])
    return (step + (sizing.more if archive else 0)) * MEBIBYTE


def cores_for_rate(sizing: Sizing, spans: float) -> float:
    """Cores for a process that handles this many spans a second: whole ones, one to `MOST_CORES`."""
    return float(min(MOST_CORES, max(1, ceil(spans / sizing.core))))


def stored_bytes(spans: float, hours: int) -> float:
    """Bytes of the spans that come in so many hours at a rate, as they are on the wire."""
    return spans * BYTES_PER_SPAN * 3_600 * hours


def most_spans(sizing: Sizing) -> int:
    """Spans a second that one process carries with all the memory and cores that it is given without being asked."""
    return min(sizing.steps[-1][0], MOST_CORES * sizing.core)


def queue_file(size: str, queues: int) -> int:
    """Bytes that the file of one queue may have, where several share a volume; a twentieth is left to the disk."""
    return int(size_in_bytes(size) * 0.95) // queues


def queue_length(size: str, queues: int = 1) -> int:
    """Spans that fit one of the queues that share a volume of a size, a fifth of it left for the file format."""
    return int(size_in_bytes(size) * 0.8) // queues // BYTES_PER_SPAN


def memory_queue_length(memory: int, queues: int = 1) -> int:
    """Spans that a quarter of a process's memory holds, in each of its queues."""
    return memory // 4 // queues // BYTES_IN_MEMORY


def traces_in_memory(memory: int, spans_per_trace: int) -> int:
    """Traces that half of a process's memory holds; spans in memory are about twice their size on the wire."""
    return max(1_000, memory // 2 // (2 * BYTES_PER_SPAN * max(1, spans_per_trace)))
