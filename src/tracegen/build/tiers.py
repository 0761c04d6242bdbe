"""Collector tiers of the system: who sends to whom, and where spans wait."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from tracegen.build.backend import resources_for, resources_of
from tracegen.build.destinations import tier_destination
from tracegen.build.health_spans import health_spans
from tracegen.catalogue import Catalogue
from tracegen.decide import Settings
from tracegen.decide.records import CollectorQueue, CollectorRedact
from tracegen.decide.tail import tail_of
from tracegen.decide.traffic import spans_per_second
from tracegen.system import Certificates, Destination, IngestAuth, Queue, Redaction, Resources, Tier
from tracegen.system.sizing import COLLECTOR, memory_queue_length, queue_length
from tracegen.system.units import MEBIBYTE

GATEWAY = "otel-gateway"
BALANCER = "otel-balancer"
AGENT = "otel-agent"

#: Of an agent before a gateway: `collector.resources` are the gateway's, which has the queue and the work.
_AGENT_BESIDE = Resources(cpu=0.5, memory=256 * MEBIBYTE)
#: Balancers before gateways that decide: one may be away.
_BALANCERS = 2


def tiers_of(
    settings: Settings,
    packs: Catalogue,
    destinations: tuple[Destination, ...],
    certificates: Certificates | None,
    auth: IngestAuth,
) -> tuple[Tier, ...]:
    """The tiers, the one next to the services first, to which pages in a browser send too."""
    if settings.collector.topology == "none":
        return ()
    first, *others = _tiers(settings, packs, destinations, certificates, auth)
    return (replace(first, cors=settings.collector.cors), *others)


def _tiers(
    settings: Settings,
    packs: Catalogue,
    destinations: tuple[Destination, ...],
    certificates: Certificates | None,
    auth: IngestAuth,
) -> tuple[Tier, ...]:
    said = settings.collector
    resources = resources_of(said.resources)
    last: dict[str, Any] = {
        "destinations": destinations,
        "queue": _queue(said.queue, resources, len(destinations)),
        "resources": resources,
        "redaction": _redaction(said.redact, packs.patterns),
        "guarded": auth.kind != "none",
        "health_spans": health_spans(settings, packs),
        "tail": tail_of(settings),
    }
    if said.topology == "agent":
        return (Tier("agent", AGENT, 1, said.receivers, per_node=True, **last),)
    gateway = Tier("gateway", GATEWAY, said.replicas, said.receivers, **last)
    forward = tier_destination(gateway, "grpc", certificates, auth)
    if said.topology == "agent+gateway":
        return (_agent_before(gateway, said.receivers, _by_tenant(forward, gateway)), gateway)
    if not forward.by_trace:
        return (gateway,)
    size = resources_for(COLLECTOR, spans_per_second(settings.services))
    balancer = _balancer_before(gateway, said.receivers, forward, size)
    # What the first queue on disk holds is redacted already.
    return (balancer, replace(gateway, receivers=("otlp",), redaction=Redaction()))


def _balancer_before(gateway: Tier, receivers: tuple[str, ...], forward: Destination, size: Resources) -> Tier:
    """What spreads traces over gateways that each decide on whole ones; two, so that one may be away."""
    queue = gateway.queue
    queue = replace(queue, spans=queue_length(queue.size) if queue.persistent else memory_queue_length(size.memory))
    return Tier(
        role="balancer",
        component=BALANCER,
        replicas=_BALANCERS,
        receivers=receivers,
        destinations=(forward,),
        queue=queue,
        resources=size,
        redaction=gateway.redaction,
        guarded=gateway.guarded,
    )


def _agent_before(gateway: Tier, receivers: tuple[str, ...], forwards: tuple[Destination, ...]) -> Tier:
    """The agent of a pair keeps little: the gateway has the queue that survives."""
    return Tier(
        role="agent",
        component=AGENT,
        replicas=1,
        receivers=receivers,
        destinations=forwards,
        queue=Queue(persistent=False, size="", spans=memory_queue_length(_AGENT_BESIDE.memory, len(forwards))),
        resources=_AGENT_BESIDE,
        guarded=gateway.guarded,
        per_node=True,
    )


def _queue(said: CollectorQueue, resources: Resources, queues: int) -> Queue:
    """One of the queues that share a volume, or a quarter of the memory."""
    if said.type == "memory":
        return Queue(persistent=False, size="", spans=memory_queue_length(resources.memory, queues))
    assert said.size, "a queue on disk has a size"
    return Queue(persistent=True, size=said.size, spans=queue_length(said.size, queues), fsync=bool(said.fsync))


def _by_tenant(forward: Destination, last: Tier) -> tuple[Destination, ...]:
    """A way on for each tenant: one whose queue is full does not hold up the spans of the others.

    Where a collector decides on whole traces they go on together, since it needs all of a trace.
    """
    tenants = list(dict.fromkeys(each.tenant for each in last.destinations if each.tenant))
    if not tenants or last.tail:
        return (forward,)
    return tuple(replace(forward, name=f"{forward.name}-{tenant}", tenant=tenant) for tenant in tenants)


def _redaction(said: CollectorRedact, known: Mapping[str, str]) -> Redaction:
    patterns = [(each, known[each]) if isinstance(each, str) else (each.name, each.regex) for each in said.patterns]
    return Redaction(said.keys, tuple(patterns))
