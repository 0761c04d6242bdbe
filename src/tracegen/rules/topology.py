"""What the chosen collector tiers can do (ruling 7)."""

from collections.abc import Iterator

from tracegen.catalogue import Catalogue
from tracegen.problems import Code, Problem
from tracegen.rules._shared import at, cause, targets_of
from tracegen.spec.said import Path, Said, dotted

NEEDS_A_COLLECTOR = Code("TG421", "Needs a collector")
TAIL_ON_AGENTS = Code("TG422", "Tail sampling on agents splits traces")
REPLICAS_OF_NO_GATEWAY = Code("TG423", "Replicas of a gateway that is not there")

_TOPOLOGY: Path = ("collector", "topology")
_NEED_A_COLLECTOR: tuple[Path, ...] = (
    ("sampling", "tail"),
    ("collector", "redact"),
    ("collector", "receivers"),
    ("collector", "queue"),
    ("collector", "also"),
    ("collector", "resources"),
    ("metrics",),
)


def check(spec: Said, packs: Catalogue) -> Iterator[Problem]:
    """Keys that need a tier which the topology does not have."""
    topology = spec.get("collector", "topology") or "gateway"
    if topology == "none":
        for path in _NEED_A_COLLECTOR:
            if spec.get(*path) not in (None, False):
                message = f"{dotted(path)} needs a collector, and collector.topology is none"
                where = cause(spec, path, _TOPOLOGY)
                yield at(spec, NEEDS_A_COLLECTOR, where, message, f"use topology: gateway, or delete {dotted(path)}")
    if topology in ("none", "agent") and spec.get("collector", "replicas") is not None:
        message = f"collector.replicas means the gateway's, and topology {topology} has no gateway"
        hint = "delete it, or use topology: gateway"
        yield at(spec, REPLICAS_OF_NO_GATEWAY, cause(spec, ("collector", "replicas"), _TOPOLOGY), message, hint)
    if topology == "agent" and spec.get("sampling", "tail") and "kubernetes" in targets_of(spec):
        message = "on Kubernetes each node's agent sees only its part of a trace, so none can decide on the whole"
        where = cause(spec, ("sampling", "tail"), _TOPOLOGY, ("targets",))
        yield at(spec, TAIL_ON_AGENTS, where, message, "use topology: agent+gateway, or targets: [compose]")
