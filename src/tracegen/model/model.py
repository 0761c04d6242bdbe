"""The Model: what will be built. Everything is decided; names and ports are unique; hosts are components."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tracegen.model.component import Component, Resources, Text
from tracegen.model.decision import Decision
from tracegen.packs import Image


@dataclass(frozen=True, slots=True)
class Destination:
    """Where a collector or a service sends spans over OTLP.

    `host` is a component, or somebody else's server; `headers` may hold secrets.
    """

    name: str
    protocol: str
    host: str
    port: int
    secure: bool
    headers: Mapping[str, Text]

    @property
    def url(self) -> str:
        """The base URL, for OTLP over HTTP."""
        return f"{'https' if self.secure else 'http'}://{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Queue:
    """Where a collector keeps spans until the destination has taken them; `spans` is its length."""

    persistent: bool
    size: str
    spans: int


@dataclass(frozen=True, slots=True)
class Tier:
    """One tier of collectors: `role` names its configuration, `component` what runs it."""

    role: str
    component: str
    replicas: int
    receivers: tuple[str, ...]
    destinations: tuple[Destination, ...]
    queue: Queue
    resources: Resources


@dataclass(frozen=True, slots=True)
class Storage:
    """The storage of the backend: its type, and the options that were said, in the long form."""

    type: str
    options: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Backend:
    """The backend: `retention` is in hours."""

    type: str
    mode: str
    storage: Storage
    retention: int
    resources: Resources


@dataclass(frozen=True, slots=True)
class Sampler:
    """A head sampler, parent-based always: `type` as in the spec, `ratio` 1 when there is none."""

    type: str
    ratio: float


@dataclass(frozen=True, slots=True)
class Service:
    """A service of the team; `image` empty: nothing exists yet and something of ours stands in.

    `environment` is its OpenTelemetry environment, `own_environment` what the spec adds under `env`.
    """

    name: str
    language: str
    framework: str
    instrumentation: str
    image: str
    version: str
    port: int
    health: str
    calls: tuple[str, ...]
    replicas: int
    resources: Resources | None
    sampler: Sampler
    environment: Mapping[str, Text]
    own_environment: Mapping[str, Text]
    requests_per_second: float
    deploy: bool
    stub: str


@dataclass(frozen=True, slots=True)
class Exposure:
    """What the host may reach in compose: port groups, and the address they are bound to."""

    publish: tuple[str, ...]
    bind: str


@dataclass(frozen=True, slots=True)
class Model:
    """The whole system of one environment (None: the base spec alone)."""

    name: str
    environment: str | None
    targets: tuple[str, ...]
    backend: Backend
    tiers: tuple[Tier, ...]
    services: Mapping[str, Service]
    components: Mapping[str, Component]
    exposure: Exposure
    images: Mapping[str, Image]
    overrides: Mapping[str, Mapping[str, Any]]
    decisions: tuple[Decision, ...]

    def edges(self) -> tuple[tuple[str, str], ...]:
        """The edges of the service graph, as (caller, callee)."""
        return tuple((name, callee) for name, service in self.services.items() for callee in service.calls)
