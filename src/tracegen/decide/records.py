"""Every key of the spec, decided: a record for each mapping of the schema.

Written by scripts/settings_records.py; a test holds that it is what the schema says.

None is a value like any other: the key has no meaning here, or its absence means something, as its description says.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Storage:
    """What all storages have."""

    type: str


@dataclass(frozen=True)
class BadgerStorage(Storage):
    """`backend.storage` with `type: badger`."""

    size: str


@dataclass(frozen=True)
class MemoryStorage(Storage):
    """`backend.storage` with `type: memory`."""


@dataclass(frozen=True)
class ReferenceSecret:
    """A key of a Secret of Kubernetes."""

    name: str
    key: str


@dataclass(frozen=True)
class Reference:
    """A reference to a secret: one of the three."""

    env: str | None
    secret: ReferenceSecret | None
    file: str | None


@dataclass(frozen=True)
class Tls:
    """`tls`, wherever it stands."""

    ca: str | Reference | None
    cert: Reference | None
    key: Reference | None
    server_name: str | None


@dataclass(frozen=True)
class ElasticsearchStorage(Storage):
    """`backend.storage` with `type: elasticsearch`."""

    url: str | None
    urls: tuple[str, ...] | None
    username: str | Reference | None
    password: Reference | None
    tls: Tls | None
    index_prefix: str | None
    shards: int
    replicas: int
    manage: bool
    size: str


@dataclass(frozen=True)
class OpensearchStorage(Storage):
    """`backend.storage` with `type: opensearch`."""

    url: str | None
    urls: tuple[str, ...] | None
    username: str | Reference | None
    password: Reference | None
    tls: Tls | None
    index_prefix: str | None
    shards: int
    replicas: int
    manage: bool
    size: str


@dataclass(frozen=True)
class CassandraStorage(Storage):
    """`backend.storage` with `type: cassandra`."""

    servers: tuple[str, ...] | None
    keyspace: str
    datacenter: str
    replication_factor: int
    username: str | Reference | None
    password: Reference | None
    tls: Tls | None
    manage: bool
    size: str


@dataclass(frozen=True)
class ClickhouseStorage(Storage):
    """`backend.storage` with `type: clickhouse`."""

    servers: tuple[str, ...] | None
    database: str
    username: str | Reference | None
    password: Reference | None
    tls: Tls | None
    manage: bool
    size: str


@dataclass(frozen=True)
class TenantLimits:
    """`backend.tenants.*.limits`."""

    bytes_per_second: str | None
    burst: str | None
    max_trace_size: str | None
    live_traces: int | None
    retention: str | None


@dataclass(frozen=True)
class Tenant:
    """One of `tenants`."""

    name: str
    limits: TenantLimits | None


@dataclass(frozen=True)
class ProcessResources:
    """`resources`, wherever it stands."""

    cpu: float
    memory: str


@dataclass(frozen=True)
class Resources:
    """`resources`, wherever it stands."""

    cpu: float
    memory: str


@dataclass(frozen=True)
class Role:
    """One of `roles`."""

    replicas: int
    resources: Resources


@dataclass(frozen=True)
class KafkaSasl:
    """`backend.kafka.sasl`."""

    mechanism: str
    username: str | Reference
    password: Reference


@dataclass(frozen=True)
class Kafka:
    """`kafka`, wherever it stands."""

    brokers: tuple[str, ...] | None
    topic: str
    partitions: int
    size: str
    replication_factor: int
    tls: Tls | None
    sasl: KafkaSasl | None


@dataclass(frozen=True)
class LocalStorage(Storage):
    """`backend.storage` with `type: local`."""

    size: str


@dataclass(frozen=True)
class S3Storage(Storage):
    """`backend.storage` with `type: s3`."""

    bucket: str | None
    endpoint: str | None
    region: str | None
    prefix: str | None
    access_key: Reference | None
    secret_key: Reference | None
    tls: Tls | None
    size: str


@dataclass(frozen=True)
class GcsStorage(Storage):
    """`backend.storage` with `type: gcs`."""

    bucket: str
    prefix: str | None
    credentials: Reference | None


@dataclass(frozen=True)
class AzureStorage(Storage):
    """`backend.storage` with `type: azure`."""

    account: str
    container: str
    key: Reference | None
    prefix: str | None


@dataclass(frozen=True)
class Backend:
    """`backend`."""

    type: str
    mode: str | None
    storage: Storage | None
    retention: str | None
    archive: bool | None
    tenants: tuple[Tenant, ...] | None
    resources: ProcessResources | None
    replicas: int | None
    roles: Mapping[str, Role] | None
    kafka: Kafka | None
    endpoint: str | None
    protocol: str | None
    headers: Mapping[str, str | Reference] | None
    tls: Tls | None


@dataclass(frozen=True)
class CollectorQueue:
    """`collector.queue`."""

    type: str
    size: str | None
    fsync: bool | None


@dataclass(frozen=True)
class CollectorRedactPatterns:
    """`collector.redact.patterns.*`."""

    name: str
    regex: str


@dataclass(frozen=True)
class CollectorRedact:
    """`collector.redact`."""

    keys: tuple[str, ...]
    patterns: tuple[str | CollectorRedactPatterns, ...]


@dataclass(frozen=True)
class CollectorAlso:
    """`collector.also.*`."""

    name: str
    endpoint: str
    protocol: str
    headers: Mapping[str, str | Reference]
    tls: Tls | None


@dataclass(frozen=True)
class Collector:
    """`collector`."""

    topology: str
    replicas: int
    queue: CollectorQueue
    receivers: tuple[str, ...]
    cors: tuple[str, ...]
    redact: CollectorRedact
    also: tuple[CollectorAlso, ...]
    resources: ProcessResources


@dataclass(frozen=True)
class Strategy:
    """`default`, wherever it stands."""

    ratio: float | None
    traces_per_second: float | None


@dataclass(frozen=True)
class Head:
    """`head`, wherever it stands."""

    type: str
    ratio: float | None
    traces_per_second: float | None
    strategies: str | None
    default: Strategy | None
    target_per_second: float | None


@dataclass(frozen=True)
class KeepAttribute:
    """`sampling.tail.keep.*.attribute`."""

    key: str
    values: tuple[str, ...]


@dataclass(frozen=True)
class Keep:
    """One of `keep`."""

    slower_than: str | None
    attribute: KeepAttribute | None
    all: "tuple[str | Keep, ...] | None"
    ratio: float | None
    rate_limit: int | None


@dataclass(frozen=True)
class SamplingTail:
    """`sampling.tail`."""

    decision_wait: str
    keep: tuple[str | Keep, ...]
    traces: int
    expected_traces_per_second: int
    decisions: int


@dataclass(frozen=True)
class Sampling:
    """`sampling`."""

    head: Head
    tail: SamplingTail | None


@dataclass(frozen=True)
class Baggage:
    """`baggage`."""

    to_attributes: tuple[str, ...]


@dataclass(frozen=True)
class SlosLatency:
    """`slos.*.latency`."""

    threshold: str
    objective: float


@dataclass(frozen=True)
class Slos:
    """`slos.*`."""

    service: str
    availability: float | None
    latency: SlosLatency | None


@dataclass(frozen=True)
class SecurityTlsCertManager:
    """`security.tls.cert_manager`."""

    issuer: str
    kind: str


@dataclass(frozen=True)
class SecurityTls:
    """`security.tls`."""

    enabled: bool
    ca: Reference | None
    cert: Reference | None
    key: Reference | None
    cert_manager: SecurityTlsCertManager | None


@dataclass(frozen=True)
class SecurityIngestAuthBasic:
    """`security.ingest_auth.basic`."""

    username: str | Reference
    password: Reference


@dataclass(frozen=True)
class SecurityIngestAuth:
    """`security.ingest_auth`."""

    basic: SecurityIngestAuthBasic | None
    bearer: Reference | None


@dataclass(frozen=True)
class Security:
    """`security`."""

    tls: SecurityTls
    ingest_auth: str | SecurityIngestAuth


@dataclass(frozen=True)
class Compose:
    """`compose`."""

    publish: tuple[str, ...]
    folder: str
    bind: str


@dataclass(frozen=True)
class KubernetesIngressGateway:
    """`kubernetes.ingress.gateway`."""

    name: str
    namespace: str | None
    section: str | None


@dataclass(frozen=True)
class KubernetesIngressLogin:
    """`kubernetes.ingress.login`."""

    issuer: str
    client_id: str
    client_secret: Reference
    cookie_secret: Reference
    email_domains: tuple[str, ...]


@dataclass(frozen=True)
class KubernetesIngress:
    """`kubernetes.ingress`."""

    host: str
    class_: str | None
    tls_secret: str | None
    gateway: KubernetesIngressGateway | None
    login: KubernetesIngressLogin | None


@dataclass(frozen=True)
class KubernetesExternalSecrets:
    """`kubernetes.external_secrets`."""

    store: str
    kind: str
    prefix: str | None


@dataclass(frozen=True)
class KubernetesServiceAccount:
    """`kubernetes.service_account`."""

    annotations: Mapping[str, str]
    labels: Mapping[str, str]


@dataclass(frozen=True)
class Tolerations:
    """One of `tolerations`."""

    key: str | None
    operator: str | None
    value: str | None
    effect: str | None


@dataclass(frozen=True)
class KubernetesClients:
    """`kubernetes.clients.*`."""

    namespace: str
    labels: Mapping[str, str]


@dataclass(frozen=True)
class Kubernetes:
    """`kubernetes`."""

    flavor: str
    namespace: str
    create_namespace: bool
    pod_security: str
    network_policies: str
    ingress: KubernetesIngress | None
    external_secrets: KubernetesExternalSecrets | None
    storage_class: str | None
    service_account: KubernetesServiceAccount
    image_pull_secrets: tuple[str, ...]
    tolerations: tuple[Tolerations, ...]
    node_selector: Mapping[str, str]
    priority_class: str | None
    annotations: Mapping[str, str]
    labels: Mapping[str, str]
    monitors: bool
    clients: tuple[KubernetesClients, ...]
    fixed_ids: bool


@dataclass(frozen=True)
class CallExpect:
    """`services.*.calls.*.expect`."""

    propagated: bool | None
    baggage: tuple[str, ...] | None
    attributes: tuple[str, ...] | None
    max_latency: str | None
    max_errors: float | None


@dataclass(frozen=True)
class Call:
    """One of `calls`."""

    service: str
    expect: CallExpect | None


@dataclass(frozen=True)
class ServiceTraffic:
    """`services.*.traffic`."""

    requests_per_second: float
    spans_per_trace: int
    errors: float
    slow: float
    tagged: float


@dataclass(frozen=True)
class ServiceResources:
    """`resources`, wherever it stands."""

    cpu: float
    memory: str


@dataclass(frozen=True)
class ServiceSampling:
    """`services.*.sampling`."""

    head: Head
    operations: Mapping[str, Strategy]


@dataclass(frozen=True)
class ServiceKubernetes:
    """`services.*.kubernetes`."""

    annotations: Mapping[str, str]
    labels: Mapping[str, str]
    tolerations: tuple[Tolerations, ...]
    node_selector: Mapping[str, str]
    priority_class: str | None


@dataclass(frozen=True)
class ServiceCompose:
    """`services.*.compose`."""

    service: str | None
    networks: tuple[str, ...]


@dataclass(frozen=True)
class ServiceWorkload:
    """`services.*.workload`."""

    kind: str
    name: str
    container: str | None


@dataclass(frozen=True)
class Service:
    """One of `services`."""

    language: str
    port: int | str
    calls: tuple[Call, ...]
    traffic: ServiceTraffic
    instrumentation: str
    image: str | None
    version: str
    health: str
    replicas: int
    resources: ServiceResources | None
    attributes: Mapping[str, str]
    env: Mapping[str, str | Reference]
    sampling: ServiceSampling
    deploy: bool
    stub: str
    tenant: str | None
    kubernetes: ServiceKubernetes
    framework: str | None
    libraries: tuple[str, ...] | None
    compose: ServiceCompose | None
    workload: ServiceWorkload | None


@dataclass(frozen=True)
class Spec:
    """A whole spec."""

    name: str
    targets: tuple[str, ...]
    versions: Mapping[str, str]
    digests: bool
    registry: str | None
    backend: Backend
    collector: Collector
    sampling: Sampling
    propagators: tuple[str, ...]
    baggage: Baggage
    attributes: Mapping[str, str]
    metrics: bool
    slos: tuple[Slos, ...]
    security: Security
    compose: Compose
    kubernetes: Kubernetes
    services: Mapping[str, Service]
    accept: Mapping[str, str]
    overrides: Mapping[str, Mapping[str, Any]]
