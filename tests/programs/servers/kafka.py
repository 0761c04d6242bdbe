"""Kafka: one node that is broker and controller, plain text."""

from __future__ import annotations

import os
import socket
import struct
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from programs.running import LOOPBACK, free_port
from programs.servers import artifacts
from programs.servers.java import QUICK, find_java
from programs.servers.launch import Server, data_folder, loopback, running

NAME = "kafka"
HEAP = "-Xmx256m"
TOOL_HEAP = "-Xmx128m"
TOOL_SECONDS = 60
ANSWER_SECONDS = 5
CLUSTER = "tracegen-tests-kafkaAA"  # 22 characters of Base64
# Clients that send more than this are not what is tested; Tempo's writer asks for it.
LARGEST_MESSAGE = 16_000_000
API_VERSIONS = 18


@dataclass(frozen=True)
class KafkaServer(Server):
    """A Kafka broker; `java` and `classpath` are for its own tools."""

    java: Path = field(repr=False)
    classpath: str = field(repr=False)

    def create_topic(self, topic: str, partitions: int = 1, settings: Mapping[str, str] | None = None) -> None:
        """Create a topic; there is one broker, hence one replica."""
        words = ["--partitions", str(partitions), "--replication-factor", "1"]
        words += [word for name, value in (settings or {}).items() for word in ("--config", f"{name}={value}")]
        self.tool("org.apache.kafka.tools.TopicCommand", "--create", "--topic", topic, *words)

    def send(self, topic: str, lines: bytes) -> None:
        """Write messages to a topic, one a line."""
        self.tool("org.apache.kafka.tools.ConsoleProducer", "--topic", topic, given=lines)

    def end_offsets(self, topic: str) -> dict[int, int]:
        """How many messages were written to each partition of a topic."""
        lines = self.tool("org.apache.kafka.tools.GetOffsetShell", "--topic", topic).splitlines()
        return {int(partition): int(offset) for _, partition, offset in (line.rsplit(":", 2) for line in lines)}

    def tool(self, main: str, *arguments: str, given: bytes = b"") -> str:
        """Run one of Kafka's own tools against this broker (a second each); gives what it printed."""
        return _tool(self.java, self.classpath, main, "--bootstrap-server", self.address, *arguments, given=given)


@contextmanager
def started(logs: Path) -> Iterator[KafkaServer]:
    """A broker without topics, to the end of the block."""
    java = find_java(NAME, 17, 25).program
    classpath = os.pathsep.join(map(str, artifacts.jars(NAME)))
    port = free_port()
    with data_folder(NAME) as folder:
        configuration = _configured(folder, port, free_port())
        _tool(java, classpath, "kafka.tools.StorageTool", "format", "-t", CLUSTER, "-c", str(configuration))
        options = [*QUICK, HEAP, "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn", "-cp", classpath]
        command: list[str | Path] = [java, *options, "kafka.Kafka", configuration]
        with running(NAME, command, folder, logs, lambda: _answers(port)) as broker:
            yield KafkaServer(
                artifacts.version(NAME), LOOPBACK, port, broker.pid, broker.log, java=java, classpath=classpath
            )


def _configured(folder: Path, port: int, controller: int) -> Path:
    settings = {
        "process.roles": "broker,controller",
        "node.id": 1,
        "controller.quorum.voters": f"1@{loopback(controller)}",
        "controller.listener.names": "CONTROLLER",
        "listeners": f"PLAINTEXT://{loopback(port)},CONTROLLER://{loopback(controller)}",
        "advertised.listeners": f"PLAINTEXT://{loopback(port)}",
        "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "log.dirs": folder / "data",
        "message.max.bytes": LARGEST_MESSAGE,
        "group.initial.rebalance.delay.ms": 0,
        "log.cleaner.dedupe.buffer.size": 16 * 1024 * 1024,
        # Its own topics would wait for two more brokers.
        "offsets.topic.num.partitions": 1,
        "offsets.topic.replication.factor": 1,
        "transaction.state.log.num.partitions": 1,
        "transaction.state.log.replication.factor": 1,
        "transaction.state.log.min.isr": 1,
        "share.coordinator.state.topic.num.partitions": 1,
        "share.coordinator.state.topic.replication.factor": 1,
        "share.coordinator.state.topic.min.isr": 1,
    }
    path = folder / "server.properties"
    path.write_text("".join(f"{name}={value}\n" for name, value in settings.items()), encoding="utf-8")
    return path


def _tool(java: Path, classpath: str, main: str, *arguments: str, given: bytes = b"") -> str:
    options = [*QUICK, TOOL_HEAP, "-Dorg.slf4j.simpleLogger.defaultLogLevel=error", "-cp", classpath]
    done = subprocess.run(
        ["nice", java, *options, main, *arguments], input=given, capture_output=True, timeout=TOOL_SECONDS
    )
    printed = done.stdout.decode()
    assert done.returncode == 0, f"{main} {' '.join(arguments)}: {printed}{done.stderr.decode()}"
    return printed


def _answers(port: int) -> bool:
    """Whether the broker says which requests it knows, which is the first that every client asks."""
    request = struct.pack(">hhih", API_VERSIONS, 0, 1, -1)  # version 0, request 1, no name of a client
    with socket.create_connection((LOOPBACK, port), ANSWER_SECONDS) as client:
        client.sendall(struct.pack(">i", len(request)) + request)
        with client.makefile("rb") as answer:
            return answer.read(10)[4:] == struct.pack(">ih", 1, 0)  # the same request, no error
