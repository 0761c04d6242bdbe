"""Jaeger 2: an OpenTelemetry Collector with a storage, an API and a user interface.

Source of the configuration: https://www.jaegertracing.io/docs/latest/deployment/configuration/
"""

from collections.abc import Iterable, Iterator, Mapping

from tracegen.emit import Commented, Value
from tracegen.packs.contract import Query, storage
from tracegen.packs.jaeger.kafka import kafka_exporter, kafka_receiver
from tracegen.packs.jaeger.processes import Process, calls_of, most_of, processes
from tracegen.packs.jaeger.strategies import STRATEGIES_TARGET, remote_sampling
from tracegen.parts.certificates import client_mounts, server_mounts
from tracegen.parts.services import first_service
from tracegen.parts.strategies import strategies_mount, strategy_ports
from tracegen.parts.telemetry import HEALTH_PORT, METRICS_PORT, go_memory_limit
from tracegen.parts.variables import variables_of
from tracegen.render.otel.telemetry import memory_limiter, own_telemetry
from tracegen.render.otel.tls import server_tls
from tracegen.system import (
    Component,
    Design,
    FileMount,
    Health,
    Metrics,
    Port,
    Publish,
    Resources,
    System,
    Wait,
    text,
)
from tracegen.system.file import Structured
from tracegen.system.storage_part import StoragePart

_SOURCE = "packs/jaeger"
_FOLDER = "/etc/jaeger"
_UI_FILE, _UI_TARGET = "jaeger/ui.json", f"{_FOLDER}/ui.json"
_UI_PORT = 16686
_QUERY_PORT = 16685
_TOPIC_JOB = "kafka-topic"


class Jaeger:
    """Jaeger, in one process or in three behind Kafka."""

    look = "Choose a service at"

    def components(self, design: Design) -> Iterable[Component]:
        """The processes, and what their storage runs beside them."""
        part = storage(design.backend.storage.type).part(design)
        yield from part.components
        for process, replicas, resources in processes(design):
            yield _component(process, replicas, resources, design, part)

    def configs(self, system: System) -> Iterable[Structured]:
        """A configuration for each process, and the user interface's when it has one."""
        part = storage(system.backend.storage.type).part(system)
        for process, _, resources in processes(system):
            value = _config(process, resources, system, part)
            yield Structured(f"jaeger/{process.config}.yaml", value, _head(process, part), _SOURCE)
        if _ui(system, part):
            yield Structured(_UI_FILE, _ui(system, part), "", _SOURCE)
        yield from part.files

    def hints(self, system: System) -> Iterable[str]:
        """Nothing: the user interface explains itself."""
        return ()

    def queries(self, system: System) -> tuple[str, Iterable[Query]]:
        """Searches, as they stand behind the address of the user interface."""
        first = first_service(system)
        return "behind the address of Jaeger's pages", (
            Query("slow requests", f"/search?service={first}&minDuration=1s&limit=20"),
            Query("errors", f"/search?service={first}&tags=%7B%22error%22%3A%22true%22%7D&limit=20"),
            Query(
                "errors by status",
                f"/search?service={first}&tags=%7B%22http.response.status_code%22%3A%22500%22%7D&limit=20",
            ),
            Query("dependencies", "/dependencies"),
        )


def _component(process: Process, replicas: int, resources: Resources, design: Design, part: StoragePart) -> Component:
    target = f"{_FOLDER}/{process.config}.yaml"
    files = [FileMount(f"jaeger/{process.config}.yaml", target)]
    files += [FileMount(_UI_FILE, _UI_TARGET)] if process.query and _ui(design, part) else []
    files += [strategies_mount(design, STRATEGIES_TARGET)] if _serves_strategies(process, design) else []
    kafka = design.backend.kafka if process.to_kafka or process.from_kafka else None
    mounts = server_mounts(design.certificates) if process.otlp or process.query else ()
    mounts += client_mounts("kafka", kafka.tls) if kafka else ()
    return Component(
        name=process.name,
        image=design.images["jaeger"].reference,
        why=process.why,
        args=("--config", target, *(part.args if process.stores else ())),
        ports=tuple(_ports(process, design)),
        health=Health(
            command=("wget", "--spider", "--quiet", f"http://127.0.0.1:{HEALTH_PORT}/status"),
            port=HEALTH_PORT,
            path="/status",
        ),
        files=tuple(files),
        secret_files=(*mounts, *(part.secret_files if process.stores else ())),
        volumes=part.volumes if process.stores else (),
        environment={
            "GOMEMLIMIT": text(go_memory_limit(resources)),
            **(part.environment if process.stores else {}),
            **(variables_of([kafka.sasl.username, (kafka.sasl.password,)]) if kafka and kafka.sasl else {}),
        },
        resources=resources,
        needs={
            **(part.needs if process.stores else {}),
            **({_TOPIC_JOB: Wait.COMPLETED} if kafka and kafka.inside else {}),
        },
        user=design.images["jaeger"].user,
        metrics=Metrics(METRICS_PORT),
        calls=tuple(calls_of(process, design, part)),
        headless=True,
        most=most_of(process, replicas, design),
        writable=("/tmp",),
        replicas=replicas,
        grace=part.grace if process.stores else 30,
        ui="ui" if process.query else "",
    )


def _ports(process: Process, design: Design) -> Iterator[Port]:
    publish = None if design.tiers else Publish.OTLP
    if process.query:
        yield Port("ui", _UI_PORT, Publish.UI)
        yield Port("query-grpc", _QUERY_PORT)
    if process.otlp:
        yield Port("otlp-grpc", 4317, publish)
        yield Port("otlp-http", 4318, publish)
    if _serves_strategies(process, design):
        yield from strategy_ports(is_published=True)
    yield Port("health", HEALTH_PORT)
    yield Port("metrics", METRICS_PORT)


def _head(process: Process, part: StoragePart) -> str:
    if process.to_kafka:
        return (
            "Jaeger, the collector. No queue here on purpose: a span is acknowledged when Kafka has it,\n"
            "and until then it waits in the OpenTelemetry Collector's queue."
        )
    if process.query and not process.otlp:
        return "Jaeger, the query service."
    stored = "it is stored" if part.written_at_once else "it is in the next bulk request to the storage"
    if process.from_kafka:
        return f"Jaeger, the ingester. It marks a span's message as read only when {stored}."
    return (
        f"Jaeger. No batch and no queue here on purpose: a span is acknowledged when {stored},\n"
        "and until then it waits in the collector's queue."
    )


def _config(process: Process, resources: Resources, design: Design, part: StoragePart) -> Value:
    extensions = _extensions(process, design, part)
    pipeline, receivers, exporters = _pipeline(process, design)
    return {
        "service": {
            "extensions": list(extensions),
            "pipelines": {"traces": pipeline},
            "telemetry": {"resource": {"service.name": process.name}, **own_telemetry()},
        },
        "extensions": extensions,
        "receivers": receivers,
        "processors": {"memory_limiter": _limiter(resources, design)},
        "exporters": exporters,
    }


def _limiter(resources: Resources, design: Design) -> Value:
    return memory_limiter(resources, design.backend.refuse) if design.backend.refuse else memory_limiter(resources)


def _extensions(process: Process, design: Design, part: StoragePart) -> dict[str, Value]:
    extensions: dict[str, Value] = {}
    if process.stores:
        backends: dict[str, Value] = {"main": dict(part.config)}
        backends |= {"archive": dict(part.archive)} if _archive(design, part) else {}
        prometheus = _metric_backends() if process.query and design.metrics else {}
        extensions["jaeger_storage"] = {"backends": backends, **prometheus}
    if process.query:
        extensions["jaeger_query"] = _query(design, part)
    if _serves_strategies(process, design):
        extensions["remote_sampling"] = remote_sampling()
    extensions["healthcheckv2"] = {"use_v2": True, "http": {"endpoint": f"0.0.0.0:{HEALTH_PORT}"}}
    return extensions


def _query(design: Design, part: StoragePart) -> Value:
    tls = server_tls(design.certificates)
    archive = _archive(design, part)
    quiet = "It would send traces of its own queries to localhost:4317, and wait for nobody there when it stops."
    query: dict[str, Value] = {
        "storage": {
            "traces": "main",
            **({"traces_archive": "archive"} if archive else {}),
            **({"metrics": "prometheus"} if design.metrics else {}),
        },
        "enable_tracing": Commented(False, quiet),
        "http": {"endpoint": f"0.0.0.0:{_UI_PORT}", **tls},
        "grpc": {"endpoint": f"0.0.0.0:{_QUERY_PORT}", **tls},
    }
    return query | ({"ui": {"config_file": _UI_TARGET}} if _ui(design, part) else {})


def _serves_strategies(process: Process, design: Design) -> bool:
    return design.strategies is not None and design.strategies.host == process.name


def _metric_backends() -> dict[str, Value]:
    """The page of service performance asks Prometheus for what the collectors count."""
    names = "As the names are in Prometheus: the defaults ask for names that are not there, and the page stays empty."
    settings: Value = {
        "endpoint": "http://prometheus:9090",
        "normalize_calls": Commented(True, names),
        "normalize_duration": True,
    }
    return {"metric_backends": {"prometheus": {"prometheus": settings}}}


def _ui(design: Design, part: StoragePart) -> dict[str, Value]:
    """What the user interface shows besides traces."""
    shown: dict[str, Value] = {"archiveEnabled": True} if _archive(design, part) else {}
    return shown | ({"monitor": {"menuEnabled": True}} if design.metrics else {})


def _pipeline(process: Process, design: Design) -> tuple[Value, Value, Value]:
    """The pipeline of traces, its receivers and its exporters."""
    receivers, exporters = _receivers(process, design), _exporters(process, design)
    pipeline: Value = {
        "receivers": list(receivers),
        "processors": ["memory_limiter"],
        "exporters": list(exporters),
    }
    return pipeline, receivers, exporters


def _receivers(process: Process, design: Design) -> Mapping[str, Value]:
    kafka = design.backend.kafka
    if process.otlp:
        tls = server_tls(design.certificates)
        grpc: Value = {"endpoint": "0.0.0.0:4317", **tls}
        return {"otlp": {"protocols": {"grpc": grpc, "http": {"endpoint": "0.0.0.0:4318", **tls}}}}
    if process.from_kafka and kafka:
        return {"kafka": kafka_receiver(kafka, design)}
    return {"nop": {}}


def _exporters(process: Process, design: Design) -> Mapping[str, Value]:
    kafka = design.backend.kafka
    if process.to_kafka and kafka:
        return {"kafka": kafka_exporter(kafka)}
    if process.otlp or process.from_kafka:
        return {"jaeger_storage_exporter": {"trace_storage": "main"}}
    return {"nop": {}}


def _archive(design: Design, part: StoragePart) -> bool:
    return design.backend.archive and bool(part.archive)
