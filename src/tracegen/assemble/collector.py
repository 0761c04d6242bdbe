"""The components of the collector tiers."""

import json
from collections.abc import Iterator

from tracegen.model import Component, FileMount, Health, Model, Port, Publish, Tier, Volume, Wait, text
from tracegen.model.telemetry import HEALTH_PORT, METRICS_PORT, go_memory_limit

#: The folder of the queue in the container; `create_directory` makes it below the volume.
QUEUE_VOLUME = "/var/lib/otelcol"

_PROGRAM = "/otelcol-contrib"
_TARGET = "/etc/otelcol-contrib/config.yaml"

#: What the health check of an image without a shell reads: see `health_probe`.
HEALTHY_ANSWER = json.dumps(
    {
        "receivers": {"otlp": {"protocols": {"http": None}}},
        "exporters": {"debug": None},
        "service": {"pipelines": {"traces": {"receivers": ["otlp"], "exporters": ["debug"]}}},
    },
    separators=(",", ":"),
)


def config_path(tier: Tier) -> str:
    """Where the tier's configuration is rendered."""
    return f"collector/{tier.role}.yaml"


def health_probe() -> tuple[str, ...]:
    """A health check for an image built from scratch, whose only program is the collector itself.

    The collector answers its health request with a minimal configuration, and `validate` reads that: it
    succeeds when the collector is healthy, and fails when it answers otherwise or not at all.
    """
    return (_PROGRAM, "validate", "--config", f"http://127.0.0.1:{HEALTH_PORT}/")


def collector_components(model: Model) -> Iterator[Component]:
    """One component a tier."""
    for tier in model.tiers:
        yield _component(tier, model)


def _component(tier: Tier, model: Model) -> Component:
    image = model.images["collector"]
    waits = {each.host: Wait.HEALTHY for each in tier.destinations if each.host == model.backend.type}
    return Component(
        name=tier.component,
        image=image.reference,
        why="Takes spans from the services and keeps them until the backend has stored them.",
        args=("--config", _TARGET),
        ports=_ports(tier),
        health=Health(command=health_probe(), port=HEALTH_PORT, path="/"),
        files=(FileMount(config_path(tier), _TARGET),),
        volumes=_volumes(tier),
        environment={"GOMEMLIMIT": text(go_memory_limit(tier.resources))},
        resources=tier.resources,
        needs=waits,
        user=image.user,
        replicas=tier.replicas,
        grace=30,
    )


def _ports(tier: Tier) -> tuple[Port, ...]:
    return (
        Port("otlp-grpc", 4317, Publish.OTLP),
        Port("otlp-http", 4318, Publish.OTLP),
        Port("health", HEALTH_PORT),
        Port("metrics", METRICS_PORT),
    )


def _volumes(tier: Tier) -> tuple[Volume, ...]:
    if not tier.queue.persistent:
        return ()
    return (Volume(f"{tier.component}-queue", QUEUE_VOLUME, tier.queue.size, "spans not yet stored"),)
