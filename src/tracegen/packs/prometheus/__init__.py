"""Prometheus, which keeps what the collectors make of spans: rate, errors and duration.

https://prometheus.io/docs/prometheus/latest/configuration/configuration/
"""

from collections.abc import Iterable, Iterator

from tracegen.assemble.certificates import CA_PATH, server_mounts
from tracegen.assemble.collector import SPAN_METRICS_PORT, name_of_all
from tracegen.emit import Commented, Value
from tracegen.packs.contract import Companion
from tracegen.packs.prometheus import pipeline_rules, sampling_rules
from tracegen.system import Call, Component, FileMount, Health, Metrics, Model, Port, Resources, Volume
from tracegen.system.file import Structured
from tracegen.system.telemetry import METRICS_PORT
from tracegen.system.units import MEBIBYTE

NAME = "prometheus"

_PORT = 9090
_CONFIG, _TARGET = "prometheus/prometheus.yml", "/etc/prometheus/prometheus.yml"
_DATA = "/prometheus"


def _prometheus(model: Model) -> Component:
    image = model.images[NAME]
    return Component(
        name=NAME,
        image=image.reference,
        why="Keeps rate, errors and duration of requests, as the collectors count them from spans.",
        args=(f"--config.file={_TARGET}", f"--storage.tsdb.path={_DATA}", "--storage.tsdb.retention.time=15d"),
        ports=(Port("http", _PORT),),
        health=Health(
            command=("wget", "--spider", "--quiet", f"http://127.0.0.1:{_PORT}/-/healthy"),
            port=_PORT,
            path="/-/healthy",
        ),
        files=tuple(FileMount(*each) for each in _files(model)),
        secret_files=server_mounts(model.certificates)[:1],
        volumes=(Volume("prometheus-data", _DATA, "10Gi", "metrics"),),
        resources=Resources(0.5, 512 * MEBIBYTE),
        user=image.user,
        calls=tuple(_calls(model)),
        writable=("/tmp",),
    )


def _calls(model: Model) -> Iterator[Call]:
    yield Call(model.tiers[-1].component, SPAN_METRICS_PORT)
    yield from (Call(tier.component, METRICS_PORT) for tier in model.tiers)
    yield from (Call(name, metrics.port) for name, metrics in _told(model))


def _config(model: Model) -> Structured:
    last = name_of_all(model.tiers[-1])
    jobs: list[Value] = [
        {
            "job_name": "span-metrics",
            "honor_labels": Commented(True, "The labels are those of the services, not of the collector."),
            "dns_sd_configs": _every_replica(last, SPAN_METRICS_PORT),
        }
    ]
    jobs += [
        {"job_name": tier.component, "dns_sd_configs": _every_replica(name_of_all(tier), METRICS_PORT)}
        for tier in model.tiers
    ]
    jobs += [_job(name, metrics) for name, metrics in _told(model)]
    alerts: list[Value] = [target for _, target in _rule_files(model)]
    value: Value = {"global": {"scrape_interval": "15s"}, "rule_files": alerts, "scrape_configs": jobs}
    head = "Prometheus. Each name is asked for all addresses behind it, so that every replica is read."
    keys = ("metrics", "backend", "collector", "sampling", "security")
    return Structured(_CONFIG, value, head, "packs/prometheus", keys)


def _files(model: Model) -> Iterable[tuple[str, str]]:
    yield _CONFIG, _TARGET
    yield from _rule_files(model)


def _rule_files(model: Model) -> Iterable[tuple[str, str]]:
    yield pipeline_rules.PATH, pipeline_rules.TARGET
    if model.tail:
        yield sampling_rules.PATH, sampling_rules.TARGET


def _told(model: Model) -> list[tuple[str, Metrics]]:
    """What tells of itself, the collectors aside: the backend's processes."""
    return [(name, each.metrics) for name, each in model.components.items() if each.metrics]


def _job(name: str, metrics: Metrics) -> Value:
    job: dict[str, Value] = {"job_name": name}
    if metrics.https:
        job |= {"scheme": "https", "tls_config": {"ca_file": CA_PATH, "server_name": name}}
    return job | {"dns_sd_configs": _every_replica(name, metrics.port)}


def _every_replica(name: str, port: int) -> Value:
    return [{"names": [name], "type": "A", "port": port}]


class Prometheus:
    """One Prometheus, where metrics are wanted."""

    def components(self, model: Model) -> Iterable[Component]:
        """One, which asks every process of the backend and of the collectors."""
        if model.metrics:
            yield _prometheus(model)

    def configs(self, model: Model) -> Iterable[Structured]:
        """What it asks: span metrics, and how the collectors and the backend themselves are; and its alerts."""
        if model.metrics:
            yield _config(model)
            yield pipeline_rules.rules(model, tuple(name for name, _ in _told(model)))
            yield from sampling_rules.rules(model)


COMPANION: Companion = Prometheus()
