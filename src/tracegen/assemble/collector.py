"""The components of the collector tiers."""

import json
from collections.abc import Iterator
from dataclasses import replace

from tracegen.assemble.certificates import destination_mounts, server_mounts
from tracegen.assemble.strategies import strategies_mount, strategy_ports
from tracegen.assemble.variables import variables_of
from tracegen.system import (
    Call,
    Component,
    FileMount,
    Health,
    Model,
    Port,
    Publish,
    SecretMount,
    Text,
    Tier,
    Volume,
    Wait,
    text,
)
from tracegen.system.telemetry import HEALTH_PORT, METRICS_PORT, go_memory_limit

#: The folder of the queue in the container; `create_directory` makes it below the volume.
QUEUE_VOLUME = "/var/lib/otelcol"

#: Port and protocol of every receiver: (name, number, group under which it is published, protocol).
RECEIVER_PORTS = {
    "otlp": (Port("otlp-grpc", 4317, Publish.OTLP), Port("otlp-http", 4318, Publish.OTLP)),
    "zipkin": (Port("zipkin", 9411, Publish.ZIPKIN),),
    "jaeger": (
        Port("jaeger-grpc", 14250, Publish.JAEGER),
        Port("jaeger-http", 14268, Publish.JAEGER),
        Port("jaeger-udp", 6831, Publish.JAEGER, "udp"),
    ),
}

#: Where the last tier shows what it counts from spans.
SPAN_METRICS_PORT = 8889

#: The file of strategies in the container, where the collector serves them.
STRATEGIES_TARGET = "/etc/otelcol-strategies/sampling.json"

_WHY = {
    "balancer": "Takes spans from the services and sends all of a trace to the same gateway, which decides on it."
}
#: How far what keeps nothing may grow under load, in times of its replicas.
GROWTH = 4

_PROGRAM = "/otelcol-contrib"
_TARGET = "/etc/otelcol-contrib/config.yaml"

#: What the health check of an image without a shell reads: see `health_probe`.
HEALTHY_ANSWER = json.dumps(
    {
        "receivers": {"nop": None},
        "exporters": {"nop": None},
        "service": {"pipelines": {"traces": {"receivers": ["nop"], "exporters": ["nop"]}}},
    },
    separators=(",", ":"),
)


def config_path(tier: Tier) -> str:
    """Where the tier's configuration is rendered."""
    return f"collector/{tier.role}.yaml"


def health_probe() -> tuple[str, ...]:
    """A health check for an image built from scratch, whose only program is the collector itself.

    The collector answers its health request with a minimal configuration, and `validate` reads that: it
    succeeds when the collector is healthy, and fails at the status of one that is not, and at no answer at all.
    """
    return (_PROGRAM, "validate", "--config", f"http://127.0.0.1:{HEALTH_PORT}/")


def takes_udp(model: Model) -> bool:
    """Whether Jaeger's UDP port may be open: it knows neither encryption nor credentials."""
    return model.certificates is None and model.ingest.kind == "none"


def receiver_ports(tier: Tier, model: Model) -> list[Port]:
    """The ports on which a tier takes spans in."""
    ports = [port for receiver in tier.receivers for port in RECEIVER_PORTS[receiver]]
    return [port for port in ports if port.protocol == "tcp" or takes_udp(model)]


def collector_components(model: Model) -> Iterator[Component]:
    """One component a tier."""
    for tier in model.tiers:
        yield _component(tier, model)


def _component(tier: Tier, model: Model) -> Component:
    image = model.images["collector"]
    inside = {each.host: Wait.HEALTHY for each in tier.destinations if each.inside}
    return Component(
        name=tier.component,
        image=image.reference,
        why=_WHY.get(tier.role, "Takes spans from the services and keeps them until the backend has stored them."),
        args=("--config", _TARGET),
        ports=tuple(_ports(tier, model)),
        health=Health(command=health_probe(), port=HEALTH_PORT, path="/"),
        files=tuple(_files(tier, model)),
        secret_files=_secret_files(tier, model),
        volumes=_volumes(tier),
        environment={"GOMEMLIMIT": text(go_memory_limit(tier.resources)), **_secrets(tier, model)},
        resources=tier.resources,
        needs=inside,
        user=image.user,
        calls=tuple(Call(each.host, each.port) for each in tier.destinations),
        headless=tier is not model.tiers[0] or model.metrics,
        most=_most(tier),
        per_node=tier.per_node,
        all_name=name_of_all(tier) if tier.per_node and model.metrics else "",
        replicas=tier.replicas,
        grace=30,
    )


def name_of_all(tier: Tier) -> str:
    """The name that stands for every replica of a tier; an agent's own leads to the agent of the machine."""
    return f"{tier.component}-all" if tier.per_node else tier.component


def _files(tier: Tier, model: Model) -> Iterator[FileMount]:
    yield FileMount(config_path(tier), _TARGET)
    if _serves_strategies(tier, model):
        yield strategies_mount(model, STRATEGIES_TARGET)


def _serves_strategies(tier: Tier, model: Model) -> bool:
    return model.strategies is not None and model.strategies.host == tier.component


def _most(tier: Tier) -> int:
    """Only what keeps nothing may lose replicas again: no queue on disk, no traces that wait for their end."""
    return 0 if tier.per_node or tier.queue.persistent or tier.tail else GROWTH * tier.replicas


def _ports(tier: Tier, model: Model) -> Iterator[Port]:
    """Only the first tier is a door to the host: what comes in at the second would pass the first by."""
    is_door = tier is model.tiers[0]
    for port in receiver_ports(tier, model):
        yield port if is_door else replace(port, publish=None)
    if _serves_strategies(tier, model):
        yield from strategy_ports(is_door)
    yield Port("health", HEALTH_PORT)
    yield Port("metrics", METRICS_PORT)
    if model.metrics and tier is model.tiers[-1]:
        yield Port("span-metrics", SPAN_METRICS_PORT)


def _volumes(tier: Tier) -> tuple[Volume, ...]:
    if not tier.queue.persistent:
        return ()
    return (Volume(f"{tier.component}-queue", QUEUE_VOLUME, tier.queue.size, "spans not yet stored"),)


def _secret_files(tier: Tier, model: Model) -> tuple[SecretMount, ...]:
    mounts = (*server_mounts(model.certificates), *destination_mounts(tier.destinations))
    return tuple({mount.target: mount for mount in mounts}.values())


def _secrets(tier: Tier, model: Model) -> dict[str, Text]:
    """Every variable that the configuration refers to."""
    values = [value for each in tier.destinations for value in each.headers.values()]
    if tier.guarded:
        values += [model.ingest.username, (model.ingest.secret,) if model.ingest.secret else ()]
    return variables_of(values)
