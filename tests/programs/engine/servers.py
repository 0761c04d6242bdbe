"""Stand-ins for images of servers, made of the packages that other tests start them from, and of Debian's Java.

Each has the program at the path of the real image, under its user, and takes the variables and files that tracegen
renders. What the real image's own scripts do beyond that is not judged here.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from programs.build import find
from programs.servers import artifacts, cassandra, search

#: What lies beside a Dockerfile: a file or a folder that is copied, or a text.
Beside = Mapping[str, Path | str]

_SEARCH_SETTINGS = "network.host: 0.0.0.0\n"
# As the entry points of both do it: variables with a point are settings. A shell hands none of them on.
_SEARCH_START = """\
#!/bin/sh
variables=$(tr '\\0' '\\n' <"/proc/$$/environ" | grep '^[a-z_]*[.][a-z_.]*=' | grep -v '^ingest[.]geoip')
settings=$(echo "$variables" | sed 's/^/-E/')
cd /usr/share/{name} && exec {command} $settings
"""
# Of Kafka's scripts those that are rendered, with the variables that are rendered.
_KAFKA_RUN = """\
#!/bin/sh
main=$1; shift
set -- -Dkafka.logs.dir="$LOG_DIR" -cp "/opt/kafka/libs/*" "$main" "$@"
exec java ${KAFKA_HEAP_OPTS:--Xmx256m} $KAFKA_LOG4J_OPTS "$@"
"""
_KAFKA_SCRIPTS = {
    "kafka-server-start.sh": "kafka.Kafka",
    "kafka-storage.sh": "kafka.tools.StorageTool",
    "kafka-topics.sh": "org.apache.kafka.tools.TopicCommand",
    "kafka-configs.sh": "kafka.admin.ConfigCommand",
    "kafka-consumer-groups.sh": "org.apache.kafka.tools.consumer.group.ConsumerGroupCommand",
}
# Like the real entry point: the address of this start, whatever the last one had.
_CASSANDRA_START = """\
#!/usr/bin/python3
import json, os, shlex, socket
from pathlib import Path
place = Path(os.environ["CASSANDRA_CONF"])
said = json.loads((place / "settings.json").read_text())
own = socket.gethostbyname(socket.gethostname())
said["settings"] |= {
    "listen_address": own, "rpc_address": "0.0.0.0", "broadcast_rpc_address": own,
    "seed_provider": [{**said["settings"]["seed_provider"][0], "parameters": [{"seeds": own}]}],
    "endpoint_snitch": os.environ["CASSANDRA_ENDPOINT_SNITCH"],
}
(place / "cassandra.yaml").write_text(json.dumps(said["settings"]))
(place / "cassandra-rackdc.properties").write_text(f"dc={os.environ['CASSANDRA_DC']}\\nrack=rack1\\n")
heap = os.environ["MAX_HEAP_SIZE"]
memory = [f"-Xms{heap}", f"-Xmx{heap}", f"-XX:MaxDirectMemorySize={os.environ['MAX_DIRECT_MEMORY_SIZE']}"]
own_options = shlex.split(os.environ["JVM_EXTRA_OPTS"])
classpath = f"{place}:/opt/cassandra/lib/*"
words = ["java", *said["options"], *memory, *own_options, "-cp", classpath, said["main"]]
os.execvp("java", words)
"""
_CQLSH = """\
#!/usr/bin/python3
import sys
sys.path.insert(0, "/opt/cassandra/tools")
from cql import Connection
with Connection("127.0.0.1", 9042) as node:
    node.startup()
    node.execute(sys.argv[sys.argv.index("-e") + 1])
"""
# Nothing of Spark can be had: the container comes up, and its page stays empty.
_NO_SPARK = """\
FROM tracegen/busybox
RUN printf '#!/bin/sh\\necho "a stand-in: no graph is made"\\n' >/entrypoint.sh && chmod 755 /entrypoint.sh
USER 65534
ENTRYPOINT ["/entrypoint.sh"]
"""
_CLEANER = """\
FROM tracegen/busybox
COPY cleaner /go/bin/es-index-cleaner-linux
USER 10001
ENTRYPOINT ["/go/bin/es-index-cleaner-linux"]
"""


def kafka(install: str) -> tuple[str, Beside]:
    """`install`: the line of a Dockerfile that begins from Debian and installs the packages after it."""
    scripts: dict[str, Path | str] = {
        name: f'#!/bin/sh\nexec /opt/kafka/bin/run {main} "$@"\n' for name, main in _KAFKA_SCRIPTS.items()
    }
    dockerfile = (
        f"{install} openjdk-25-jre-headless netcat-openbsd\n"
        "RUN useradd --uid 1000 appuser && mkdir -p /opt/kafka/config && touch /opt/kafka/config/tools-log4j2.yaml\n"
        f"COPY run {' '.join(scripts)} /opt/kafka/bin/\nCOPY libs /opt/kafka/libs\nUSER 1000\n"
    )
    return dockerfile, {"run": _KAFKA_RUN, **scripts, "libs": artifacts.jars("kafka")[0].parent}


def opensearch(install: str) -> tuple[str, Beside]:
    """Without plugins, so variables that turn those off mean nothing."""
    home = Path("/usr/share/opensearch")
    options = search._opensearch_options(home, home / "config", home)
    # The real image lets the variable have the last word, and makes its folder for temporary files itself.
    words = [word.replace(str(home / "tmp"), "/tmp") for word in options]
    java = " ".join(["java", *(f"'{word}'" for word in words[:-2]), "$OPENSEARCH_JAVA_OPTS", "-cp", f"'{words[-1]}'"])
    return _search("opensearch", install, f"{java} {search.OPENSEARCH_MAIN}")


def elasticsearch(install: str) -> tuple[str, Beside]:
    """Without the modules of the whole distribution: the setting of the geoip module is left out."""
    return _search(
        "elasticsearch", install, "bash bin/elasticsearch", "ENV ES_JAVA_HOME=/usr/lib/jvm/java-21-openjdk-amd64\n"
    )


def _search(name: str, install: str, command: str, more: str = "") -> tuple[str, Beside]:
    home = f"/usr/share/{name}"
    dockerfile = (
        f"{install} openjdk-21-jre-headless curl\nCOPY home {home}\nCOPY start /usr/local/bin/docker-entrypoint.sh\n"
        f"COPY {name}.yml {home}/config/\n{more}"
        f"RUN useradd --uid 1000 {name} && mkdir -p {home}/data {home}/logs && chown -R 1000:1000 {home}\n"
        'USER 1000\nENTRYPOINT ["/usr/local/bin/docker-entrypoint.sh"]\n'
    )
    start = _SEARCH_START.format(name=name, command=command)
    return dockerfile, {"home": artifacts.unpacked(name), "start": start, f"{name}.yml": _SEARCH_SETTINGS}


def cassandra_server(install: str) -> tuple[str, Beside]:
    """Its own start writes the configuration, as the real one edits its own; `cqlsh -e` runs one statement."""
    data = Path("/var/lib/cassandra")
    settings = {**cassandra._settings(data, 9042), "storage_port": 7000, "cluster_name": "Test Cluster"}
    conf = Path("/tmp/cassandra")
    wrong = ("-Xms", "-Xmx", "-XX:MaxDirectMemorySize", "-Dcassandra.config=", "-Dlogback", "-Djava.io.tmpdir")
    options = [each for each in cassandra._options(data) if not each.startswith(wrong)]
    options += [
        f"-Dcassandra.config={(conf / 'cassandra.yaml').as_uri()}",
        f"-Dlogback.configurationFile={conf}/logback.xml",
    ]
    said = json.dumps({"settings": settings, "options": options, "main": cassandra.MAIN})
    dockerfile = (
        f"{install} openjdk-21-jre-headless python3\n"
        "RUN useradd --uid 999 cassandra && mkdir -p /var/lib/cassandra && chown 999:999 /var/lib/cassandra\n"
        "COPY lib /opt/cassandra/lib\nCOPY cql.py /opt/cassandra/tools/\n"
        "COPY settings.json logback.xml /etc/cassandra/\n"
        "COPY docker-entrypoint.sh cqlsh /usr/local/bin/\nUSER 999\n"
    )
    beside: dict[str, Path | str] = {
        "lib": artifacts.jars("cassandra")[0].parent,
        "cql.py": Path(cassandra.__file__).with_name("cql.py"),
        "settings.json": said,
        "logback.xml": cassandra.LOGGING,
        "docker-entrypoint.sh": _CASSANDRA_START,
        "cqlsh": _CQLSH,
    }
    return dockerfile, beside


def index_cleaner(install: str) -> tuple[str, Beside]:
    """The real program."""
    return _CLEANER, {"cleaner": find("jaeger-es-index-cleaner")}


def dependencies(install: str) -> tuple[str, Beside]:
    """A program that does nothing: the one thing on the engine that is not real."""
    return _NO_SPARK, {}
