"""Jaeger 2: an OpenTelemetry Collector with a storage, an API and a user interface.

Source of the configuration: https://www.jaegertracing.io/docs/latest/deployment/configuration/
"""

from collections.abc import Iterable, Iterator, Mapping

from tracegen.assemble.certificates import client_mounts, server_mounts, server_tls
from tracegen.assemble.strategies import strategies_mount, strategy_ports
from tracegen.assemble.variables import variables_of
from tracegen.emit import Commented, Value
from tracegen.packs.contract import storage
from tracegen.packs.jaeger.kafka import kafka_exporter, kafka_receiver
from tracegen.packs.jaeger.processes import Process, calls_of, most_of, processes
from tracegen.packs.jaeger.strategies import STRATEGIES_TARGET, remote_sampling
from tracegen.system import (
    Component,
    FileMount,
    Health,
    Metrics,
    Model,
    Port,
    Publish,
    Resources,
    Wait,
    text,
)
from tracegen.system.file import Structured
from tracegen.system.storage_part import StoragePart
from tracegen.system.telemetry import HEALTH_PORT, METRICS_PORT, go_memory_limit, memory_limiter, own_telemetry

_SOURCE = "packs/jaeger"
_FOLDER = "/etc/jaeger"
_UI_FILE, _UI_TARGET = "jaeger/ui.json", f"{_FOLDER}/ui.json"
_UI_PORT = 16686
_QUERY_PORT = 16685
_TOPIC_JOB = "kafka-topic"

#: Traffic of the services decides the memory of the processes.
_KEYS = ("backend", "services", "service_defaults", "security", "metrics")


class Jaeger:
    """Jaeger, in one process or in three behind Kafka."""

    look = "Choose a service at"

    def components(self, model: Model) -> Iterable[Component]:
        """The processes, and what their storage runs beside them."""
        part = storage(model.backend.storage.type).part(model)
        yield from part.components
        for process, replicas, resources in processes(model):
            yield _component(process, replicas, resources, model, part)

    def configs(self, model: Model) -> Iterable[Structured]:
        """A configuration for each process, and the user interface's when it has one."""
        part = storage(model.backend.storage.type).part(model)
        for process, _, resources in processes(model):
            value = _config(process, resources, model, part)
            # The topic is named after the project where the spec does not name it.
            keys = [*_KEYS, *(["name"] if process.to_kafka or process.from_kafka else [])]
            keys += ["sampling.head"] if _serves_strategies(process, model) else []
            yield Structured(f"jaeger/{process.config}.yaml", value, _head(process, part), _SOURCE, tuple(keys))
        if _ui(model, part):
            yield Structured(_UI_FILE, _ui(model, part), "", _SOURCE, ("backend", "metrics"))

    def hints(self, model: Model) -> Iterable[str]:
        """Nothing: the user interface explains itself."""
        return ()


def _component(process: Process, replicas: int, resources: Resources, model: Model, part: StoragePart) -> Component:
    target = f"{_FOLDER}/{process.config}.yaml"
    files = [FileMount(f"jaeger/{process.config}.yaml", target)]
    files += [FileMount(_UI_FILE, _UI_TARGET)] if process.query and _ui(model, part) else []
    files += [strategies_mount(model, STRATEGIES_TARGET)] if _serves_strategies(process, model) else []
    kafka = model.backend.kafka if process.to_kafka or process.from_kafka else None
    mounts = server_mounts(model.certificates) if process.otlp or process.query else ()
    mounts += client_mounts("kafka", kafka.tls) if kafka else ()
    return Component(
        name=process.name,
        image=model.images["jaeger"].reference,
        why=process.why,
        args=("--config", target, *(part.args if process.stores else ())),
        ports=tuple(_ports(process, model)),
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
        user=model.images["jaeger"].user,
        metrics=Metrics(METRICS_PORT),
        calls=tuple(calls_of(process, model, part)),
        headless=bool(model.backend.roles) or model.metrics,
        most=most_of(process, replicas, model),
        writable=("/tmp",),
        replicas=replicas,
        grace=part.grace if process.stores else 30,
    )


def _ports(process: Process, model: Model) -> Iterator[Port]:
    door = None if model.tiers else Publish.OTLP
    if process.query:
        yield Port("ui", _UI_PORT, Publish.UI)
        yield Port("query-grpc", _QUERY_PORT)
    if process.otlp:
        yield Port("otlp-grpc", 4317, door)
        yield Port("otlp-http", 4318, door)
    if _serves_strategies(process, model):
        yield from strategy_ports(is_door=True)
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


def _config(process: Process, resources: Resources, model: Model, part: StoragePart) -> Value:
    extensions = _extensions(process, model, part)
    pipeline, receivers, exporters = _pipeline(process, model)
    return {
        "service": {
            "extensions": list(extensions),
            "pipelines": {"traces": pipeline},
            "telemetry": {"resource": {"service.name": process.name}, **own_telemetry()},
        },
        "extensions": extensions,
        "receivers": receivers,
        "processors": {"memory_limiter": _limiter(resources, model)},
        "exporters": exporters,
    }


def _limiter(resources: Resources, model: Model) -> Value:
    return memory_limiter(resources, model.backend.refuse) if model.backend.refuse else memory_limiter(resources)


def _extensions(process: Process, model: Model, part: StoragePart) -> dict[str, Value]:
    extensions: dict[str, Value] = {}
    if process.stores:
        backends: dict[str, Value] = {"main": dict(part.config)}
        backends |= {"archive": dict(part.archive)} if _archive(model, part) else {}
        prometheus = _metric_backends() if process.query and model.metrics else {}
        extensions["jaeger_storage"] = {"backends": backends, **prometheus}
    if process.query:
        extensions["jaeger_query"] = _query(model, part)
    if _serves_strategies(process, model):
        extensions["remote_sampling"] = remote_sampling()
    extensions["healthcheckv2"] = {"use_v2": True, "http": {"endpoint": f"0.0.0.0:{HEALTH_PORT}"}}
    return extensions


def _query(model: Model, part: StoragePart) -> Value:
    tls = server_tls(model.certificates)
    archive = _archive(model, part)
    quiet = "It would send traces of its own queries to localhost:4317, and wait for nobody there when it stops."
    query: dict[str, Value] = {
        "storage": {
            "traces": "main",
            **({"traces_archive": "archive"} if archive else {}),
            **({"metrics": "prometheus"} if model.metrics else {}),
        },
        "enable_tracing": Commented(False, quiet),
        "http": {"endpoint": f"0.0.0.0:{_UI_PORT}", **tls},
        "grpc": {"endpoint": f"0.0.0.0:{_QUERY_PORT}", **tls},
    }
    return query | ({"ui": {"config_file": _UI_TARGET}} if _ui(model, part) else {})


def _serves_strategies(process: Process, model: Model) -> bool:
    return model.strategies is not None and model.strategies.host == process.name


def _metric_backends() -> dict[str, Value]:
    """The page of service performance asks Prometheus for what the collectors count."""
    names = "As the names are in Prometheus: the defaults ask for names that are not there, and the page stays empty."
    settings: Value = {
        "endpoint": "http://prometheus:9090",
        "normalize_calls": Commented(True, names),
        "normalize_duration": True,
    }
    return {"metric_backends": {"prometheus": {"prometheus": settings}}}


def _ui(model: Model, part: StoragePart) -> dict[str, Value]:
    """What the user interface shows besides traces."""
    shown: dict[str, Value] = {"archiveEnabled": True} if _archive(model, part) else {}
    return shown | ({"monitor": {"menuEnabled": True}} if model.metrics else {})


def _pipeline(process: Process, model: Model) -> tuple[Value, Value, Value]:
    """The pipeline of traces, its receivers and its exporters."""
    receivers, exporters = _receivers(process, model), _exporters(process, model)
    pipeline: Value = {
        "receivers": list(receivers),
        "processors": ["memory_limiter"],
        "exporters": list(exporters),
    }
    return pipeline, receivers, exporters


def _receivers(process: Process, model: Model) -> Mapping[str, Value]:
    kafka = model.backend.kafka
    if process.otlp:
        tls = server_tls(model.certificates)
        grpc: Value = {"endpoint": "0.0.0.0:4317", **tls}
        return {"otlp": {"protocols": {"grpc": grpc, "http": {"endpoint": "0.0.0.0:4318", **tls}}}}
    if process.from_kafka and kafka:
        return {"kafka": kafka_receiver(kafka)}
    return {"nop": {}}


def _exporters(process: Process, model: Model) -> Mapping[str, Value]:
    kafka = model.backend.kafka
    if process.to_kafka and kafka:
        return {"kafka": kafka_exporter(kafka)}
    if process.otlp or process.from_kafka:
        return {"jaeger_storage_exporter": {"trace_storage": "main"}}
    return {"nop": {}}


def _archive(model: Model, part: StoragePart) -> bool:
    return model.backend.archive and bool(part.archive)
