"""Jaeger 2: an OpenTelemetry Collector with a storage, an API and a user interface.

Source of the configuration: https://www.jaegertracing.io/docs/latest/deployment/configuration/
"""

from collections.abc import Iterable

from tracegen.emit import Value
from tracegen.model import Component, FileMount, Health, Model, Port, Publish, text
from tracegen.model.storage_part import StoragePart
from tracegen.model.telemetry import HEALTH_PORT, METRICS_PORT, go_memory_limit, memory_limiter, own_telemetry
from tracegen.packs import Catalogue
from tracegen.packs.code import code_of
from tracegen.render.file import Structured

_CONFIG = "jaeger/config.yaml"
_TARGET = "/etc/jaeger/config.yaml"
_UI_PORT = 16686
_QUERY_PORT = 16685


def components(model: Model, packs: Catalogue) -> Iterable[Component]:
    """The Jaeger process, and what its storage runs beside it."""
    part = _storage(model, packs)
    yield from part.components
    yield Component(
        name="jaeger",
        image=model.images["jaeger"].reference,
        why="Stores spans, and serves the API and the user interface.",
        args=("--config", _TARGET, *part.args),
        ports=(
            Port("ui", _UI_PORT, Publish.UI),
            Port("query-grpc", _QUERY_PORT),
            Port("otlp-grpc", 4317),
            Port("otlp-http", 4318),
            Port("health", HEALTH_PORT),
            Port("metrics", METRICS_PORT),
        ),
        health=Health(
            command=("wget", "--spider", "--quiet", f"http://127.0.0.1:{HEALTH_PORT}/status"),
            port=HEALTH_PORT,
            path="/status",
        ),
        files=(FileMount(_CONFIG, _TARGET),),
        secret_files=part.secret_files,
        volumes=part.volumes,
        environment={"GOMEMLIMIT": text(go_memory_limit(model.backend.resources)), **part.environment},
        resources=model.backend.resources,
        needs=part.needs,
        user=model.images["jaeger"].user,
        writable=("/tmp",),
        grace=part.grace,
    )


def configs(model: Model, packs: Catalogue) -> Iterable[Structured]:
    """The configuration of the one process."""
    value: Value = {
        "service": {
            "extensions": ["jaeger_storage", "jaeger_query", "healthcheckv2"],
            "pipelines": {
                "traces": {
                    "receivers": ["otlp"],
                    "processors": ["memory_limiter"],
                    "exporters": ["jaeger_storage_exporter"],
                }
            },
            "telemetry": {"resource": {"service.name": "jaeger"}, **own_telemetry()},
        },
        "extensions": {
            "healthcheckv2": {"use_v2": True, "http": {"endpoint": f"0.0.0.0:{HEALTH_PORT}"}},
            "jaeger_query": {
                "storage": {"traces": "main"},
                "http": {"endpoint": f"0.0.0.0:{_UI_PORT}"},
                "grpc": {"endpoint": f"0.0.0.0:{_QUERY_PORT}"},
            },
            "jaeger_storage": {"backends": {"main": dict(_storage(model, packs).config)}},
        },
        "receivers": {
            "otlp": {
                "protocols": {"grpc": {"endpoint": "0.0.0.0:4317"}, "http": {"endpoint": "0.0.0.0:4318"}}
            }
        },
        "processors": {"memory_limiter": memory_limiter(model.backend.resources)},
        "exporters": {"jaeger_storage_exporter": {"trace_storage": "main"}},
    }
    head = (
        "Jaeger. No batch and no queue here on purpose: a span is acknowledged when it is stored,\n"
        "and until then it waits in the collector's queue."
    )
    yield Structured(_CONFIG, value, head, "backends/jaeger", ("backend",))


def _storage(model: Model, packs: Catalogue) -> StoragePart:
    code = code_of(packs.storages[model.backend.storage.type])
    part: StoragePart = code.jaeger(model, packs) if code else StoragePart(config={})
    return part
