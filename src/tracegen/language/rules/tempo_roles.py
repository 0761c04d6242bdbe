"""What Tempo's microservices ask of Kafka and of the number of their replicas."""

from collections.abc import Iterator
from typing import Any

from tracegen.language.rules._shared import at
from tracegen.language.spec import Spec
from tracegen.packs import Catalogue
from tracegen.problems import Code, Problem, Severity

MORE_THAN_PARTITIONS = Code("TG350", "More replicas than partitions")
KAFKA_OF_TEMPO = Code("TG351", "Tempo cannot connect to Kafka this way")
FIRST_BROKER = Code("TG352", "Tempo asks the first broker", Severity.NOTE)

#: Each of these owns a partition, so one too many would own none.
_OWNERS = ("live-store", "block-builder")


def check(spec: Spec, packs: Catalogue) -> Iterator[Problem]:
    """Only for Tempo in mode scalable."""
    backend = spec.value["backend"]
    if backend["type"] == "tempo" and backend.get("mode") == "scalable":
        kafka = backend.get("kafka", {})
        yield from _replicas(spec, kafka.get("partitions", 3))
        yield from _connection(spec, kafka)


def _replicas(spec: Spec, partitions: int) -> Iterator[Problem]:
    for role in _OWNERS:
        path = ("backend", "roles", role, "replicas")
        replicas = spec.get(*path) or 0
        if replicas > partitions:
            message = f"{replicas} replicas of {role} share {partitions} partitions: each needs one of its own"
            yield at(spec, MORE_THAN_PARTITIONS, path, message, f"say backend.kafka.partitions: {replicas}, or fewer")


def _connection(spec: Spec, kafka: dict[str, Any]) -> Iterator[Problem]:
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
