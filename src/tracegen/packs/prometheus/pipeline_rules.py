"""Alerts on the way of spans from the services to the storage: full queues, spans that are lost, and what is away.

https://prometheus.io/docs/prometheus/latest/configuration/alerting_rules/, and the metrics of
https://opentelemetry.io/docs/collector/internal-telemetry/
"""

from collections.abc import Iterator

from tracegen.emit import Value
from tracegen.packs.prometheus.alert import alert
from tracegen.system import System
from tracegen.system.file import Structured

PATH, TARGET = "prometheus/pipeline.rules.yaml", "/etc/prometheus/pipeline.rules.yaml"

#: Seconds that what reads Kafka may be behind before somebody is told.
_LAG = 300


def rules(system: System, backend: tuple[str, ...]) -> Structured:
    """The file of alerts; `backend` are the jobs of its processes, those of the collectors are the tiers'."""
    groups: list[Value] = [{"name": "pipeline", "rules": list(_alerts(system, backend))}]
    head = "Alerts on the way of spans: Prometheus shows them at /alerts. Nobody is sent anything unless an\n"
    head += "Alertmanager is added."
    return Structured(PATH, {"groups": groups}, head, "packs/prometheus")


def _alerts(system: System, backend: tuple[str, ...]) -> Iterator[Value]:
    collectors = [tier.component for tier in system.tiers]
    yield from _queues(_of(collectors))
    yield from _refusals(system, backend)
    yield alert(
        "ProcessAway",
        f"up{_of([*collectors, *backend])} == 0",
        "ticket",
        "Prometheus gets no answer from a collector or a process of the backend.",
    )
    if system.backend.type == "jaeger":
        yield from _jaeger(system, backend)
    if system.backend.type == "tempo":
        yield from _tempo(system, backend)


def _queues(jobs: str) -> Iterator[Value]:
    yield alert(
        "QueueNearlyFull",
        f"otelcol_exporter_queue_size{jobs} > 0.8 * otelcol_exporter_queue_capacity{jobs}",
        "ticket",
        "More spans come than the destination takes, or it is away. When the queue is full, senders are refused.",
    )
    yield alert(
        "NothingIsTaken",
        f"otelcol_exporter_queue_size{jobs} > 0 unless on (job, instance, exporter) "
        f"rate(otelcol_exporter_sent_spans_total{jobs}[10m]) > 0",
        "ticket",
        "Spans wait, and for ten minutes the destination has acknowledged none; the collector's log has its answer.",
    )
    yield alert(
        "QueueFull",
        f"increase(otelcol_exporter_enqueue_failed_spans_total{jobs}[5m]) > 0",
        "page",
        "The queue had no room. Behind tail sampling these spans are lost; else senders repeat.",
    )
    yield alert(
        "SpansLostInSending",
        f"increase(otelcol_exporter_send_failed_spans_total{jobs}[5m]) > 0",
        "page",
        "The destination refused spans for good, and they are lost; the collector's log has its answer.",
    )


def _refusals(system: System, backend: tuple[str, ...]) -> Iterator[Value]:
    first = system.tiers[0].component
    refused = "increase(otelcol_receiver_refused_spans_total{}[5m]) > 0"
    yield alert(
        "SpansRefused",
        refused.format(_of([first])),
        "page",
        "The first collector has no memory or queue left for spans, and services repeat them until they give up.",
    )
    inner = [*(tier.component for tier in system.tiers[1:]), *backend]
    if inner:
        yield alert(
            "SpansRefusedInside",
            refused.format(_of(inner)),
            "ticket",
            "What is behind the first collector refuses spans; they wait in the queue before it meanwhile.",
        )


def _jaeger(system: System, backend: tuple[str, ...]) -> Iterator[Value]:
    yield alert(
        "StorageRefusesSpans",
        f'increase({{__name__=~".*bulk_index_errors(_total)?",{_of(backend)[1:]}[5m]) > 0',
        "ticket",
        "Elasticsearch or OpenSearch refused documents; those that it will never take are left out.",
    )
    if system.backend.kafka:
        yield alert(
            "KafkaIsBehind",
            'otelcol_kafka_receiver_offset_lag{job="jaeger-ingester"} > 1000 and '
            'delta(otelcol_kafka_receiver_offset_lag{job="jaeger-ingester"}[10m]) >= 0',
            "ticket",
            "The ingester does not catch up. What is older than Kafka keeps it is lost.",
        )


def _tempo(system: System, backend: tuple[str, ...]) -> Iterator[Value]:
    yield alert(
        "TempoDiscardsSpans",
        f"increase(tempo_discarded_spans_total{_of(backend)}[5m]) > 0",
        "page",
        "Tempo left out spans that it had answered for, or refused a tenant: the label reason says which limit.",
    )
    if system.backend.kafka:
        yield alert(
            "KafkaIsBehind",
            f"tempo_ingest_group_partition_lag_seconds{_of(backend)} > {_LAG}",
            "ticket",
            "What reads Kafka does not catch up. What is older than Kafka keeps it is lost.",
        )


def _of(jobs: list[str] | tuple[str, ...]) -> str:
    """A selector of these jobs."""
    return f'{{job="{jobs[0]}"}}' if len(jobs) == 1 else f'{{job=~"{"|".join(jobs)}"}}'
