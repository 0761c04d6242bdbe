"""Grafana Tempo 3: blocks of spans in object storage, in one process or as microservices behind Kafka.

Source of the configuration: https://grafana.com/docs/tempo/latest/configuration/ (and its manifest of all keys).
"""

from collections.abc import Iterable, Iterator

from tracegen.emit import Commented, Value, tempo_escape
from tracegen.packs.contract import Query, storage
from tracegen.packs.tempo.connections import (
    GOSSIP,
    GRPC,
    HTTP,
    INTERNAL,
    assigned_partitions,
    broker,
    clients,
    gossip,
    servers_of,
)
from tracegen.packs.tempo.processes import SCHEDULER, Process, processes
from tracegen.packs.tempo.tenants import limits, tenant_limits
from tracegen.parts.calls import broker_calls
from tracegen.parts.certificates import CERT_PATH, KEY_PATH, server_mounts
from tracegen.parts.collectors import GROWTH
from tracegen.parts.services import first_service
from tracegen.parts.telemetry import go_memory_limit
from tracegen.parts.variables import variables_of
from tracegen.render.otel.tls import server_tls
from tracegen.system import (
    Call,
    Component,
    Design,
    FileMount,
    Health,
    Metrics,
    Port,
    Publish,
    Resources,
    System,
    Volume,
    Wait,
    text,
)
from tracegen.system.file import Structured
from tracegen.system.storage_part import StoragePart

_SOURCE = "packs/tempo"
_CONFIG, _TARGET = "tempo/tempo.yaml", "/etc/tempo/tempo.yaml"
_OVERRIDES, _OVERRIDES_TARGET = "tempo/overrides.yaml", "/etc/tempo/overrides.yaml"
_DATA = "/var/tempo"

#: Of the volume of a process whose storage keeps spans elsewhere.
_SIZE = "10Gi"
_TOPIC_JOB = "kafka-topic"


class Tempo:
    """Tempo, in one process or in seven behind Kafka."""

    look = "Tempo has no pages of its own. Its API, for Grafana (data source Tempo) or a command, is at"

    def components(self, design: Design) -> Iterable[Component]:
        """The processes, and what their storage runs beside them."""
        part = storage(design.backend.storage.type).part(design)
        yield from part.components
        for process, replicas, resources in processes(design):
            yield _component(process, replicas, resources, design, part)

    def configs(self, system: System) -> Iterable[Structured]:
        """One configuration for all processes, and the tenants' limits where there are tenants."""
        head = "Tempo, the configuration of every process. It is read with -config.expand-env=true."
        part = storage(system.backend.storage.type).part(system)
        yield Structured(_CONFIG, _config(system, part), head, _SOURCE, tempo_escape)
        yield from part.files
        if system.backend.tenants:
            limits = "Limits of each tenant, read again while Tempo runs. An entry is whole: what it leaves out would"
            yield Structured(_OVERRIDES, tenant_limits(system), f"{limits} be zero.", _SOURCE)

    def hints(self, system: System) -> Iterable[str]:
        """How its API is asked."""
        found = "/api/search finds it after about half a minute"
        yield f"A trace by its id is there at once, at /api/v2/traces/ID; {found}."
        if system.backend.tenants:
            names = ", ".join(tenant.name for tenant in system.backend.tenants)
            yield f"Each request names a tenant in the header X-Scope-OrgID ({names}); without it the answer is 401."

    def queries(self, system: System) -> tuple[str, Iterable[Query]]:
        """TraceQL, for Grafana or /api/search and /api/metrics/query_range."""
        first = first_service(system)
        caller, callee = next(iter(system.edges()), (first, first))
        return "as TraceQL", (
            Query("slow requests", f'{{ resource.service.name = "{first}" && kind = server && duration > 1s }}'),
            Query("errors", f'{{ resource.service.name = "{first}" && status = error }}'),
            Query("errors by status", "{ status = error } | rate() by (span.http.response.status_code)"),
            Query(
                "one dependency",
                f'{{ resource.service.name = "{caller}" }} >> {{ resource.service.name = "{callee}" }}',
            ),
            Query("rates of services", "{ kind = server } | rate() by (resource.service.name)"),
            Query(
                "percentiles",
                "{ kind = server } | quantile_over_time(duration, .5, .95, .99) by (resource.service.name)",
            ),
        )


def _component(process: Process, replicas: int, resources: Resources, design: Design, part: StoragePart) -> Component:
    kafka = design.backend.kafka
    port, path = INTERNAL if design.certificates else HTTP, "/ready"
    sasl = variables_of([kafka.sasl.username, (kafka.sasl.password,)]) if kafka and kafka.sasl else {}
    return Component(
        name=process.name,
        image=design.images["tempo"].reference,
        why=process.why,
        args=tuple(_args(process)),
        ports=tuple(_ports(process, design)),
        health=Health(
            command=("/tempo", "-health", f"-health.url=http://127.0.0.1:{port}{path}"),
            port=HTTP,
            path=path,
            https=design.certificates is not None,
            start_period=120,
        ),
        files=tuple(_files(design)),
        secret_files=(*server_mounts(design.certificates), *part.secret_files),
        volumes=(Volume(f"{process.name}-data", _DATA, part.disk or _SIZE, "recent spans and work in progress"),)
        if process.disk
        else (),
        environment={"GOMEMLIMIT": text(go_memory_limit(resources)), **part.environment, **sasl},
        resources=resources,
        needs={
            **part.needs,
            **({_TOPIC_JOB: Wait.COMPLETED} if kafka and kafka.inside and process.kafka else {}),
        },
        user=design.images["tempo"].user,
        metrics=Metrics(HTTP, https=design.certificates is not None),
        calls=tuple(_calls(process, design, part)),
        headless=True,
        most=GROWTH * replicas if design.backend.roles and not process.disk else 0,
        writable=("/tmp",) if process.disk else ("/tmp", _DATA),
        replicas=replicas,
        ordinals=process.disk and bool(design.backend.roles),
        gossips=bool(design.backend.roles),
        copies=f"tempo-{process.target}" if process.zone else "",
        grace=process.grace,
        ui="http" if process.query else "",
    )


def _calls(process: Process, design: Design, part: StoragePart) -> Iterator[Call]:
    yield from part.calls
    if design.backend.roles:
        yield from (Call(each.name, GOSSIP) for each, _, _ in processes(design))
        yield from (Call(name, GRPC) for name in servers_of(process))
    if design.backend.kafka and process.kafka:
        yield from broker_calls(design.backend.kafka)


def _args(process: Process) -> Iterator[str]:
    yield from (f"-target={process.target}", f"-config.file={_TARGET}", "-config.expand-env=true")
    if process.zone:
        yield f"-live-store.instance-availability-zone=zone-{process.zone}"


def _ports(process: Process, design: Design) -> Iterator[Port]:
    publish = None if design.tiers else Publish.OTLP
    yield Port("http", HTTP, Publish.UI if process.query else None)
    yield Port("grpc", GRPC)
    if design.certificates:
        yield Port("internal", INTERNAL)
    if design.backend.roles:
        yield Port("gossip", GOSSIP)
    if process.otlp:
        yield Port("otlp-grpc", 4317, publish)
        yield Port("otlp-http", 4318, publish)


def _files(design: Design) -> Iterator[FileMount]:
    yield FileMount(_CONFIG, _TARGET)
    if design.backend.tenants:
        yield FileMount(_OVERRIDES, _OVERRIDES_TARGET)


def _config(design: Design, part: StoragePart) -> Value:
    config: dict[str, Value] = {"stream_over_http_enabled": True, "server": _server(design)}
    if design.certificates:
        plain = "Inside the container only, without TLS: what the health check asks."
        config["internal_server"] = Commented(
            {"enable": True, "http_listen_address": "127.0.0.1", "http_listen_port": INTERNAL}, plain
        )
    if design.backend.tenants:
        config["multitenancy_enabled"] = True
    config |= limits(design, _OVERRIDES_TARGET)
    tls = server_tls(design.certificates)
    grpc: Value = {"endpoint": "0.0.0.0:4317", **tls}
    config["distributor"] = {
        "receivers": {"otlp": {"protocols": {"grpc": grpc, "http": {"endpoint": "0.0.0.0:4318", **tls}}}}
    }
    config |= _scalable(design) if design.backend.roles else {}
    config |= clients(design)
    config |= _retention(design)
    config["storage"] = {"trace": {**part.config, "wal": {"path": f"{_DATA}/wal"}}}
    config["usage_report"] = {"reporting_enabled": Commented(False, "Nothing is sent to Tempo's authors.")}
    return config


def _server(design: Design) -> Value:
    server: dict[str, Value] = {"http_listen_port": HTTP, "grpc_listen_port": GRPC, "log_level": "info"}
    if design.certificates:
        files: Value = {"cert_file": CERT_PATH, "key_file": KEY_PATH}
        server |= {"http_tls_config": files, "grpc_tls_config": files}
    return server


def _retention(design: Design) -> dict[str, Value]:
    hours = f"{design.backend.retention}h"
    both = "Here and below: the scheduler plans by the one, the worker deletes by the other."
    worker: dict[str, Value] = {
        "compaction": {"block_retention": hours},
        "finish_on_shutdown_timeout": Commented("5s", "The default makes every stop take half a minute."),
    }
    if design.backend.roles:
        worker = {
            "backend_scheduler_addr": f"{SCHEDULER.name}:{GRPC}",
            "ring": {"kvstore": {"store": "memberlist"}},
            **worker,
        }
    return {
        "backend_scheduler": {
            "local_work_path": f"{_DATA}/scheduler",
            "provider": {"compaction": {"compaction": {"block_retention": Commented(hours, both)}}},
        },
        "backend_worker": worker,
    }


def _scalable(design: Design) -> dict[str, Value]:
    return {
        "memberlist": gossip(design),
        "ingest": {"kafka": broker(design)},
        "block_builder": {
            "assigned_partitions": Commented(assigned_partitions(design), "By host name; together all partitions."),
        },
        "live_store": {"readiness_target_lag": "5s", "readiness_max_wait": "5m"},
    }
