"""Cassandra: one node, CQL, without users."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from programs.running import LOOPBACK, free_port
from programs.servers import artifacts
from programs.servers.cql import Connection
from programs.servers.java import QUICK, find_java
from programs.servers.launch import Server, data_folder, loopback, running

NAME = "cassandra"
MAIN = "org.apache.cassandra.service.CassandraDaemon"
MEMORY = ("-Xms512m", "-Xmx512m", "-Xss512k", "-XX:MaxDirectMemorySize=256m")
# What SimpleSnitch calls it: replication and clients must say the same.
DATACENTER = "datacenter1"
LOGGING = """\
<configuration>
  <appender name="console" class="ch.qos.logback.core.ConsoleAppender">
    <encoder><pattern>%d{HH:mm:ss.SSS} %-5level %logger{20} %msg%n</pattern></encoder>
  </appender>
  <root level="INFO"><appender-ref ref="console"/></root>
</configuration>
"""
# What its own start script opens to it of Java.
OPENED = """
java.base/java.io java.base/java.lang java.base/java.lang.module java.base/java.lang.ref
java.base/java.lang.reflect java.base/java.math java.base/java.net java.base/java.nio java.base/java.util
java.base/java.util.concurrent java.base/java.util.concurrent.atomic java.base/jdk.internal.loader
java.base/jdk.internal.math java.base/jdk.internal.module java.base/jdk.internal.ref
java.base/jdk.internal.reflect java.base/jdk.internal.util java.base/jdk.internal.util.jar
java.base/jdk.internal.vm java.base/sun.nio.ch java.base/sun.nio.fs java.management/java.lang.management
java.management/com.sun.jmx.mbeanserver java.management.rmi/com.sun.jmx.remote.internal.rmi
java.management.rmi/javax.management.remote.rmi java.rmi/java.rmi java.rmi/sun.rmi.registry
java.rmi/sun.rmi.server java.rmi/sun.rmi.transport java.rmi/sun.rmi.transport.tcp java.sql/java.sql
jdk.compiler/com.sun.tools.javac.file jdk.management/com.sun.management
jdk.management/com.sun.management.internal jdk.naming.dns/com.sun.jndi.dns jdk.unsupported/sun.misc
"""


@dataclass(frozen=True)
class CassandraServer(Server):
    """A node of Cassandra, which is a whole cluster."""

    datacenter: str

    def options(self) -> dict[str, list[str]]:
        """What it supports, as it says to every client."""
        with Connection(self.host, self.port) as connection:
            return connection.options()

    def execute(self, statement: str) -> None:
        """Run a statement of CQL; raises programs.servers.cql.Refused."""
        with Connection(self.host, self.port) as connection:
            connection.startup()
            connection.execute(statement)

    def rows(self, query: str) -> list[dict[str, Any]]:
        """The rows that `SELECT …` finds, as JSON has them; raises programs.servers.cql.Refused."""
        with Connection(self.host, self.port) as connection:
            connection.startup()
            return connection.rows(query)


@contextmanager
def started(logs: Path) -> Iterator[CassandraServer]:
    """A node without keyspaces, to the end of the block. Its version 5.0 needs Java's security manager."""
    java = find_java(NAME, 17, 23).program
    jars = artifacts.jars(NAME)
    port = free_port()
    with data_folder(NAME) as folder:
        classpath = os.pathsep.join(map(str, [_configured(folder, port), *jars]))
        command: list[str | Path] = [java, *_options(folder), "-cp", classpath, MAIN]
        with running(NAME, command, folder, logs, lambda: _answers(port)) as node:
            yield CassandraServer(artifacts.version(NAME), LOOPBACK, port, node.pid, node.log, datacenter=DATACENTER)


def _configured(folder: Path, port: int) -> Path:
    """The folder with the configuration, of which the jars bring none; every JSON is YAML."""
    configuration = folder / "configuration"
    configuration.mkdir()
    (configuration / "cassandra.yaml").write_text(json.dumps(_settings(folder, port), indent=1), encoding="utf-8")
    (configuration / "logback.xml").write_text(LOGGING, encoding="utf-8")
    return configuration


def _settings(folder: Path, port: int) -> dict[str, Any]:
    storage = free_port()
    seeds = {"seeds": loopback(storage)}
    folders = {
        name: str(folder / name)
        for name in ("commitlog_directory", "saved_caches_directory", "hints_directory", "cdc_raw_directory")
    }
    patient = ("read_request_timeout", "range_request_timeout", "write_request_timeout", "request_timeout")
    return {
        "cluster_name": "tracegen-tests",
        "listen_address": LOOPBACK,
        "rpc_address": LOOPBACK,
        "storage_port": storage,
        "native_transport_port": port,
        "start_native_transport": True,
        "seed_provider": [{"class_name": "org.apache.cassandra.locator.SimpleSeedProvider", "parameters": [seeds]}],
        "endpoint_snitch": "SimpleSnitch",
        "partitioner": "org.apache.cassandra.dht.Murmur3Partitioner",
        # It is alone, so it has all of the ring and waits for nobody.
        "num_tokens": 1,
        "initial_token": "0",
        "allocate_tokens_for_local_replication_factor": 1,
        "auto_bootstrap": False,
        "hinted_handoff_enabled": False,
        "auto_snapshot": False,
        "data_file_directories": [str(folder / "data")],
        **folders,
        "commitlog_sync": "periodic",
        "commitlog_sync_period": "10s",
        "commitlog_segment_size": "16MiB",
        "commitlog_total_space": "128MiB",
        "memtable_heap_space": "64MiB",
        "memtable_offheap_space": "64MiB",
        "key_cache_size": "4MiB",
        "counter_cache_size": "1MiB",
        "file_cache_size": "32MiB",
        "networking_cache_size": "16MiB",
        "concurrent_reads": 4,
        "concurrent_writes": 4,
        "concurrent_counter_writes": 2,
        "concurrent_compactors": 1,
        **dict.fromkeys(patient, "20s"),
    }


def _options(folder: Path) -> list[str]:
    opened = [f"--add-{way}={package}=ALL-UNNAMED" for package in OPENED.split() for way in ("exports", "opens")]
    properties = {
        "java.security.manager": "allow",
        "java.io.tmpdir": folder,
        "jdk.attach.allowAttachSelf": "true",
        "jna.nosys": "true",
        "jna.tmpdir": folder,
        "io.netty.tryReflectionSetAccessible": "true",
        "logback.configurationFile": folder / "configuration" / "logback.xml",
        "cassandra.config": (folder / "configuration" / "cassandra.yaml").as_uri(),
        "cassandra.storagedir": folder,
        "cassandra.logdir": folder,
        "cassandra-foreground": "yes",
        "cassandra.available_processors": 2,
        "cassandra.ring_delay_ms": 100,
        "cassandra.skip_wait_for_gossip_to_settle": 0,
        "cassandra.superuser_setup_delay_ms": 0,
    }
    return [*MEMORY, *QUICK, *opened, *(f"-D{name}={value}" for name, value in properties.items())]


def _answers(port: int) -> bool:
    """Whether the node talks to clients; it opens the port when it is ready for them."""
    with Connection(LOOPBACK, port) as connection:
        return "CQL_VERSION" in connection.options()
