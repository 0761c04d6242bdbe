"""What Tempo's microservices ask of Kafka and of the number of their replicas."""

from collections.abc import Iterator
from typing import Any

from tracegen.catalogue import Catalogue
from tracegen.problems import Code, Problem, Severity
from tracegen.rules._shared import at, cause
from tracegen.spec.said import Path, Said

MORE_THAN_PARTITIONS = Code("TG350", "More replicas than partitions")
KAFKA_OF_TEMPO = Code("TG351", "Tempo cannot connect to Kafka this way")
FIRST_BROKER = Code("TG352", "Tempo asks the first broker", Severity.NOTE)
NOTHING_TO_READ = Code("TG353", "Block builder with nothing to read", Severity.WARNING)

_BUILDERS: Path = ("backend", "roles", "block-builder", "replicas")
_STORES: Path = ("backend", "roles", "live-store", "replicas")


def check(spec: Said, packs: Catalogue) -> Iterator[Problem]:
    """Only for Tempo in mode scalable."""
    backend = spec.value["backend"]
    if backend["type"] == "tempo" and backend.get("mode") == "scalable":
        kafka = backend.get("kafka", {})
        partitions = kafka.get("partitions", 3)
        pack = packs.backends["tempo"]
        yield from _replicas(spec, pack.partition_owners, partitions)
        yield from _builders(spec, min(pack.roles["live-store"], partitions))
        yield from _connection(spec, kafka)


def _replicas(spec: Said, owners: tuple[str, ...], partitions: int) -> Iterator[Problem]:
    for role in owners:
        path = ("backend", "roles", role, "replicas")
        replicas = spec.get(*path) or 0
        if replicas > partitions:
            message = f"{replicas} replicas of {role} share {partitions} partitions: each needs one of its own"
            yield at(spec, MORE_THAN_PARTITIONS, path, message, f"say backend.kafka.partitions: {replicas}, or fewer")


def _builders(spec: Said, stores_by_default: int) -> Iterator[Problem]:
    builders, stores = spec.get(*_BUILDERS) or 1, spec.get(*_STORES) or stores_by_default
    if builders > stores:
        message = f"{builders} block builders, but only {stores} live stores own a partition that spans go to"
        hint = f"say live-store: {{replicas: {builders}}}, or fewer block builders"
        yield at(spec, NOTHING_TO_READ, cause(spec, _BUILDERS, _STORES), message, hint)


def _connection(spec: Said, kafka: dict[str, Any]) -> Iterator[Problem]:
    path = ("backend", "kafka")
    if "tls" in kafka:
        message = "Tempo 3 speaks to Kafka without TLS only"
        hint = "use a listener without TLS that only this network reaches, or Jaeger"
        yield at(spec, KAFKA_OF_TEMPO, (*path, "tls"), message, hint)
    mechanism = kafka.get("sasl", {}).get("mechanism", "PLAIN")
    if mechanism != "PLAIN":
        message = f"Tempo 3 knows the mechanism PLAIN only, not {mechanism}"
        yield at(spec, KAFKA_OF_TEMPO, (*path, "sasl", "mechanism"), message, "say PLAIN, or use Jaeger")
    if len(kafka.get("brokers", [])) > 1:
        message = f"Tempo 3 takes one address and learns the other brokers from it: {kafka['brokers'][0]}"
        yield at(spec, FIRST_BROKER, (*path, "brokers", 1), message)
