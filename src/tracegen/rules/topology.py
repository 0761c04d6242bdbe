"""What the chosen collector tiers can do (ruling 7)."""

from collections.abc import Iterator

from tracegen.catalogue import Catalogue
from tracegen.decide import Settings
from tracegen.problems import Code, Problem
from tracegen.rules._shared import at, cause
from tracegen.spec.said import Path, dotted

NEEDS_A_COLLECTOR = Code("TG421", "Needs a collector")
TAIL_ON_AGENTS = Code("TG422", "Tail sampling on agents splits traces")
REPLICAS_OF_NO_GATEWAY = Code("TG423", "Replicas of a gateway that is not there")

_TOPOLOGY: Path = ("collector", "topology")
_NEED_A_COLLECTOR: tuple[Path, ...] = (
    ("sampling", "tail"),
    ("collector", "redact"),
    ("collector", "receivers"),
    ("collector", "queue"),
    ("collector", "cors"),
    ("collector", "also"),
    ("collector", "resources"),
    ("kubernetes", "k8s_attributes"),
)


def check(settings: Settings, packs: Catalogue) -> Iterator[Problem]:
    """Keys that need a tier which the topology does not have."""
    topology = settings.collector.topology
    if topology == "none":
        for path in _NEED_A_COLLECTOR:
            if settings.is_said(*path):
                yield _needs_a_collector(settings, path)
        if settings.metrics:
            yield _needs_a_collector(settings, ("metrics",))
    if topology in ("none", "agent") and settings.is_said("collector", "replicas"):
        message = f"collector.replicas means the gateway's, and topology {topology} has no gateway"
        hint = "delete it, or use topology: gateway"
        yield at(
            settings, REPLICAS_OF_NO_GATEWAY, cause(settings, ("collector", "replicas"), _TOPOLOGY), message, hint
        )
    if topology == "agent" and settings.sampling.tail and "kubernetes" in settings.targets:
        message = "on Kubernetes each node's agent sees only its part of a trace, so none can decide on the whole"
        where = cause(settings, ("sampling", "tail"), _TOPOLOGY, ("targets",))
        yield at(settings, TAIL_ON_AGENTS, where, message, "use topology: agent+gateway, or targets: [compose]")


def _needs_a_collector(settings: Settings, path: Path) -> Problem:
    message = f"{dotted(path)} needs a collector, and collector.topology is none"
    hint = f"use topology: gateway, or delete {dotted(path)}"
    return at(settings, NEEDS_A_COLLECTOR, cause(settings, path, _TOPOLOGY), message, hint)
