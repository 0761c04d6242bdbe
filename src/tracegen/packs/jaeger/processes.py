"""The processes of Jaeger: one, or one for each role; whom they call, and how far they may grow."""

from collections.abc import Iterator
from dataclasses import dataclass

from tracegen.parts.calls import broker_calls
from tracegen.parts.collectors import GROWTH
from tracegen.system import Call, Design, Resources
from tracegen.system.storage_part import StoragePart


@dataclass(frozen=True)
class Process:
    """What one process does: takes spans in over OTLP, writes to Kafka, reads it, stores, serves queries."""

    name: str
    config: str
    why: str
    otlp: bool = False
    to_kafka: bool = False
    from_kafka: bool = False
    query: bool = False

    @property
    def stores(self) -> bool:
        """Whether the process has the storage."""
        return self.from_kafka or self.query


SINGLE = Process(
    "jaeger", "config", "Stores spans, and serves the API and the user interface.", otlp=True, query=True
)
ROLES = {
    "collector": Process(
        "jaeger-collector", "collector", "Takes spans in and writes them to Kafka.", otlp=True, to_kafka=True
    ),
    "ingester": Process("jaeger-ingester", "ingester", "Reads spans from Kafka and stores them.", from_kafka=True),
    "query": Process("jaeger-query", "query", "Serves the API and the user interface.", query=True),
}


def processes(design: Design) -> Iterator[tuple[Process, int, Resources]]:
    """What runs, with replicas and resources."""
    if not design.backend.roles:
        assert design.backend.replicas is not None, "mode single has replicas"
        yield SINGLE, design.backend.replicas, design.backend.process_resources
    for name, role in design.backend.roles.items():
        yield ROLES[name], role.replicas, role.resources


def calls_of(process: Process, design: Design, part: StoragePart) -> Iterator[Call]:
    """The servers of the storage, the brokers, and where metrics are kept."""
    if process.stores:
        yield from part.calls
    if design.backend.kafka and (process.to_kafka or process.from_kafka):
        yield from broker_calls(design.backend.kafka)
    if process.query and design.metrics:
        yield Call("prometheus", 9090)


def most_of(process: Process, replicas: int, design: Design) -> int:
    """Roles keep nothing, nor do replicas on one storage; a partition is read by one ingester only."""
    if not design.backend.kafka:
        return GROWTH * replicas if replicas > 1 else 0
    most = GROWTH * replicas
    return max(replicas, min(most, design.backend.kafka.partitions)) if process.from_kafka else most
