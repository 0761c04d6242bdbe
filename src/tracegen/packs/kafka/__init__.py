"""The broker between the roles of a scalable backend, when the spec names none: one node, for trying things out.

Sources: https://kafka.apache.org/documentation/#brokerconfigs and https://kafka.apache.org/documentation/#kraft
"""

import hashlib
from base64 import urlsafe_b64encode
from collections.abc import Iterable, Mapping

from tracegen.packs.contract import Companion
from tracegen.system import Call, Component, Design, FileMount, Health, Port, Resources, System, Volume, Wait, text
from tracegen.system.file import Written
from tracegen.system.system import Kafka as Broker
from tracegen.system.units import MEBIBYTE, size_in_bytes

BROKER = "kafka"
TOPIC_JOB = "kafka-topic"

#: Tempo writes records of up to 16 MB; Jaeger stays far below.
LARGEST_MESSAGE = 16 * MEBIBYTE

_PORT, _CONTROLLER_PORT = 9092, 9093
_FOLDER = "/var/lib/kafka"
_CONFIG, _TARGET = "kafka/server.properties", "/etc/kafka/server.properties"
_PROGRAMS = "/opt/kafka/bin"
_TOOLS_LOG = "/opt/kafka/config/tools-log4j2.yaml"
_MEMORY, _HEAP = 1024, 512
_RETENTION_HOURS = 24


#: Of the volume, for spans; the rest is for what is being deleted, and for Kafka's own topics.
_FULL = 0.8
#: Kafka deletes whole segments, the one that it writes to never: each partition may be one of them above its bound.
_SEGMENTS, _LARGEST_SEGMENT = 5, 2**30


def _partition_bytes(kafka: Broker) -> tuple[int, int]:
    """Bytes that a partition keeps, and of one of its segments."""
    most = int(size_in_bytes(kafka.size) * _FULL) // kafka.partitions
    segment = max(LARGEST_MESSAGE, min(_LARGEST_SEGMENT, most // _SEGMENTS))
    return max(LARGEST_MESSAGE, most - segment), segment


def _broker(design: Design, kafka: Broker) -> Component:
    image = design.images[BROKER]
    format_ = f"{_PROGRAMS}/kafka-storage.sh format --ignore-formatted --cluster-id {_cluster_id(design)}"
    script = f"{format_} --config {_TARGET} && exec {_PROGRAMS}/kafka-server-start.sh {_TARGET}"
    return Component(
        name=BROKER,
        image=image.reference,
        why="Holds spans between the process that takes them in and the one that stores them.",
        entrypoint=("sh", "-c", script),
        ports=(Port("kafka", _PORT),),
        health=Health(command=("nc", "-z", "127.0.0.1", str(_PORT)), port=_PORT, path=""),
        files=(FileMount(_CONFIG, _TARGET),),
        volumes=(Volume("kafka-data", _FOLDER, kafka.size, "spans on their way"),),
        environment={
            "KAFKA_HEAP_OPTS": text(f"-Xms{_HEAP}m -Xmx{_HEAP}m"),
            # The only folder beside the volume that the scripts of the image write to.
            "LOG_DIR": text("/tmp/logs"),
            # It is memory, of which its own log, and that of the garbage collector, would take ever more: the one
            # goes to the console as those of the tools do, the other nowhere.
            "KAFKA_LOG4J_OPTS": text(f"-Dlog4j2.configurationFile={_TOOLS_LOG}"),
            "EXTRA_ARGS": text("-name kafkaServer"),
        },
        resources=Resources(1.0, _MEMORY * MEBIBYTE),
        user=image.user,
        writable=("/tmp",),
        grace=60,
        login=False,
        production=False,
    )


def _topic_job(design: Design, kafka: Broker) -> Component:
    image = design.images[BROKER]
    program = f"{_PROGRAMS}/kafka-topics.sh --bootstrap-server {BROKER}:{_PORT} --topic {kafka.topic}"
    kept, segment = _partition_bytes(kafka)
    values = {
        "max.message.bytes": LARGEST_MESSAGE,
        "retention.ms": _RETENTION_HOURS * 3_600_000,
        # Whichever comes first: a full volume stops the broker.
        "retention.bytes": kept,
        "segment.bytes": segment,
    }
    settings = " ".join(f"--config {key}={value}" for key, value in values.items())
    create = (
        f"{program} --create --if-not-exists --partitions {kafka.partitions}"
        f" --replication-factor {kafka.replication_factor} {settings}"
    )
    # A topic that exists keeps its partitions; more can be added, and an error says that there is nothing to add.
    more = f"{{ {program} --alter --partitions {kafka.partitions} || true; }}"
    same = ",".join(f"{key}={value}" for key, value in values.items())
    configs = f"{_PROGRAMS}/kafka-configs.sh --bootstrap-server {BROKER}:{_PORT} --entity-type topics"
    change = f"{configs} --entity-name {kafka.topic} --alter --add-config {same}"
    return Component(
        name=TOPIC_JOB,
        image=image.reference,
        why="Makes the topic with its partitions, and ends.",
        entrypoint=("sh", "-c", f"{create} && {more} && {change}"),
        environment={"KAFKA_HEAP_OPTS": text("-Xmx128m"), "LOG_DIR": text("/tmp/logs")},
        resources=Resources(0.5, 256 * MEBIBYTE),
        needs={BROKER: Wait.HEALTHY},
        calls=(Call(BROKER, _PORT),),
        user=image.user,
        writable=("/tmp",),
        job=True,
    )


def _properties() -> dict[str, str]:
    return {
        "node.id": "1",
        "process.roles": "broker,controller",
        "listeners": f"PLAINTEXT://0.0.0.0:{_PORT},CONTROLLER://127.0.0.1:{_CONTROLLER_PORT}",
        "advertised.listeners": f"PLAINTEXT://{BROKER}:{_PORT}",
        "controller.listener.names": "CONTROLLER",
        "controller.quorum.voters": f"1@127.0.0.1:{_CONTROLLER_PORT}",
        "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "log.dirs": f"{_FOLDER}/data",
        "message.max.bytes": str(LARGEST_MESSAGE),
        "replica.fetch.max.bytes": str(LARGEST_MESSAGE),
        "log.retention.hours": str(_RETENTION_HOURS),
        "auto.create.topics.enable": "false",
        "offsets.topic.replication.factor": "1",
        "transaction.state.log.replication.factor": "1",
        "transaction.state.log.min.isr": "1",
        "share.coordinator.state.topic.replication.factor": "1",
        "share.coordinator.state.topic.min.isr": "1",
    }


def _cluster_id(design: Design) -> str:
    """Sixteen bytes, the same in every render: a volume that was formatted refuses another."""
    digest = hashlib.sha256(design.name.encode()).digest()[:16]
    return urlsafe_b64encode(digest).decode().rstrip("=").replace("-", "A")


class Kafka:
    """One broker, where the backend's roles need one and the spec names none."""

    def components(self, design: Design, others: Mapping[str, Component]) -> Iterable[Component]:
        """The broker, and the job that makes its topic; nothing when brokers exist already."""
        kafka = design.backend.kafka
        if kafka and kafka.inside:
            yield _broker(design, kafka)
            yield _topic_job(design, kafka)

    def configs(self, system: System) -> Iterable[Written]:
        """The broker's configuration."""
        kafka = system.backend.kafka
        if kafka and kafka.inside:
            lines = ["# Kafka in one process, broker and controller: one node, not for production."]
            lines += [f"{key}={value}" for key, value in _properties().items()]
            yield Written(_CONFIG, "\n".join(lines) + "\n", "packs/kafka")


COMPANION: Companion = Kafka()
