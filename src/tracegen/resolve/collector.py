"""Collector tiers of the Model: who sends to whom, and where spans wait."""

from tracegen.model import Backend, Destination, Queue, Resources, Tier
from tracegen.model.units import size_in_bytes
from tracegen.resolve.decider import Decider
from tracegen.model.sizing import memory_queue_length, process_memory, queue_length

OTLP_PORTS = {"grpc": 4317, "http": 4318}

GATEWAY = "otel-gateway"


def resolve_tiers(decider: Decider, backend: Destination, spans_per_second: float) -> tuple[Tier, ...]:
    """The tiers, the one next to the services first."""
    topology = decider.take(("collector", "topology"), "gateway", "one place to sample, redact and queue")
    if topology == "none":
        return ()
    resources = _resources(decider, spans_per_second)
    return (
        Tier(
            role="gateway",
            component=GATEWAY,
            replicas=decider.take(("collector", "replicas"), 1, "the default"),
            receivers=tuple(decider.take(("collector", "receivers"), ["otlp"], "the default")),
            destinations=(backend,),
            queue=_queue(decider, resources),
            resources=resources,
        ),
    )


def entrance(tiers: tuple[Tier, ...], backend: Destination) -> Destination:
    """Where services send their spans: the first tier, or the backend when there is none."""
    if not tiers:
        return backend
    return Destination("collector", "http", tiers[0].component, OTLP_PORTS["http"], secure=False, headers={})


def backend_destination(backend: Backend) -> Destination:
    """Where the last collector sends spans."""
    return Destination(backend.type, "grpc", backend.type, OTLP_PORTS["grpc"], secure=False, headers={})


def _queue(decider: Decider, resources: Resources) -> Queue:
    kind = decider.take(("collector", "queue", "type"), "persistent", "spans survive a restart")
    if kind == "memory":
        return Queue(persistent=False, size="", spans=memory_queue_length(resources.memory))
    size = decider.take(("collector", "queue", "size"), "2Gi", "the default")
    return Queue(persistent=True, size=size, spans=queue_length(size))


def _resources(decider: Decider, spans_per_second: float) -> Resources:
    derived = f"{process_memory(spans_per_second) // 2**20}Mi"
    why = f"derived from about {spans_per_second:,.0f} spans a second"
    memory = decider.take(("collector", "resources", "memory"), derived, why)
    cpu = decider.take(("collector", "resources", "cpu"), 1.0, "the default")
    return Resources(float(cpu), size_in_bytes(memory))
