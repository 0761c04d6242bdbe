"""The broker between the roles of a scalable backend."""

from typing import Any

from tracegen.resolve.decider import Decider
from tracegen.resolve.references import literal_or_secret, secret
from tracegen.resolve.security import client_tls
from tracegen.system import Kafka, Sasl

HOST = "kafka"
PORT = 9092

_PATH = ("backend", "kafka")


def resolve_kafka(decider: Decider) -> Kafka:
    """Existing brokers, or one that the rendered system runs."""
    said: dict[str, Any] = decider.spec.get(*_PATH) or {}
    project = decider.spec.value["name"]
    why = "no broker is named: the rendered system runs one"
    brokers = decider.take((*_PATH, "brokers"), [f"{HOST}:{PORT}"], why)
    inside = "brokers" not in said
    return Kafka(
        brokers=tuple(broker if ":" in broker else f"{broker}:{PORT}" for broker in brokers),
        topic=decider.take((*_PATH, "topic"), f"{project}-spans", "the project's name"),
        partitions=decider.take((*_PATH, "partitions"), 3, "the default"),
        replication_factor=decider.take(
            (*_PATH, "replication_factor"), 1 if inside else 3, "one broker" if inside else "the default"
        ),
        tls=client_tls(said.get("tls"), project),
        sasl=_sasl(said.get("sasl"), project),
        inside=inside,
    )


def _sasl(said: dict[str, Any] | None, project: str) -> Sasl | None:
    if said is None:
        return None
    username = literal_or_secret(said["username"], project)
    return Sasl(said["mechanism"], username, secret(said["password"], project))
