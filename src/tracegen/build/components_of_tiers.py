"""The components of the collector tiers."""

from collections.abc import Iterator
from dataclasses import replace

from tracegen.parts.certificates import destination_mounts, server_mounts
from tracegen.parts.collectors import (
    GROWTH,
    LINGER_SECONDS,
    QUEUE_VOLUME,
    SPAN_METRICS_PORT,
    STRATEGIES_TARGET,
    config_path,
    forgets,
    name_of_all,
    receiver_ports,
)
from tracegen.parts.strategies import strategies_mount, strategy_ports
from tracegen.parts.telemetry import HEALTH_PORT, METRICS_PORT, go_memory_limit
from tracegen.parts.variables import variables_of
from tracegen.system import (
    Call,
    Component,
    Design,
    FileMount,
    Health,
    Port,
    SecretMount,
    Text,
    Tier,
    Volume,
    text,
)

_WHY = {
    "balancer": "Takes spans from the services and sends all of a trace to the same gateway, which decides on it."
}

_PROGRAM = "/otelcol-contrib"
_TARGET = "/etc/otelcol-contrib/config.yaml"


def health_probe() -> tuple[str, ...]:
    """A health check for an image built from scratch, whose only program is the collector itself.

    The collector answers its health request with a minimal configuration, and `validate` reads that: it
    succeeds when the collector is healthy, and fails at the status of one that is not, and at no answer at all.
    """
    return (_PROGRAM, "validate", "--config", f"http://127.0.0.1:{HEALTH_PORT}/")


def collector_components(design: Design) -> Iterator[Component]:
    """One component a tier."""
    for tier in design.tiers:
        yield _component(tier, design)


def _component(tier: Tier, design: Design) -> Component:
    image = design.images["collector"]
    return Component(
        name=tier.component,
        image=image.reference,
        why=_WHY.get(tier.role, "Takes spans from the services and keeps them until the backend has stored them."),
        args=("--config", _TARGET),
        ports=tuple(_ports(tier, design)),
        health=Health(command=health_probe(), port=HEALTH_PORT, path="/"),
        files=tuple(_files(tier, design)),
        secret_files=_secret_files(tier, design),
        volumes=_volumes(tier),
        environment={"GOMEMLIMIT": text(go_memory_limit(tier.resources)), **_secrets(tier, design)},
        resources=tier.resources,
        user=image.user,
        calls=tuple(Call(each.host, each.port) for each in tier.destinations),
        headless=True,
        most=_most(tier),
        per_node=tier.per_node,
        all_name=name_of_all(tier) if tier.per_node and (design.metrics or design.kubernetes.monitors) else "",
        replicas=tier.replicas,
        lingers=LINGER_SECONDS if forgets(tier) else 0,
        grace=30,
    )


def _files(tier: Tier, design: Design) -> Iterator[FileMount]:
    yield FileMount(config_path(tier), _TARGET)
    if _serves_strategies(tier, design):
        yield strategies_mount(design, STRATEGIES_TARGET)


def _serves_strategies(tier: Tier, design: Design) -> bool:
    return design.strategies is not None and design.strategies.host == tier.component


def _most(tier: Tier) -> int:
    """Only what keeps nothing may lose replicas again: no queue on disk, no traces that wait for their end."""
    return 0 if tier.per_node or tier.queue.persistent or tier.tail else GROWTH * tier.replicas


def _ports(tier: Tier, design: Design) -> Iterator[Port]:
    """Only the first tier publishes on the host: what comes in at the second would pass the first by."""
    is_published = tier is design.tiers[0]
    for port in receiver_ports(tier, design):
        yield port if is_published else replace(port, publish=None)
    if _serves_strategies(tier, design):
        yield from strategy_ports(is_published)
    yield Port("health", HEALTH_PORT)
    yield Port("metrics", METRICS_PORT)
    if design.metrics and tier is design.tiers[-1]:
        yield Port("span-metrics", SPAN_METRICS_PORT)


def _volumes(tier: Tier) -> tuple[Volume, ...]:
    if not tier.queue.persistent:
        return ()
    return (Volume(f"{tier.component}-queue", QUEUE_VOLUME, tier.queue.size, "spans not yet stored"),)


def _secret_files(tier: Tier, design: Design) -> tuple[SecretMount, ...]:
    mounts = (*server_mounts(design.certificates), *destination_mounts(tier.destinations))
    return tuple({mount.target: mount for mount in mounts}.values())


def _secrets(tier: Tier, design: Design) -> dict[str, Text]:
    """Every variable that the configuration refers to."""
    values = [value for each in tier.destinations for value in each.headers.values()]
    if tier.guarded:
        values += [design.ingest.username, (design.ingest.secret,) if design.ingest.secret else ()]
    return variables_of(values)
