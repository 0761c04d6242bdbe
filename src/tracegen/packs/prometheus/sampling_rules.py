"""Alerts on tail sampling: traces that are lost before a decision, and what is near to that.

https://prometheus.io/docs/prometheus/latest/configuration/alerting_rules/ and the metrics of
https://github.com/open-telemetry/opentelemetry-collector-contrib/tree/main/processor/tailsamplingprocessor
"""

from collections.abc import Iterator

from tracegen.emit import Value
from tracegen.packs.prometheus.alert import alert
from tracegen.system import Design, Tier
from tracegen.system.file import Structured
from tracegen.system.kept import kept

PATH, TARGET = "prometheus/sampling.rules.yaml", "/etc/prometheus/sampling.rules.yaml"

_PREFIX = "otelcol_processor_tail_sampling"

#: How much more may be kept than was predicted before somebody is told.
_TOLERANCE = 1.5


def rules(design: Design) -> Iterator[Structured]:
    """The file of alerts, where there is tail sampling."""
    for tier in design.tiers:
        if tier.tail:
            groups: list[Value] = [{"name": "tail-sampling", "rules": list(_alerts(tier, design))}]
            head = "Alerts on tail sampling: Prometheus shows them at /alerts. Nobody is sent anything unless an\n"
            head += "Alertmanager is added."
            yield Structured(PATH, {"groups": groups}, head, "packs/prometheus")


def _alerts(tier: Tier, design: Design) -> Iterator[Value]:
    assert tier.tail is not None
    job = f'{{job="{tier.component}"}}'
    yield alert(
        "TracesLostBeforeDecision",
        f"increase({_PREFIX}_sampling_trace_dropped_too_early_total{job}[5m]) > 0",
        "page",
        "Traces were pushed out of memory before they were decided, errors among them. Raise sampling.tail.traces "
        "and the collector's memory, or add replicas.",
    )
    yield alert(
        "TailSamplingNearlyFull",
        f"{_PREFIX}_sampling_traces_on_memory{job} > {tier.tail.slots * 8 // 10}",
        "ticket",
        f"More than four fifths of the {tier.tail.slots} traces that have room are waiting.",
    )
    yield alert(
        "SamplingPolicyFails",
        f"increase({_PREFIX}_sampling_policy_evaluation_error_total{job}[5m]) > 0",
        "ticket",
        "A policy could not be asked about some traces, and did not keep them.",
    )
    yield from _more_than_planned(job, design)
    yield from _collector_away(tier, design)


def _more_than_planned(job: str, design: Design) -> Iterator[Value]:
    """Only where traffic is said: else nothing is planned."""
    planned = sum(row.traces for rows in kept(design).values() for row in rows)
    if planned:
        metric = f'{_PREFIX}_global_count_traces_sampled_total{{sampled="true",{job[1:]}'
        yield alert(
            "MoreTracesKeptThanPlanned",
            f"sum(rate({metric}[30m])) > {planned * _TOLERANCE:.4g}",
            "ticket",
            f"The stated traffic comes to {planned:.4g} traces a second. tracegen explain SPEC sampling has the sum.",
        )


def _collector_away(tier: Tier, design: Design) -> Iterator[Value]:
    senders = [each.component for each in design.tiers for one in each.destinations if one.by_trace]
    for sender in senders:
        yield alert(
            "SamplingCollectorAway",
            f'otelcol_loadbalancer_num_backends{{job="{sender}"}} < {tier.replicas}',
            "ticket",
            "Fewer collectors decide than should. While their number changes, some traces are decided in parts.",
        )
