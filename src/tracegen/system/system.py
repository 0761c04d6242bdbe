"""The System: what is built. Everything is decided; names are unique, and hosts are components."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast

from tracegen.catalogue import Delivery, Image, OperatorAgent
from tracegen.system.component import Component, Resources, Secret, Text
from tracegen.system.compose import Compose, ComposeService
from tracegen.system.kubernetes import Cluster, Kubernetes, Pods, Workload
from tracegen.system.record import Record, names_of
from tracegen.system.sampling import Sampler, StrategyServer, Tail, Traffic

OptionsOf = TypeVar("OptionsOf", bound=Record)
_Kind = type[OptionsOf]

#: The resource attribute that says whose spans these are, where there are tenants.
TENANT_ATTRIBUTE = "tenant.id"


@dataclass(frozen=True, slots=True)
class ClientTls:
    """How a client verifies a server and shows itself; None is the system's authorities, or no certificate."""

    ca: Secret | None = None
    cert: Secret | None = None
    key: Secret | None = None
    server_name: str = ""


@dataclass(frozen=True, slots=True)
class Certificates:
    """What the servers of the rendered system show, and the authority that signed it.

    `issuer` and `issuer_kind` name a cert-manager issuer on Kubernetes; empty without one.
    """

    ca: Secret
    cert: Secret
    key: Secret
    issuer: str
    issuer_kind: str


@dataclass(frozen=True, slots=True)
class IngestAuth:
    """What services show to send spans: `kind` is none, basic or bearer.

    `header` is the value of the authorization header that a client sends; `username` and `secret` are what the
    server compares: the password, or the token.
    """

    kind: str
    username: Text = ()
    secret: Secret | None = None
    header: Text = ()


@dataclass(frozen=True, slots=True)
class Destination:
    """Where a collector or a service sends spans over OTLP.

    `host` is a component, or somebody else's server when `inside` is False; `path` stands behind the port in
    the URL; `headers` may hold secrets; `balanced` spreads over all replicas behind the host name, and `by_trace`
    gives each of them whole traces; `delivery` is how requests are made, and how long one may take.
    """

    name: str
    protocol: str
    host: str
    port: int
    secure: bool
    inside: bool = True
    path: str = ""
    headers: Mapping[str, Text] = field(default_factory=dict)
    tls: ClientTls | None = None
    balanced: bool = False
    tenant: str = ""
    by_trace: bool = False
    delivery: Delivery = field(default_factory=Delivery)

    @property
    def url(self) -> str:
        """The base URL, as OTEL_EXPORTER_OTLP_ENDPOINT and the OTLP over HTTP exporter take it."""
        default = {True: 443, False: 80}[self.secure]
        port = "" if not self.inside and self.port == default else f":{self.port}"
        return f"{'https' if self.secure else 'http'}://{self.host}{port}{self.path}"


@dataclass(frozen=True, slots=True)
class Queue:
    """Where a collector keeps spans until a destination has taken them.

    `spans` is the length of the queue of one destination; `size` is that of the volume that they share, and `fsync`
    says that each write is on the disk before it counts.
    """

    persistent: bool
    size: str
    spans: int
    fsync: bool = False


@dataclass(frozen=True, slots=True)
class Redaction:
    """What is taken out of spans before they leave: keys that go, and (name, RE2 pattern) that are masked."""

    keys: tuple[str, ...] = ()
    patterns: tuple[tuple[str, str], ...] = ()

    def __bool__(self) -> bool:
        return bool(self.keys or self.patterns)


@dataclass(frozen=True, slots=True)
class Tier:
    """One tier of collectors: `role` names its configuration, `component` what runs it.

    `guarded`: its receivers ask for the ingest authentication; `per_node`: one on each machine; `tail`: it decides
    which traces are kept; `health_spans`: services and paths whose server spans it drops; `cors`: origins of pages
    that send to it from a browser.
    """

    role: str
    component: str
    replicas: int
    receivers: tuple[str, ...]
    destinations: tuple[Destination, ...]
    queue: Queue
    resources: Resources
    redaction: Redaction = Redaction()
    guarded: bool = False
    per_node: bool = False
    tail: Tail | None = None
    health_spans: tuple[tuple[str, str], ...] = ()
    cors: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Storage:
    """The storage of the backend: its type, and its options as a record, which its pack knows by its class.

    `inside`: no server is named, so the rendered system runs what is needed. `texts` are those of the options that
    may hold secrets, and `tls` how its servers are verified.
    """

    type: str
    options: Record | None
    inside: bool = True
    texts: Mapping[str, Text] = field(default_factory=dict)
    tls: ClientTls | None = None

    def options_as(self, kind: _Kind[OptionsOf]) -> OptionsOf:
        """The options as the record that a pack knows.

        Where the pack is another's under a new name, its record has the same keys. TypeError where it has others.
        """
        found = names_of(self.options) if self.options else ()
        if set(found) != set(names_of(kind)):
            raise TypeError(f"storage {self.type} has other options than {kind.__name__}")
        return cast(OptionsOf, self.options)


@dataclass(frozen=True, slots=True)
class Sasl:
    """Authentication at Kafka."""

    mechanism: str
    username: Text
    password: Secret


@dataclass(frozen=True, slots=True)
class Kafka:
    """The broker between the roles of a scalable backend; `inside`: the rendered system runs it.

    `size` is that of the volume of the broker that is run.
    """

    brokers: tuple[str, ...]
    topic: str
    partitions: int
    replication_factor: int
    tls: ClientTls | None
    sasl: Sasl | None
    inside: bool
    size: str


@dataclass(frozen=True, slots=True)
class Role:
    """Replicas and resources of one role of a scalable backend."""

    replicas: int
    resources: Resources


@dataclass(frozen=True, slots=True)
class Limits:
    """What a backend takes of one tenant, in bytes, and keeps of it, in milliseconds; 0 `live_traces`: any number."""

    bytes_per_second: int
    burst: int
    trace_bytes: int
    live_traces: int
    retention: int


@dataclass(frozen=True, slots=True)
class Tenant:
    """A tenant, and its limits."""

    name: str
    limits: Limits


@dataclass(frozen=True, slots=True)
class Backend:
    """The backend: `retention` is in hours, 0 when the storage has none; `roles` is empty in mode single, in which
    `replicas` of the one process share the storage; None where it has no such key.

    `resources` are those of one process; None where somebody else runs it.
    `server` is what the storage's server takes that the rendered system runs, None where it runs none; above the
    share `refuse` of its memory the process that writes to the storage refuses spans, 0 for that of every collector.
    """

    type: str
    mode: str
    storage: Storage
    retention: int
    resources: Resources | None
    spans_per_second: float
    roles: Mapping[str, Role] = field(default_factory=dict)
    kafka: Kafka | None = None
    tenants: tuple[Tenant, ...] = ()
    archive: bool = False
    server: Resources | None = None
    refuse: float = 0.0
    replicas: int | None = None

    @property
    def process_resources(self) -> Resources:
        """Those of one process, for the packs of backends that run here."""
        assert self.resources is not None, "somebody else runs it"
        return self.resources


@dataclass(frozen=True, slots=True)
class Service:
    """A service of the team; `build` is the folder of the example that is built as `image`, empty when there is none.

    `environment` is its OpenTelemetry environment, `own_environment` what the spec adds under `env`, `attributes` are
    the resource attributes of all its spans, and `ca` is what it verifies its collector with. `agent` is what the
    OpenTelemetry Operator could put into it, `libraries` are those that it talks with and that make
    spans, `needs` is what its stub must be able to do, in whichever environment.
    `workload` is what runs it elsewhere; None: whatever has its name. `pods` are its pods where it runs here,
    `compose` is what runs it elsewhere in Compose.
    `entry`: requests come from outside, since no other service calls it. `port` is None where it takes no requests.
    `shared`: its stub and example lie in the tree of the base, since they are the same in this environment.
    """

    name: str
    language: str
    framework: str
    instrumentation: str
    image: str
    build: str
    version: str
    port: int | None
    health: str
    calls: tuple[str, ...]
    replicas: int
    resources: Resources | None
    sampler: Sampler
    environment: Mapping[str, Text]
    own_environment: Mapping[str, Text]
    attributes: Mapping[str, str]
    traffic: Traffic
    deploy: bool
    stub: str
    tenant: str
    ca: Secret | None
    agent: OperatorAgent | None
    libraries: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    workload: Workload | None = None
    entry: bool = False
    pods: Pods = field(default_factory=Pods)
    shared: bool = False
    compose: ComposeService = field(default_factory=ComposeService)

    @property
    def traced_name(self) -> str:
        """The name that its spans have: `OTEL_SERVICE_NAME`, its own name where only the cluster knows that."""
        value = self.environment.get("OTEL_SERVICE_NAME", ())
        texts = [part for part in value if isinstance(part, str)]
        return "".join(texts) if value and len(texts) == len(value) else self.name


@dataclass(frozen=True, slots=True)
class Exposure:
    """What the host may reach in compose: port groups, and the address they are bound to.

    `ports` are the host's ports of groups for which the spec names one.
    `folder` is where this tree lies, as seen from the Compose file of services that run elsewhere.
    """

    publish: tuple[str, ...]
    bind: str
    folder: str = "."
    ports: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Design:
    """How the system of one environment (None: the base spec alone) is made up, before it is known what runs.

    Services send spans to `otlp_destination`.
    """

    name: str
    environment: str | None
    targets: tuple[str, ...]
    backend: Backend
    tiers: tuple[Tier, ...]
    otlp_destination: Destination
    certificates: Certificates | None
    ingest: IngestAuth
    metrics: bool
    services: Mapping[str, Service]
    exposure: Exposure
    kubernetes: Kubernetes
    images: Mapping[str, Image]
    overrides: Mapping[str, Mapping[str, Any]]
    strategies: StrategyServer | None

    @property
    def project(self) -> str:
        """The Compose project: those of two environments, and their volumes, are apart (ruling 2)."""
        return f"{self.name}-{self.environment}" if self.environment else self.name

    @property
    def tail(self) -> Tail | None:
        """What decides on whole traces, in whichever tier; None when nothing does."""
        return next((tier.tail for tier in self.tiers if tier.tail), None)

    def edges(self) -> tuple[tuple[str, str], ...]:
        """The edges of the service graph, as (caller, callee)."""
        return tuple((name, callee) for name, service in self.services.items() for callee in service.calls)

    def tier_of_operator(self, name: str) -> Tier | None:
        """The tier of that name that the OpenTelemetry Operator runs; None without the Operator."""
        tiers = self.tiers if self.kubernetes.flavor == "operator" else ()
        return next((tier for tier in tiers if tier.component == name), None)


@dataclass(frozen=True, slots=True)
class System(Design):
    """The whole system: what runs, in general and on each target; names are unique, and hosts are components.

    components  what runs, in the order of packs, tiers and services
    elsewhere   what the services would be that others run
    compose     the services of compose.yaml
    cluster     what runs on Kubernetes
    """

    components: Mapping[str, Component]
    elsewhere: Mapping[str, Component]
    compose: Compose
    cluster: Cluster
