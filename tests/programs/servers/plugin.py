"""pytest fixtures that give real servers on this machine, each started when a test first asks for it.

They are shared by all tests of a run and stopped at its end. A test makes its own topic, index, keyspace or bucket.
Where one cannot be had, `programs.plugin` says what happens.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from typing import TypeVar

import pytest

from programs.build import ProgramMissing
from programs.plugin import absent, register
from programs.servers import artifacts, cassandra, kafka, kubernetes, node, s3, search
from programs.servers.cassandra import CassandraServer
from programs.servers.kafka import KafkaServer
from programs.servers.kubernetes import KubernetesServer
from programs.servers.launch import Server
from programs.servers.node import Node
from programs.servers.s3 import S3Server
from programs.servers.search import SearchServer

AnyServer = TypeVar("AnyServer", bound=Server)

FIXTURES = {
    "kafka_server": kafka.NAME,
    "opensearch_server": search.OPENSEARCH,
    "elasticsearch_server": search.ELASTICSEARCH,
    "cassandra_server": cassandra.NAME,
    "s3_server": s3.NAME,
    "kubernetes_server": kubernetes.NAME,
    "kubernetes_node": node.NAME,
    "checkov": "checkov",
}
register(FIXTURES)


@pytest.fixture(scope="session")
def kafka_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaServer]:
    """Kafka, for the split of collector and ingester."""
    yield from _shared("kafka_server", kafka.started, tmp_path_factory)


@pytest.fixture(scope="session")
def opensearch_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SearchServer]:
    """OpenSearch 2, without any plugin."""
    yield from _shared("opensearch_server", search.started_opensearch, tmp_path_factory)


@pytest.fixture(scope="session")
def elasticsearch_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SearchServer]:
    """Elasticsearch 8, without most of its modules."""
    yield from _shared("elasticsearch_server", search.started_elasticsearch, tmp_path_factory)


@pytest.fixture(scope="session")
def cassandra_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CassandraServer]:
    """Cassandra 5."""
    yield from _shared("cassandra_server", cassandra.started, tmp_path_factory)


@pytest.fixture(scope="session")
def s3_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    """Object storage that checks keys."""
    yield from _shared("s3_server", s3.started, tmp_path_factory)


@pytest.fixture(scope="session")
def kubernetes_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KubernetesServer]:
    """A Kubernetes API server with the custom resources of others."""
    yield from _shared("kubernetes_server", kubernetes.started, tmp_path_factory)


@pytest.fixture(scope="session")
def kubernetes_node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    """A Kubernetes that runs pods and enforces policies, for root on Linux."""
    with ExitStack() as stack:
        try:
            found = stack.enter_context(node.started(tmp_path_factory.mktemp("kubernetes_node")))
        except ProgramMissing as missing:
            absent(node.NAME, missing.reason)
        yield found


@pytest.fixture(scope="session")
def checkov() -> Path:
    """The folder of checkov's packages, for PYTHONPATH: it is a program, in no way a server."""
    try:
        return artifacts.packages("checkov")
    except ProgramMissing as missing:
        absent("checkov", missing.reason)


def _shared(
    fixture: str,
    start: Callable[[Path], AbstractContextManager[AnyServer]],
    folders: pytest.TempPathFactory,
) -> Iterator[AnyServer]:
    """The server until the end of the run; its log stays in pytest's own temporary folder."""
    with ExitStack() as stack:
        try:
            server = stack.enter_context(start(folders.mktemp(fixture)))
        except ProgramMissing as missing:
            absent(FIXTURES[fixture], missing.reason)
        yield server
