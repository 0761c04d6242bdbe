"""Sampling of the System: who decides, where, and how many traces wait for it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

#: Ports of the server of strategies, over HTTP and gRPC: https://www.jaegertracing.io/docs/latest/deployment/#ports
SAMPLING_PORTS = {"http": 5778, "grpc": 5779}

#: Traces a second that are taken to start in a service that nobody calls, where the spec states no traffic.
_ASSUMED_RATE = 1.0
#: The chance that a count lies outside its interval though all is as predicted.
CHANCE = 1e-4


@dataclass(frozen=True, slots=True)
class Strategy:
    """What a head sampler keeps: a share of traces, or a number a second and process when `ratio` is None."""

    ratio: float | None = 1.0
    traces_per_second: float = 0.0

    def share(self, traces_per_second: float, processes: int) -> float:
        """The share kept of so many traces a second in all processes; a limit is not reached where none are said."""
        if self.ratio is not None:
            return self.ratio
        return min(1.0, self.traces_per_second * processes / traces_per_second) if traces_per_second else 1.0


@dataclass(frozen=True, slots=True)
class Sampler:
    """A head sampler, parent-based always: `type` as in the spec, and what that comes to.

    `remote`: a server tells it its strategy, and those of `operations` by span name.
    """

    type: str
    strategy: Strategy
    remote: bool = False
    operations: Mapping[str, Strategy] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class StrategyServer:
    """The component that tells remote samplers what to do; `default` is for who has no strategy of its own."""

    host: str
    file: str
    default: Strategy


@dataclass(frozen=True, slots=True)
class Condition:
    """One word of `sampling.tail.keep`: `kind` as in the spec, and the value that this kind has.

    `milliseconds` of slower_than; `key` and `values` of attribute; `ratio`; `spans_per_second` of rate_limit,
    over all collectors.
    """

    kind: str
    milliseconds: int = 0
    key: str = ""
    values: tuple[str, ...] = ()
    ratio: float = 1.0
    spans_per_second: int = 0


@dataclass(frozen=True, slots=True)
class Policy:
    """Keeps a trace on which all its conditions agree."""

    name: str
    conditions: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Tail:
    """Decides on whole traces.

    wait       milliseconds from the first span of a trace to the decision
    slots      traces that can wait in one collector
    expected   new traces a second in one collector
    decisions  identifiers of decided traces that one collector remembers, kept and dropped ones each
    spans      of one trace, on average
    collectors how many share the traces, and the rate limits
    """

    wait: int
    policies: tuple[Policy, ...]
    slots: int
    expected: int
    decisions: int
    spans: int
    collectors: int


@dataclass(frozen=True, slots=True)
class Traffic:
    """Traces a second that start in a service, spans in one of them, and how many end badly.

    `errors`, `slow` and `tagged` are shares of the traces, each independent of the others.
    """

    traces_per_second: float
    spans: int
    errors: float
    slow: float
    tagged: float

    @property
    def spans_per_second(self) -> float:
        """Before any sampling."""
        return self.traces_per_second * self.spans

    def or_assumed(self) -> "Traffic":
        """As stated; else what is made where something has to be seen, which sizes nothing."""
        return self if self.traces_per_second else replace(self, traces_per_second=_ASSUMED_RATE)
