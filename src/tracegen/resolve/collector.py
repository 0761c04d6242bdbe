"""Collector tiers of the Model: who sends to whom, and where spans wait."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from tracegen.catalogue import Catalogue
from tracegen.resolve.backend import memory_of_rate, resolve_resources
from tracegen.resolve.decider import Decider
from tracegen.resolve.destinations import tier_destination
from tracegen.resolve.health_spans import health_spans
from tracegen.resolve.tail import resolve_tail, tail_memory
from tracegen.system import Certificates, Destination, IngestAuth, Queue, Redaction, Resources, Tier
from tracegen.system.sizing import memory_queue_length, process_memory, queue_length

GATEWAY = "otel-gateway"
BALANCER = "otel-balancer"
AGENT = "otel-agent"


def resolve_tiers(
    decider: Decider,
    packs: Catalogue,
    destinations: tuple[Destination, ...],
    certificates: Certificates | None,
    auth: IngestAuth,
    spans_per_second: float,
) -> tuple[Tier, ...]:
    """The tiers, the one next to the services first."""
    topology = decider.take(("collector", "topology"), "gateway", "one place to sample, redact and queue")
    if topology == "none":
        return ()
    collectors = _collectors(decider, topology)
    derived = tail_memory(decider, spans_per_second, collectors) or memory_of_rate(spans_per_second)
    resources = resolve_resources(decider, ("collector",), *derived)
    receivers = tuple(decider.take(("collector", "receivers"), ["otlp"], "the default"))
    last: dict[str, Any] = {
        "destinations": destinations,
        "queue": _queue(decider, resources),
        "resources": resources,
        "redaction": _redaction(decider.spec.get("collector", "redact") or {}, packs.patterns),
        "guarded": auth.kind != "none",
        "health_spans": health_spans(decider.spec, packs),
        "tail": resolve_tail(decider, resources.memory, collectors),
    }
    if topology == "agent":
        return (Tier("agent", AGENT, 1, receivers, per_node=True, **last),)
    gateway = Tier("gateway", GATEWAY, collectors, receivers, **last)
    forward = tier_destination(gateway, "grpc", certificates, auth)
    if topology == "agent+gateway":
        return (_agent_before(gateway, receivers, forward), gateway)
    if not forward.by_trace:
        return (gateway,)
    size = Resources(cpu=resources.cpu, memory=process_memory(spans_per_second))
    return (_balancer_before(gateway, receivers, forward, size), replace(gateway, receivers=("otlp",)))


def _collectors(decider: Decider, topology: str) -> int:
    """How many gateways there are; one agent where there is no gateway."""
    return decider.take(("collector", "replicas"), 1, "the default") if "gateway" in topology else 1


def _balancer_before(gateway: Tier, receivers: tuple[str, ...], forward: Destination, size: Resources) -> Tier:
    """What spreads traces over gateways that each decide on whole ones; two, so that one may be away."""
    queue = gateway.queue
    if not queue.persistent:
        queue = Queue(persistent=False, size="", spans=memory_queue_length(size.memory))
    return Tier(
        role="balancer",
        component=BALANCER,
        replicas=2,
        receivers=receivers,
        destinations=(forward,),
        queue=queue,
        resources=size,
        guarded=gateway.guarded,
    )


def _agent_before(gateway: Tier, receivers: tuple[str, ...], forward: Destination) -> Tier:
    """The agent of a pair keeps little: the gateway has the queue that survives."""
    resources = Resources(cpu=0.5, memory=256 * 2**20)
    return Tier(
        role="agent",
        component=AGENT,
        replicas=1,
        receivers=receivers,
        destinations=(forward,),
        queue=Queue(persistent=False, size="", spans=memory_queue_length(resources.memory)),
        resources=resources,
        guarded=gateway.guarded,
        per_node=True,
    )


def _queue(decider: Decider, resources: Resources) -> Queue:
    kind = decider.take(("collector", "queue", "type"), "persistent", "spans survive a restart")
    if kind == "memory":
        return Queue(persistent=False, size="", spans=memory_queue_length(resources.memory))
    size = decider.take(("collector", "queue", "size"), "2Gi", "the default")
    return Queue(persistent=True, size=size, spans=queue_length(size))


def _redaction(said: Mapping[str, Any], known: Mapping[str, str]) -> Redaction:
    patterns = [
        (each, known[each]) if isinstance(each, str) else (each["name"], each["regex"])
        for each in said.get("patterns", [])
    ]
    return Redaction(tuple(said.get("keys", [])), tuple(patterns))
