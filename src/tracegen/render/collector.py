"""Configuration of the collector tiers, named as the pinned Collector wants it.

Source: https://opentelemetry.io/docs/collector/configuration/ and the components' own pages.
"""

from tracegen.assemble.collector import HEALTHY_ANSWER, QUEUE_VOLUME, config_path
from tracegen.emit import Commented, Value, collector_escape
from tracegen.model import Destination, Model, Queue, Secret, Text, Tier
from tracegen.model.telemetry import HEALTH_PORT, memory_limiter, own_telemetry
from tracegen.render.file import Structured

_QUEUE_FOLDER = f"{QUEUE_VOLUME}/queue"

#: Spans in one request to the backend, and how long the queue waits to fill one.
_BATCH_SPANS = 1_024
_LARGEST_BATCH_SPANS = 4_096
_BATCH_WAIT = "200ms"


def collector_files(model: Model) -> list[Structured]:
    """One configuration a tier."""
    return [
        Structured(
            config_path(tier),
            _config(tier),
            f"OpenTelemetry Collector, the {tier.role}.",
            "collector",
            ("collector", "backend.type"),
        )
        for tier in model.tiers
    ]


def exporter_name(destination: Destination) -> str:
    """The exporter of a destination, as the configuration names it."""
    return f"otlp_{destination.protocol}/{destination.name}"


def _config(tier: Tier) -> Value:
    exporters = [exporter_name(each) for each in tier.destinations]
    return {
        "extensions": _extensions(tier.queue),
        "receivers": {
            "otlp": {
                "protocols": {"grpc": {"endpoint": "0.0.0.0:4317"}, "http": {"endpoint": "0.0.0.0:4318"}}
            }
        },
        "processors": {"memory_limiter": memory_limiter(tier.resources)},
        "exporters": {exporter_name(each): _exporter(each, tier.queue) for each in tier.destinations},
        "service": {
            "extensions": list(_extensions(tier.queue)),
            "pipelines": {
                "traces": {"receivers": ["otlp"], "processors": ["memory_limiter"], "exporters": exporters}
            },
            "telemetry": own_telemetry(),
        },
    }


def _extensions(queue: Queue) -> dict[str, Value]:
    answer = "The image has no shell: its health check is `validate`, reading this answer as a configuration."
    extensions: dict[str, Value] = {
        "health_check": {
            "endpoint": f"0.0.0.0:{HEALTH_PORT}",
            "response_body": Commented({"healthy": HEALTHY_ANSWER, "unhealthy": "{}"}, answer),
        }
    }
    if queue.persistent:
        extensions["file_storage"] = {"directory": _QUEUE_FOLDER, "create_directory": True}
    return extensions


def _exporter(destination: Destination, queue: Queue) -> Value:
    endpoint = destination.url if destination.protocol == "http" else f"{destination.host}:{destination.port}"
    exporter: dict[str, Value] = {"endpoint": endpoint}
    if not destination.secure and destination.protocol == "grpc":
        exporter["tls"] = {"insecure": True}
    if destination.headers:
        exporter["headers"] = {name: _text(value) for name, value in destination.headers.items()}
    exporter["retry_on_failure"] = {
        "enabled": True,
        "initial_interval": "1s",
        "max_interval": "30s",
        "max_elapsed_time": Commented("0s", "Never give up: the queue is the limit, not the clock."),
    }
    exporter["sending_queue"] = _sending_queue(queue)
    return exporter


def _sending_queue(queue: Queue) -> Value:
    sending_queue: dict[str, Value] = {"enabled": True}
    if queue.persistent:
        sending_queue["storage"] = Commented("file_storage", "On disk: spans survive a restart and a crash.")
    size = "Spans. When it is full, senders get an error they retry, and nothing is dropped in silence."
    return sending_queue | {
        "sizer": "items",
        "queue_size": Commented(queue.spans, size),
        "batch": Commented(
            {"flush_timeout": _BATCH_WAIT, "min_size": _BATCH_SPANS, "max_size": _LARGEST_BATCH_SPANS},
            "Batches are made behind the queue: a batch processor before it would lose what it holds in a crash.",
        ),
    }


def _text(value: Text) -> str:
    return "".join(
        f"${{env:{part.variable}}}" if isinstance(part, Secret) else collector_escape(part) for part in value
    )
