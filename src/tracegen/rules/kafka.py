"""What the roles of a scalable backend ask of Kafka, and of the number of their replicas."""

from collections.abc import Iterator, Mapping

from tracegen.catalogue import Catalogue, KafkaClient
from tracegen.decide import Settings
from tracegen.decide.records import Kafka, Role
from tracegen.problems import Code, Problem, Severity
from tracegen.rules._shared import at, backend_pack, cause
from tracegen.rules.storage import NO_SERVER
from tracegen.spec.said import Path
from tracegen.spec.wording import either

MORE_THAN_PARTITIONS = Code("TG350", "More replicas than partitions")
NO_SUCH_CONNECTION = Code("TG351", "Tempo cannot connect to Kafka this way")
FIRST_BROKER = Code("TG352", "Tempo asks the first broker", Severity.NOTE)
NOTHING_TO_READ = Code("TG353", "Block builder with nothing to read", Severity.WARNING)


def check(settings: Settings, packs: Catalogue) -> Iterator[Problem]:
    """Only in mode scalable."""
    roles, kafka, pack = settings.backend.roles, settings.backend.kafka, backend_pack(settings, packs)
    if roles is None or kafka is None:
        return
    if kafka.brokers and settings.is_said("backend", "kafka", "size"):
        message = f"size {kafka.size} is for a broker that tracegen runs, and brokers that exist are named"
        path = ("backend", "kafka", "size")
        yield at(settings, NO_SERVER, path, message, "delete it; whoever runs them says their size")
    yield from _replicas(settings, pack.partition_owners, roles, kafka.partitions)
    for reader, owner in pack.fed_by.items():
        yield from _readers(settings, roles, reader, owner)
    if pack.kafka:
        able = [each.title for each in packs.backends.values() if each.kafka and each.kafka.tls]
        yield from _connection(settings, pack.title, pack.kafka, kafka, either(able))


def _replicas(
    settings: Settings, owners: tuple[str, ...], roles: Mapping[str, Role], partitions: int
) -> Iterator[Problem]:
    for role in owners:
        replicas = roles[role].replicas
        if replicas > partitions:
            message = f"{replicas} replicas of {role} share {partitions} partitions: each needs one of its own"
            hint = f"say backend.kafka.partitions: {replicas}, or fewer"
            yield at(settings, MORE_THAN_PARTITIONS, _replicas_of(role), message, hint)


def _readers(settings: Settings, roles: Mapping[str, Role], reader: str, owner: str) -> Iterator[Problem]:
    readers, owners = roles[reader].replicas, roles[owner].replicas
    if readers > owners:
        message = f"{readers} replicas of {reader}, but only {owners} of {owner} own a partition that spans go to"
        hint = f"say {owner}: {{replicas: {readers}}}, or fewer replicas of {reader}"
        yield at(settings, NOTHING_TO_READ, cause(settings, _replicas_of(reader), _replicas_of(owner)), message, hint)


def _replicas_of(role: str) -> Path:
    return ("backend", "roles", role, "replicas")


def _connection(settings: Settings, title: str, able: KafkaClient, said: Kafka, others: str) -> Iterator[Problem]:
    path = ("backend", "kafka")
    if said.tls and not able.tls:
        message = f"{title} speaks to Kafka without TLS only"
        hint = f"use a listener without TLS that only this network reaches, or {others}"
        yield at(settings, NO_SUCH_CONNECTION, (*path, "tls"), message, hint)
    mechanism = said.sasl.mechanism if said.sasl else ""
    if mechanism and able.mechanisms and mechanism not in able.mechanisms:
        message = f"{title} knows the mechanism {either(able.mechanisms)} only, not {mechanism}"
        hint = f"say {either(able.mechanisms)}, or use {others}"
        yield at(settings, NO_SUCH_CONNECTION, (*path, "sasl", "mechanism"), message, hint)
    brokers = said.brokers or ()
    if able.one_broker and len(brokers) > 1:
        message = f"{title} takes one address and learns the other brokers from it: {brokers[0]}"
        yield at(settings, FIRST_BROKER, (*path, "brokers", 1), message)
