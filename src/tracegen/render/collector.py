"""Configuration of the collector tiers, named as the pinned Collector wants it.

Source: https://opentelemetry.io/docs/collector/configuration/ and the components' own pages.
"""

from tracegen.catalogue import Delivery
from tracegen.emit import Commented, Value
from tracegen.parts.certificates import tls_name
from tracegen.parts.collectors import HEALTHY_ANSWER, LONGEST_RETRY_SECONDS, config_path, forgets
from tracegen.parts.telemetry import HEALTH_PORT
from tracegen.render import span_metrics, tail
from tracegen.render.balancer import load_balancing
from tracegen.render.health_checks import health_filter
from tracegen.render.k8s_attributes import k8s_attributes
from tracegen.render.names import exporter_name, for_version
from tracegen.render.otel.telemetry import memory_limiter, own_telemetry
from tracegen.render.otel.text import config_text
from tracegen.render.otel.tls import client_tls
from tracegen.render.pipelines import forwards, pipelines
from tracegen.render.queue import file_storage, sending_queue
from tracegen.render.receivers import guard, receivers
from tracegen.render.redaction import redaction
from tracegen.render.span_metrics import counts_spans
from tracegen.render.strategies import strategy_server
from tracegen.render.tenants import tenant_filters
from tracegen.system import Destination, System, Tier
from tracegen.system.file import Structured

#: A request becomes one message, and brokers of others take 1 MiB unless somebody told them otherwise.
_LARGEST_MESSAGE_BYTES = 900_000
#: How long the queue waits to fill a request.
_BATCH_WAIT = "200ms"

_HEAD = "OpenTelemetry Collector"


def collector_files(system: System) -> list[Structured]:
    """One configuration a tier."""
    return [
        Structured(
            config_path(tier),
            for_version(system.images["collector"], _config(tier, system)),
            f"OpenTelemetry Collector, the {tier.role}.",
            "collector",
        )
        for tier in system.tiers
    ]


def _config(tier: Tier, system: System) -> dict[str, Value]:
    extensions = _extensions(tier, system)
    counts = counts_spans(tier, system)
    exporters: dict[str, Value] = {exporter_name(each): _exporter(each, tier, system) for each in tier.destinations}
    processors: dict[str, Value] = {"memory_limiter": memory_limiter(tier.resources)}
    asked = k8s_attributes(tier, system)
    processors |= asked | health_filter(tier) | tenant_filters(tier) | redaction(tier.redaction)
    processors |= span_metrics.processors() if counts else {}
    connectors = (span_metrics.connectors(tier, system) if counts else {}) | forwards(tier, counts)
    return {
        "extensions": extensions,
        "receivers": receivers(tier, system),
        "processors": processors | ({tail.PROCESSOR: tail.tail_sampling(tier.tail)} if tier.tail else {}),
        "exporters": exporters | (span_metrics.exporters() if counts else {}),
        "service": {
            "extensions": list(extensions),
            "pipelines": pipelines(tier, counts, list(asked)) | (span_metrics.pipelines() if counts else {}),
            "telemetry": own_telemetry(),
        },
        **({"connectors": connectors} if connectors else {}),
    }


def _extensions(tier: Tier, system: System) -> dict[str, Value]:
    answer = "The image has no shell: its health check is `validate`, reading this answer as a configuration."
    extensions: dict[str, Value] = {
        "health_check": {
            "endpoint": f"0.0.0.0:{HEALTH_PORT}",
            "response_body": Commented({"healthy": HEALTHY_ANSWER}, answer),
        }
    }
    if tier.queue.persistent:
        extensions["file_storage"] = file_storage(tier.queue, len(tier.destinations))
    return extensions | guard(tier, system) | strategy_server(tier, system)


def _exporter(destination: Destination, tier: Tier, system: System) -> Value:
    retry: Value = {
        "enabled": True,
        "initial_interval": "1s",
        "max_interval": _longest_retry(tier),
        "max_elapsed_time": Commented("0s", "Never give up: the queue is the limit, not the clock."),
    }
    queue = sending_queue(tier, destination, _batch(destination, system))
    connection = _connection(destination)
    if destination.by_trace:
        return load_balancing(destination, connection, retry, queue)
    endpoint: dict[str, Value] = {"endpoint": _endpoint(destination)}
    if destination.balanced and destination.protocol == "grpc":
        why = "One connection would stay with one replica: this spreads requests over all behind the name."
        endpoint["balancer_name"] = Commented("round_robin", why)
    return {
        **endpoint,
        **connection,
        "timeout": _timeout(destination),
        "retry_on_failure": retry,
        "sending_queue": queue,
    }


def _longest_retry(tier: Tier) -> Value:
    if not forgets(tier):
        return "30s"
    why = "What waits for a retry when the collector ends is lost: its pod waits longer than this."
    return Commented(f"{LONGEST_RETRY_SECONDS}s", why)


def _timeout(destination: Destination) -> Value:
    why = "What is given up while the other side still works is sent, and stored, again; the default is 5 s."
    timeout = f"{destination.delivery.timeout}s"
    return Commented(timeout, why) if destination.protocol == "grpc" else timeout


def _connection(destination: Destination) -> dict[str, Value]:
    """How the server is verified, and what it is shown."""
    connection: dict[str, Value] = {}
    tls = client_tls(tls_name(destination), destination.tls)
    if not destination.secure and destination.protocol == "grpc":
        connection["tls"] = {"insecure": True}
    elif destination.secure and tls:
        connection["tls"] = tls
    if destination.headers:
        connection["headers"] = {name: config_text(value) for name, value in destination.headers.items()}
    return connection


def _endpoint(destination: Destination) -> str:
    if destination.protocol == "http":
        return destination.url
    address = f"{destination.host}:{destination.port}"
    return f"dns:///{address}" if destination.balanced else address


def _batch(destination: Destination, system: System) -> Value:
    kafka, delivery = system.backend.kafka if destination.inside else None, destination.delivery
    largest = Commented(
        delivery.largest,
        "Below the 4 MiB that a gRPC server takes: what is larger would be refused for good, and dropped."
        if delivery.largest == Delivery().largest
        else "Small: the storage takes span by span, and a request has to be done within its time.",
    )
    if kafka and not kafka.inside:
        largest = Commented(
            _LARGEST_MESSAGE_BYTES, "Below the 1 MiB that a broker takes by default: what is larger would be dropped."
        )
    return {
        "flush_timeout": _BATCH_WAIT,
        "sizer": "bytes",
        "min_size": delivery.smallest,
        "max_size": largest,
    }
