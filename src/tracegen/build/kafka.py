"""The broker between the roles of a scalable backend."""

from tracegen.build.references import literal_or_secret, secret
from tracegen.build.security import client_tls
from tracegen.decide.records import Kafka as Said
from tracegen.decide.records import KafkaSasl
from tracegen.system import Kafka, Sasl

HOST = "kafka"
PORT = 9092


def kafka_of(project: str, said: Said) -> Kafka:
    """Existing brokers, or one that the rendered system runs."""
    brokers = (HOST,) if said.brokers is None else said.brokers
    return Kafka(
        brokers=tuple(broker if ":" in broker else f"{broker}:{PORT}" for broker in brokers),
        topic=said.topic,
        partitions=said.partitions,
        replication_factor=said.replication_factor,
        tls=client_tls(said.tls, project),
        sasl=_sasl(said.sasl, project),
        inside=said.brokers is None,
        size=said.size,
    )


def _sasl(said: KafkaSasl | None, project: str) -> Sasl | None:
    if said is None:
        return None
    return Sasl(said.mechanism, literal_or_secret(said.username, project), secret(said.password, project))
