"""Collector tiers of the Model: who sends to whom, and where spans wait."""

from collections.abc import Mapping
from typing import Any

from tracegen.model import Certificates, Destination, IngestAuth, Queue, Redaction, Resources, Tier
from tracegen.model.sizing import memory_queue_length, queue_length
from tracegen.packs import Catalogue
from tracegen.resolve.backend import resolve_resources
from tracegen.resolve.decider import Decider
from tracegen.resolve.destinations import tier_destination

GATEWAY = "otel-gateway"
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
    resources = resolve_resources(decider, ("collector",), spans_per_second)
    receivers = tuple(decider.take(("collector", "receivers"), ["otlp"], "the default"))
    redaction = _redaction(decider.spec.get("collector", "redact") or {}, packs.patterns)
    last: dict[str, Any] = {
        "destinations": destinations,
        "queue": _queue(decider, resources),
        "resources": resources,
        "redaction": redaction,
        "guarded": auth.kind != "none",
    }
    if topology == "agent":
        return (Tier("agent", AGENT, 1, receivers, per_node=True, **last),)
    gateway = Tier("gateway", GATEWAY, decider.take(("collector", "replicas"), 1, "the default"), receivers, **last)
    if topology == "gateway":
        return (gateway,)
    return (_agent_before(gateway, receivers, certificates, auth), gateway)


def _agent_before(
    gateway: Tier, receivers: tuple[str, ...], certificates: Certificates | None, auth: IngestAuth
) -> Tier:
    """The agent of a pair keeps little: the gateway has the queue that survives."""
    resources = Resources(cpu=0.5, memory=256 * 2**20)
    return Tier(
        role="agent",
        component=AGENT,
        replicas=1,
        receivers=receivers,
        destinations=(tier_destination(gateway, "grpc", certificates, auth),),
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
