"""What the head samplers of SDKs decide."""

from tracegen.system.sampling import Sampler

_BITS = 63


class HeadSampler:
    """The sampler of one service in all its processes.

    A ratio looks at the last eight bytes of the trace's identifier, as the SDKs do:
    https://opentelemetry.io/docs/specs/otel/trace/sdk/#traceidratiobased. A number a second fills a bucket in each
    process that holds at most a second's worth, as Jaeger's sampler has it.
    """

    def __init__(self, sampler: Sampler, processes: int) -> None:
        self._strategy = sampler.strategy
        self._most = max(1.0, self._strategy.traces_per_second)
        self._buckets = [(0.0, self._most)] * max(1, processes)

    def keeps(self, trace_id: bytes, seconds: float, chance: float) -> bool:
        """Whether a trace that begins after so many seconds is kept; `chance` picks the process, from 0 to 1."""
        if self._strategy.ratio is not None:
            drawn: int = int.from_bytes(trace_id[8:], "big") >> 1
            return drawn < self._strategy.ratio * (1 << _BITS)
        process = int(chance * len(self._buckets))
        then, left = self._buckets[process]
        left = min(self._most, left + (seconds - then) * self._strategy.traces_per_second)
        self._buckets[process] = (seconds, left - 1 if left >= 1 else left)
        return left >= 1
