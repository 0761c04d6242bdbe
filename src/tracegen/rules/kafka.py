"""What the roles of a scalable backend ask of Kafka, and of the number of their replicas."""

from collections.abc import Iterator, Mapping
from typing import Any

from tracegen.catalogue import Catalogue, KafkaClient
from tracegen.problems import Code, Problem, Severity
from tracegen.rules._shared import at, backend_pack, cause
from tracegen.spec.said import Path, Spec
from tracegen.spec.wording import either

MORE_THAN_PARTITIONS = Code("TG350", "More replicas than partitions")
NO_SUCH_CONNECTION = Code("TG351", "Tempo cannot connect to Kafka this way")
FIRST_BROKER = Code("TG352", "Tempo asks the first broker", Severity.NOTE)
NOTHING_TO_READ = Code("TG353", "Block builder with nothing to read", Severity.WARNING)


def check(spec: Spec, packs: Catalogue) -> Iterator[Problem]:
    """Only in mode scalable."""
    if spec.get("backend", "mode") != "scalable":
        return
    kafka = spec.get("backend", "kafka") or {}
    partitions = kafka.get("partitions", 3)
    pack = backend_pack(spec, packs)
    yield from _replicas(spec, pack.partition_owners, partitions)
    for reader, owner in pack.fed_by.items():
        yield from _readers(spec, reader, owner, min(pack.roles[owner], partitions))
    if pack.kafka:
        able = [each.title for each in packs.backends.values() if each.kafka and each.kafka.tls]
        yield from _connection(spec, pack.title, pack.kafka, kafka, either(able))


def _replicas(spec: Spec, owners: tuple[str, ...], partitions: int) -> Iterator[Problem]:
    for role in owners:
        path = _replicas_of(role)
        replicas = spec.get(*path) or 0
        if replicas > partitions:
            message = f"{replicas} replicas of {role} share {partitions} partitions: each needs one of its own"
            yield at(spec, MORE_THAN_PARTITIONS, path, message, f"say backend.kafka.partitions: {replicas}, or fewer")


def _readers(spec: Spec, reader: str, owner: str, owners_by_default: int) -> Iterator[Problem]:
    readers, owners = spec.get(*_replicas_of(reader)) or 1, spec.get(*_replicas_of(owner)) or owners_by_default
    if readers > owners:
        message = f"{readers} replicas of {reader}, but only {owners} of {owner} own a partition that spans go to"
        hint = f"say {owner}: {{replicas: {readers}}}, or fewer replicas of {reader}"
        yield at(spec, NOTHING_TO_READ, cause(spec, _replicas_of(reader), _replicas_of(owner)), message, hint)


def _replicas_of(role: str) -> Path:
    return ("backend", "roles", role, "replicas")


def _connection(spec: Spec, title: str, able: KafkaClient, said: Mapping[str, Any], others: str) -> Iterator[Problem]:
    path = ("backend", "kafka")
    if "tls" in said and not able.tls:
        message = f"{title} speaks to Kafka without TLS only"
        hint = f"use a listener without TLS that only this network reaches, or {others}"
        yield at(spec, NO_SUCH_CONNECTION, (*path, "tls"), message, hint)
    mechanism = said.get("sasl", {}).get("mechanism", "")
    if mechanism and able.mechanisms and mechanism not in able.mechanisms:
        message = f"{title} knows the mechanism {either(able.mechanisms)} only, not {mechanism}"
        hint = f"say {either(able.mechanisms)}, or use {others}"
        yield at(spec, NO_SUCH_CONNECTION, (*path, "sasl", "mechanism"), message, hint)
    if able.one_broker and len(said.get("brokers", [])) > 1:
        message = f"{title} takes one address and learns the other brokers from it: {said['brokers'][0]}"
        yield at(spec, FIRST_BROKER, (*path, "brokers", 1), message)
