"""What a spec declares, as far as traces can be held against it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tracegen.system import Tail


@dataclass(frozen=True, slots=True)
class ExpectedService:
    """A service: its name in the spec, attributes of its resource, language, and what its head sampler keeps.

    `ratio` is None where that is no fixed share.
    """

    name: str
    attributes: Mapping[str, str] = field(default_factory=dict)
    language: str = ""
    ratio: float | None = None


@dataclass(frozen=True, slots=True)
class Contract:
    """What is expected of the calls of an edge, as the spec has it.

    `propagated` is None where nothing is said; `baggage` and `attributes` are keys on the span of who is called;
    `max_latency` are nanoseconds, 0 where nothing is said; `max_errors` is a share.
    """

    propagated: bool | None = None
    baggage: Sequence[str] = ()
    attributes: Sequence[str] = ()
    max_latency: int = 0
    max_errors: float | None = None


@dataclass(frozen=True, slots=True)
class Expected:
    """The system's name, services by the name that their spans have, and edges as (caller, callee).

    contracts  what is expected of the calls of an edge
    baggage    keys that are copied from baggage onto every span
    redacted   keys that the collector takes out
    masked     (name, RE2 pattern) that it masks
    platform   what else runs, such as the backend, and may send spans of its own
    known      False where there is no spec: then nothing is declared
    collected  whether the spans came through the collector, which samples and redacts
    """

    name: str = ""
    services: Mapping[str, ExpectedService] = field(default_factory=dict)
    edges: Sequence[tuple[str, str]] = ()
    contracts: Mapping[tuple[str, str], Contract] = field(default_factory=dict)
    baggage: Sequence[str] = ()
    redacted: Sequence[str] = ()
    masked: Sequence[tuple[str, str]] = ()
    tail: Tail | None = None
    platform: Sequence[str] = ()
    known: bool = False
    collected: bool = True
