"""OpenSearch and Elasticsearch: one node each, HTTP, without users."""

from __future__ import annotations

import json
import urllib.parse
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from programs.running import LOOPBACK, fetch, free_port
from programs.servers import artifacts
from programs.servers.java import QUICK, Java, find_java
from programs.servers.launch import Server, data_folder, give_to_nobody, is_root, loopback, running
from programs.servers.web import request

OPENSEARCH = "opensearch"
OPENSEARCH_MAIN = "org.opensearch.bootstrap.OpenSearch"
ELASTICSEARCH = "elasticsearch"
HEAP = ("-Xms512m", "-Xmx512m")
LOGGING = """\
status = error
appender.console.type = Console
appender.console.name = console
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = [%d{ISO8601}][%-5p][%-25c{1.}] %m%n
rootLogger.level = info
rootLogger.appenderRef.console.ref = console
"""


@dataclass(frozen=True)
class SearchServer(Server):
    """A node of OpenSearch or Elasticsearch, which is a whole cluster."""

    @property
    def url(self) -> str:
        """`http://host:port`."""
        return f"http://{self.address}"

    def call(self, method: str, path: str, content: Mapping[str, Any] | None = None) -> Any:
        """Ask its API; gives the JSON of the answer. Raises urllib.error.HTTPError for any status but 2xx."""
        body = None if content is None else json.dumps(content).encode()
        headers = {"Content-Type": "application/json"} if content is not None else {}
        return json.loads(request(method, f"{self.url}/{path.lstrip('/')}", body, headers).body or b"null")

    def create_index(self, index: str, settings: Mapping[str, Any] | None = None) -> None:
        """Create an index; a single node has no place for replicas."""
        self.call("PUT", index, {"settings": {"number_of_replicas": 0, **(settings or {})}})

    def indices(self, pattern: str = "*") -> list[str]:
        """The names of the indices that there are, sorted."""
        found = self.call("GET", f"_cat/indices/{urllib.parse.quote(pattern, safe='*,-')}?format=json&h=index")
        return sorted(each["index"] for each in found)


@contextmanager
def started_opensearch(logs: Path) -> Iterator[SearchServer]:
    """An empty OpenSearch, to the end of the block. Its version 2 needs Java's security manager, gone in 24."""
    java = find_java(OPENSEARCH, 17, 23)
    port = free_port()
    with data_folder(OPENSEARCH) as folder:
        configuration = _configured(OPENSEARCH, folder, port, {})
        home = _home(OPENSEARCH, folder)
        command: list[str | Path] = [java.program, *_opensearch_options(home, configuration, folder), OPENSEARCH_MAIN]
        with running(OPENSEARCH, command, folder, logs, lambda: _ready(port), as_nobody=is_root()) as node:
            yield SearchServer(artifacts.version(OPENSEARCH), LOOPBACK, port, node.pid, node.log)


@contextmanager
def started_elasticsearch(logs: Path) -> Iterator[SearchServer]:
    """An empty Elasticsearch, to the end of the block. Its launcher starts the server as a second process."""
    java = find_java(ELASTICSEARCH, 17, 23)
    port = free_port()
    with data_folder(ELASTICSEARCH) as folder:
        configuration = _configured(ELASTICSEARCH, folder, port, {"xpack.security.enabled": False})
        options = [*HEAP, *QUICK, "-XX:MaxDirectMemorySize=256m", f"-Djava.io.tmpdir={folder / 'tmp'}"]
        (configuration / "jvm.options").write_text("\n".join([*options, ""]), encoding="utf-8")
        home = _home(ELASTICSEARCH, folder)
        node = running(
            ELASTICSEARCH,
            ["bash", home / "bin" / "elasticsearch"],
            folder,
            logs,
            lambda: _ready(port),
            environment=_elasticsearch_environment(java, configuration, folder),
            as_nobody=is_root(),
        )
        with node as launcher:
            yield SearchServer(artifacts.version(ELASTICSEARCH), LOOPBACK, port, launcher.pid, launcher.log)


def _configured(name: str, folder: Path, port: int, more: Mapping[str, object]) -> Path:
    """The folder with the configuration; every JSON is YAML."""
    settings = {
        "cluster.name": "tracegen-tests",
        "node.name": "one",
        "discovery.type": "single-node",
        "http.host": LOOPBACK,
        "http.port": port,
        "transport.host": LOOPBACK,
        "transport.port": free_port(),
        "path.data": str(folder / "data"),
        "path.logs": str(folder / "logs"),
        # It would refuse writes on a disk that is nearly full.
        "cluster.routing.allocation.disk.threshold_enabled": False,
        **more,
    }
    configuration = folder / "configuration"
    for made in (configuration, folder / "tmp", folder / "logs"):
        made.mkdir()
    (configuration / f"{name}.yml").write_text(json.dumps(settings, indent=1), encoding="utf-8")
    (configuration / "log4j2.properties").write_text(LOGGING, encoding="utf-8")
    return configuration


def _home(name: str, folder: Path) -> Path:
    home = artifacts.unpacked(name)
    return give_to_nobody(name, folder, home) if is_root() else home


def _ready(port: int) -> bool:
    """Whether the node is a cluster that takes data."""
    return fetch(f"http://{loopback(port)}/_cluster/health?wait_for_status=yellow&timeout=2s").status == 200


def _opensearch_options(home: Path, configuration: Path, folder: Path) -> list[str]:
    """What its own start script sets, which is not in the distribution."""
    return [
        *HEAP,
        *QUICK,
        "-Xss1m",
        "-XX:MaxDirectMemorySize=256m",
        "-Dfile.encoding=UTF-8",
        "-Djava.awt.headless=true",
        "-Djava.security.manager=allow",
        "-Djava.util.concurrent.ForkJoinPool.common.threadFactory="
        "org.opensearch.secure_sm.SecuredForkJoinWorkerThreadFactory",
        "--add-opens=java.base/java.io=ALL-UNNAMED",
        "-Dio.netty.noUnsafe=true",
        "-Dio.netty.noKeySetOptimization=true",
        "-Dio.netty.recycler.maxCapacityPerThread=0",
        "-Dio.netty.allocator.numDirectArenas=0",
        "-Dlog4j.shutdownHookEnabled=false",
        "-Dlog4j2.disable.jmx=true",
        f"-Djava.io.tmpdir={folder / 'tmp'}",
        f"-Djna.tmpdir={folder / 'tmp'}",
        f"-Duser.home={folder / 'tmp'}",
        f"-Dopensearch.path.home={home}",
        f"-Dopensearch.path.conf={configuration}",
        "-Dopensearch.distribution.type=zip",
        "-Dopensearch.bundled_jdk=false",
        "-cp",
        str(home / "lib" / "*"),
    ]


def _elasticsearch_environment(java: Java, configuration: Path, folder: Path) -> dict[str, str]:
    return {
        "ES_JAVA_HOME": str(java.home),
        "ES_JAVA_OPTS": "",
        "ES_PATH_CONF": str(configuration),
        "ES_TMPDIR": str(folder / "tmp"),
        "HOME": str(folder / "tmp"),
        # For the launcher alone; the server has its own options.
        "CLI_JAVA_OPTS": "-Xmx64m -XX:-UsePerfData",
    }
