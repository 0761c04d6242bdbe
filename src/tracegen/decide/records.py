"""Every key of the spec, decided: a record for each mapping of the schema.

Written by scripts/settings_records.py; a test holds that it is what the schema says.

None is a value like any other: the key has no meaning here, or its absence means something, as its description says.
"""

from collections.abc import Mapping
from typing import Any

from tracegen.system.record import Record


class Storage(Record):
    """What all storages have."""

    type: str


class BadgerStorage(Storage):
    """`backend.storage` with `type: badger`."""

    size: str


class MemoryStorage(Storage):
    """`backend.storage` with `type: memory`."""


class ReferenceSecret(Record):
    """A key of a Secret of Kubernetes."""

    name: str
    key: str


class Reference(Record):
    """A reference to a secret: one of the three."""

    env: str | None
    secret: ReferenceSecret | None
    file: str | None


class Tls(Record):
    """`tls`, wherever it stands."""

    ca: str | Reference | None
    cert: Reference | None
    key: Reference | None
    server_name: str | None


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


class ClickhouseStorage(Storage):
    """`backend.storage` with `type: clickhouse`."""

    servers: tuple[str, ...] | None
    database: str
    username: str | Reference | None
    password: Reference | None
    tls: Tls | None
    manage: bool
    size: str


class TenantLimits(Record):
    """`backend.tenants.*.limits`."""

    bytes_per_second: str
    burst: str
    max_trace_size: str
    live_traces: int | None
    retention: str


class Tenant(Record):
    """One of `tenants`."""

    name: str
    limits: TenantLimits


class ProcessResources(Record):
    """`resources`, wherever it stands."""

    cpu: float
    memory: str


class Resources(Record):
    """`resources`, wherever it stands."""

    cpu: float
    memory: str


class Role(Record):
    """One of `roles`."""

    replicas: int
    resources: Resources


class KafkaSasl(Record):
    """`backend.kafka.sasl`."""

    mechanism: str
    username: str | Reference
    password: Reference


class Kafka(Record):
    """`kafka`, wherever it stands."""

    brokers: tuple[str, ...] | None
    topic: str
    partitions: int
    size: str
    replication_factor: int
    tls: Tls | None
    sasl: KafkaSasl | None


class LocalStorage(Storage):
    """`backend.storage` with `type: local`."""

    size: str


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


class GcsStorage(Storage):
    """`backend.storage` with `type: gcs`."""

    bucket: str
    prefix: str | None
    credentials: Reference | None


class AzureStorage(Storage):
    """`backend.storage` with `type: azure`."""

    account: str
    container: str
    key: Reference | None
    federated_token: bool
    prefix: str | None


class Backend(Record):
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


class CollectorQueue(Record):
    """`collector.queue`."""

    type: str
    size: str | None
    fsync: bool | None


class CollectorRedactPatterns(Record):
    """`collector.redact.patterns.*`."""

    name: str
    regex: str


class CollectorRedact(Record):
    """`collector.redact`."""

    keys: tuple[str, ...]
    patterns: tuple[str | CollectorRedactPatterns, ...]


class CollectorAlso(Record):
    """`collector.also.*`."""

    name: str
    endpoint: str
    protocol: str
    headers: Mapping[str, str | Reference]
    tls: Tls | None


class Collector(Record):
    """`collector`."""

    topology: str
    replicas: int
    queue: CollectorQueue
    receivers: tuple[str, ...]
    cors: tuple[str, ...]
    redact: CollectorRedact
    also: tuple[CollectorAlso, ...]
    resources: ProcessResources


class Strategy(Record):
    """`default`, wherever it stands."""

    ratio: float | None
    traces_per_second: float | None


class Head(Record):
    """`head`, wherever it stands."""

    type: str
    ratio: float | None
    traces_per_second: float | None
    strategies: str | None
    default: Strategy | None
    target_per_second: float | None


class KeepAttribute(Record):
    """`sampling.tail.keep.*.attribute`."""

    key: str
    values: tuple[str, ...]


class Keep(Record):
    """One of `keep`."""

    slower_than: str | None
    attribute: KeepAttribute | None
    all: "tuple[str | Keep, ...] | None"
    ratio: float | None
    rate_limit: int | None


class SamplingTail(Record):
    """`sampling.tail`."""

    decision_wait: str
    keep: tuple[str | Keep, ...]
    traces: int
    expected_traces_per_second: int
    decisions: int


class Sampling(Record):
    """`sampling`."""

    head: Head
    tail: SamplingTail | None


class Baggage(Record):
    """`baggage`."""

    to_attributes: tuple[str, ...]


class SlosLatency(Record):
    """`slos.*.latency`."""

    threshold: str
    objective: float


class Slos(Record):
    """`slos.*`."""

    service: str
    availability: float | None
    latency: SlosLatency | None


class SecurityTlsCertManager(Record):
    """`security.tls.cert_manager`."""

    issuer: str
    kind: str


class SecurityTls(Record):
    """`security.tls`."""

    enabled: bool
    ca: Reference | None
    cert: Reference | None
    key: Reference | None
    cert_manager: SecurityTlsCertManager | None


class SecurityIngestAuthBasic(Record):
    """`security.ingest_auth.basic`."""

    username: str | Reference
    password: Reference


class SecurityIngestAuth(Record):
    """`security.ingest_auth`."""

    basic: SecurityIngestAuthBasic | None
    bearer: Reference | None


class Security(Record):
    """`security`."""

    tls: SecurityTls
    ingest_auth: str | SecurityIngestAuth


class Published(Record):
    """One of `publish`."""

    ui: int | None
    entry: int | None
    zipkin: int | None
    grafana: int | None


class Compose(Record):
    """`compose`."""

    publish: tuple[str | Published, ...]
    folder: str
    bind: str


class KubernetesIngressGateway(Record):
    """`kubernetes.ingress.gateway`."""

    name: str
    namespace: str | None
    section: str | None


class KubernetesIngressLogin(Record):
    """`kubernetes.ingress.login`."""

    issuer: str
    client_id: str
    client_secret: Reference
    cookie_secret: Reference
    email_domains: tuple[str, ...]


class KubernetesIngress(Record):
    """`kubernetes.ingress`."""

    host: str
    class_: str | None
    tls_secret: str | None
    gateway: KubernetesIngressGateway | None
    login: KubernetesIngressLogin | None


class KubernetesExternalSecrets(Record):
    """`kubernetes.external_secrets`."""

    store: str
    kind: str
    prefix: str | None


class KubernetesServiceAccount(Record):
    """`kubernetes.service_account`."""

    annotations: Mapping[str, str]
    labels: Mapping[str, str]


class Tolerations(Record):
    """One of `tolerations`."""

    key: str | None
    operator: str | None
    value: str | None
    effect: str | None


class KubernetesClients(Record):
    """`kubernetes.clients.*`."""

    namespace: str
    labels: Mapping[str, str]


class Kubernetes(Record):
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
    k8s_attributes: bool
    monitors: bool
    clients: tuple[KubernetesClients, ...]
    fixed_ids: bool


class CallExpect(Record):
    """`services.*.calls.*.expect`."""

    propagated: bool | None
    baggage: tuple[str, ...] | None
    attributes: tuple[str, ...] | None
    max_latency: str | None
    max_errors: float | None


class Call(Record):
    """One of `calls`."""

    service: str
    expect: CallExpect | None


class ServiceTraffic(Record):
    """`services.*.traffic`."""

    requests_per_second: float
    spans_per_trace: int
    errors: float
    slow: float
    tagged: float


class ServiceResources(Record):
    """`resources`, wherever it stands."""

    cpu: float
    memory: str


class ServiceSampling(Record):
    """`services.*.sampling`."""

    head: Head
    operations: Mapping[str, Strategy]


class ServiceKubernetes(Record):
    """`services.*.kubernetes`."""

    annotations: Mapping[str, str]
    labels: Mapping[str, str]
    tolerations: tuple[Tolerations, ...]
    node_selector: Mapping[str, str]
    priority_class: str | None


class ServiceCompose(Record):
    """`services.*.compose`."""

    service: str | None
    networks: tuple[str, ...]


class ServiceWorkload(Record):
    """`services.*.workload`."""

    kind: str
    name: str
    container: str | None


class Service(Record):
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
    env: Mapping[str, str | Reference | tuple[str | Reference, ...]]
    sampling: ServiceSampling
    deploy: bool
    stub: str
    tenant: str | None
    kubernetes: ServiceKubernetes
    framework: str | None
    libraries: tuple[str, ...] | None
    compose: ServiceCompose | None
    workload: ServiceWorkload | None


class Spec(Record):
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
