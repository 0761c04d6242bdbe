"""What Tempo's microservices ask of Kafka and of the number of their replicas."""

from collections.abc import Iterator, Mapping

from tracegen.catalogue import Catalogue
from tracegen.decide import Settings
from tracegen.decide.records import Kafka, Role
from tracegen.problems import Code, Problem, Severity
from tracegen.rules._shared import at, cause
from tracegen.spec.said import Path

MORE_THAN_PARTITIONS = Code("TG350", "More replicas than partitions")
KAFKA_OF_TEMPO = Code("TG351", "Tempo cannot connect to Kafka this way")
FIRST_BROKER = Code("TG352", "Tempo asks the first broker", Severity.NOTE)
NOTHING_TO_READ = Code("TG353", "Block builder with nothing to read", Severity.WARNING)

_BUILDERS: Path = ("backend", "roles", "block-builder", "replicas")
_STORES: Path = ("backend", "roles", "live-store", "replicas")


def check(settings: Settings, packs: Catalogue) -> Iterator[Problem]:
    """Only for Tempo in mode scalable."""
    backend = settings.backend
    if backend.type == "tempo" and backend.kafka and backend.roles:
        yield from _replicas(settings, packs.backends["tempo"].partition_owners, backend.roles, backend.kafka)
        yield from _builders(settings, backend.roles)
        yield from _connection(settings, backend.kafka)


def _replicas(
    settings: Settings, owners: tuple[str, ...], roles: Mapping[str, Role], kafka: Kafka
) -> Iterator[Problem]:
    for role in owners:
        replicas = roles[role].replicas
        if replicas > kafka.partitions:
            path = ("backend", "roles", role, "replicas")
            message = f"{replicas} replicas of {role} share {kafka.partitions} partitions: each needs one of its own"
            yield at(
                settings, MORE_THAN_PARTITIONS, path, message, f"say backend.kafka.partitions: {replicas}, or fewer"
            )


def _builders(settings: Settings, roles: Mapping[str, Role]) -> Iterator[Problem]:
    builders, stores = roles["block-builder"].replicas, roles["live-store"].replicas
    if builders > stores:
        message = f"{builders} block builders, but only {stores} live stores own a partition that spans go to"
        hint = f"say live-store: {{replicas: {builders}}}, or fewer block builders"
        yield at(settings, NOTHING_TO_READ, cause(settings, _BUILDERS, _STORES), message, hint)


def _connection(settings: Settings, kafka: Kafka) -> Iterator[Problem]:
    path = ("backend", "kafka")
    if kafka.tls:
        message = "Tempo 3 speaks to Kafka without TLS only"
        hint = "use a listener without TLS that only this network reaches, or Jaeger"
        yield at(settings, KAFKA_OF_TEMPO, (*path, "tls"), message, hint)
    if kafka.sasl and kafka.sasl.mechanism != "PLAIN":
        message = f"Tempo 3 knows the mechanism PLAIN only, not {kafka.sasl.mechanism}"
        yield at(settings, KAFKA_OF_TEMPO, (*path, "sasl", "mechanism"), message, "say PLAIN, or use Jaeger")
    brokers = kafka.brokers or ()
    if len(brokers) > 1:
        message = f"Tempo 3 takes one address and learns the other brokers from it: {brokers[0]}"
        yield at(settings, FIRST_BROKER, (*path, "brokers", 1), message)
