"""The processes of Tempo: one, or one for each role.

Source: https://grafana.com/docs/tempo/latest/introduction/architecture/
"""

from collections.abc import Iterator
from dataclasses import dataclass

from tracegen.system import Design, Resources


@dataclass(frozen=True)
class Process:
    """One process: its target, and what it needs. `disk`: a volume and a number of its own.

    `grace` is short where queries are run: after one, such a process does not end by itself in Tempo 3.0.3, though
    all that it holds is written within seconds (https://github.com/grafana/tempo/pull/7967, not merged yet).
    """

    name: str
    target: str
    why: str
    otlp: bool = False
    query: bool = False
    disk: bool = False
    kafka: bool = False
    zone: str = ""
    grace: int = 60


SINGLE = Process("tempo", "all", "Stores spans and serves the API.", otlp=True, query=True, disk=True, grace=30)
SCHEDULER = Process(
    "tempo-backend-scheduler", "backend-scheduler", "Hands out the work of compaction and retention.", disk=True
)
ROLES = {
    "distributor": [
        Process("tempo-distributor", "distributor", "Takes spans in and writes them to Kafka.", otlp=True, kafka=True)
    ],
    "live-store": [
        Process(
            f"tempo-live-store-{zone}",
            "live-store",
            "Holds recent spans for queries.",
            disk=True,
            kafka=True,
            zone=zone,
        )
        for zone in ("a", "b")
    ],
    "block-builder": [
        Process(
            "tempo-block-builder", "block-builder", "Reads Kafka and writes blocks of spans.", disk=True, kafka=True
        )
    ],
    "querier": [Process("tempo-querier", "querier", "Runs parts of queries.", grace=15)],
    "query-frontend": [Process("tempo-query-frontend", "query-frontend", "Serves the API.", query=True, grace=15)],
    "backend-worker": [
        Process("tempo-backend-worker", "backend-worker", "Compacts blocks and enforces retention.", disk=True)
    ],
}
# No metrics generator: collectors count spans, before anything is dropped, and for every backend alike.


def processes(design: Design) -> Iterator[tuple[Process, int, Resources]]:
    """What runs, with replicas and resources."""
    if not design.backend.roles:
        yield SINGLE, 1, design.backend.process_resources
        return
    yield SCHEDULER, 1, design.backend.process_resources
    for name, role in design.backend.roles.items():
        for process in ROLES[name]:
            yield process, role.replicas, role.resources
