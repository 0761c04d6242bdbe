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
class Expected:
    """The system's name, services by the name that their spans have, and edges as (caller, callee).

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
    baggage: Sequence[str] = ()
    redacted: Sequence[str] = ()
    masked: Sequence[tuple[str, str]] = ()
    tail: Tail | None = None
    platform: Sequence[str] = ()
    known: bool = False
    collected: bool = True
