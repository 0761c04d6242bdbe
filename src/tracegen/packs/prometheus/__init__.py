"""Prometheus, which keeps what the collectors make of spans: rate, errors and duration.

https://prometheus.io/docs/prometheus/latest/configuration/configuration/
"""

from collections.abc import Iterable, Iterator, Mapping

from tracegen.emit import Commented, Value
from tracegen.packs.contract import Companion
from tracegen.packs.prometheus import pipeline_rules, sampling_rules
from tracegen.parts.certificates import CA_PATH, server_mounts
from tracegen.parts.collectors import SPAN_METRICS_PORT, name_of_all
from tracegen.parts.telemetry import METRICS_PORT
from tracegen.system import Call, Component, Design, FileMount, Health, Metrics, Port, Resources, System, Volume
from tracegen.system.file import Structured
from tracegen.system.units import MEBIBYTE

NAME = "prometheus"

_PORT = 9090
_CONFIG, _TARGET = "prometheus/prometheus.yml", "/etc/prometheus/prometheus.yml"
_DATA = "/prometheus"


def _prometheus(design: Design, others: Mapping[str, Component]) -> Component:
    image = design.images[NAME]
    return Component(
        name=NAME,
        image=image.reference,
        why="Keeps rate, errors and duration of requests, as the collectors count them from spans.",
        args=(f"--config.file={_TARGET}", f"--storage.tsdb.path={_DATA}", "--storage.tsdb.retention.time=15d"),
        ports=(Port("http", _PORT),),
        health=Health(
            command=("wget", "--spider", "--quiet", f"http://127.0.0.1:{_PORT}/-/ready"),
            port=_PORT,
            path="/-/ready",
        ),
        files=tuple(FileMount(*each) for each in _files(design)),
        secret_files=server_mounts(design.certificates)[:1],
        volumes=(Volume("prometheus-data", _DATA, "10Gi", "metrics"),),
        resources=Resources(0.5, 512 * MEBIBYTE),
        user=image.user,
        calls=tuple(_calls(design, others)),
        writable=("/tmp",),
    )


def _calls(design: Design, others: Mapping[str, Component]) -> Iterator[Call]:
    yield Call(design.tiers[-1].component, SPAN_METRICS_PORT)
    yield from (Call(tier.component, METRICS_PORT) for tier in design.tiers)
    yield from (Call(name, metrics.port) for name, metrics in _told(others))


def _config(system: System) -> Structured:
    last = name_of_all(system.tiers[-1])
    jobs: list[Value] = [
        {
            "job_name": "span-metrics",
            "honor_labels": Commented(True, "The labels are those of the services, not of the collector."),
            "dns_sd_configs": _every_replica(last, SPAN_METRICS_PORT),
        }
    ]
    jobs += [
        {"job_name": tier.component, "dns_sd_configs": _every_replica(name_of_all(tier), METRICS_PORT)}
        for tier in system.tiers
    ]
    jobs += [_job(name, metrics) for name, metrics in _told(system.components)]
    alerts: list[Value] = [target for _, target in _rule_files(system)]
    value: Value = {"global": {"scrape_interval": "15s"}, "rule_files": alerts, "scrape_configs": jobs}
    head = "Prometheus. Each name is asked for all addresses behind it, so that every replica is read."
    return Structured(_CONFIG, value, head, "packs/prometheus")


def _files(design: Design) -> Iterable[tuple[str, str]]:
    yield _CONFIG, _TARGET
    yield from _rule_files(design)


def _rule_files(design: Design) -> Iterable[tuple[str, str]]:
    yield pipeline_rules.PATH, pipeline_rules.TARGET
    if design.tail:
        yield sampling_rules.PATH, sampling_rules.TARGET


def _told(components: Mapping[str, Component]) -> list[tuple[str, Metrics]]:
    """What tells of itself, the collectors aside: the backend's processes."""
    return [(name, each.metrics) for name, each in components.items() if each.metrics]


def _job(name: str, metrics: Metrics) -> Value:
    job: dict[str, Value] = {"job_name": name}
    if metrics.https:
        job |= {"scheme": "https", "tls_config": {"ca_file": CA_PATH, "server_name": name}}
    return job | {"dns_sd_configs": _every_replica(name, metrics.port)}


def _every_replica(name: str, port: int) -> Value:
    return [{"names": [name], "type": "A", "port": port}]


class Prometheus:
    """One Prometheus, where metrics are wanted."""

    def components(self, design: Design, others: Mapping[str, Component]) -> Iterable[Component]:
        """One, which asks every process of the backend and of the collectors."""
        if design.metrics:
            yield _prometheus(design, others)

    def configs(self, system: System) -> Iterable[Structured]:
        """What it asks: span metrics, and how the collectors and the backend themselves are; and its alerts."""
        if system.metrics:
            yield _config(system)
        if system.metrics or (system.kubernetes.monitors and system.tiers):
            yield pipeline_rules.rules(system, tuple(name for name, _ in _told(system.components)))
            yield from sampling_rules.rules(system)


COMPANION: Companion = Prometheus()
