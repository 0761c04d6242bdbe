"""Tables with a time to live in Cassandra, in a cluster that exists or in one node of ours.

Configuration of Jaeger: https://www.jaegertracing.io/docs/latest/storage/cassandra/
Image: https://github.com/docker-library/cassandra (5.0/Dockerfile, docker-entrypoint.sh)
"""

from collections.abc import Mapping

from tracegen.decide.records import CassandraStorage
from tracegen.emit import Commented, Value
from tracegen.packs.contract import Storage
from tracegen.packs.search.dependency_graph import Reader, dependency_job
from tracegen.parts.calls import server_calls
from tracegen.parts.certificates import client_mounts
from tracegen.parts.variables import login_of, variables_of, with_port
from tracegen.render.otel.text import config_text
from tracegen.render.otel.tls import client_tls
from tracegen.system import Component, Design, Health, Port, Text, Volume, Wait, text
from tracegen.system.storage_part import StoragePart
from tracegen.system.units import MEBIBYTE

NAME = "cassandra"

_PORT = 9042
_FOLDER = "/var/lib/cassandra"
_CONFIG = "/tmp/cassandra"

#: Of the memory of the node of ours: half for the heap, a quarter for what Cassandra keeps outside of it.
_HEAP, _DIRECT = 2, 4

#: Cassandra groups tables by time; about fifty groups over the life of a span is what its authors advise.
_WINDOWS = 48


def _needs(inside: bool) -> Mapping[str, Wait]:
    return {NAME: Wait.HEALTHY} if inside else {}


def _dependencies(design: Design) -> tuple[Component, ...]:
    options, tls = _options(design), design.backend.storage.tls
    if not options.manage:
        return ()
    login = login_of(design)
    environment: dict[str, Text] = {
        "CASSANDRA_CONTACT_POINTS": text(",".join(_servers(options))),
        "CASSANDRA_KEYSPACE": text(options.keyspace),
        "CASSANDRA_LOCAL_DC": text(options.datacenter),
        # It insists on a name; a server without users does not look at it.
        "CASSANDRA_USERNAME": login.get("username", text("nobody")),
        "CASSANDRA_PASSWORD": login.get("password", text("none")),
        **({"CASSANDRA_USE_SSL": text("true")} if tls else {}),
    }
    # A keyspace that Jaeger makes is there when Jaeger is.
    needs = {"jaeger-query" if design.backend.roles else "jaeger": Wait.HEALTHY}
    return dependency_job(
        Reader(NAME, environment, client_mounts(NAME, tls), needs, server_calls(_servers(options))), design
    )


def _schema(design: Design) -> dict[str, Value]:
    options, hours = _options(design), design.backend.retention
    schema: dict[str, Value] = {"keyspace": options.keyspace}
    if not options.manage:
        why = "The keyspace and its tables are somebody else's, and so is the time to live of spans."
        return schema | {"create": Commented(False, why)}
    lasting = (
        "Of tables that are made now: those that exist keep theirs, see ALTER TABLE … WITH default_time_to_live."
    )
    return schema | {
        "create": Commented(True, "Spelt out: the default is false. Makes only what is not there."),
        "datacenter": options.datacenter,
        "replication_factor": options.replication_factor,
        "trace_ttl": Commented(f"{hours}h", lasting),
        "dependencies_ttl": f"{hours}h",
        "compaction_window": f"{max(1, -(-hours // _WINDOWS))}h",
    }


def _archive(design: Design) -> Value:
    """The same in a keyspace of its own, whose spans have no end."""
    schema: dict[str, Value] = dict(_schema(design))
    schema["keyspace"] = f"{schema['keyspace']}_archive"
    if schema.get("trace_ttl"):
        schema |= {
            "trace_ttl": Commented("0s", "Without an end: what was put aside stays."),
            "dependencies_ttl": "0s",
        }
    return schema


def _connection(design: Design) -> Value:
    options = _options(design)
    servers: list[Value] = [*_servers(options)]
    connection: dict[str, Value] = {
        "servers": Commented(servers, "With the port: a bare host name is refused."),
        "local_dc": options.datacenter,
    }
    login = login_of(design)
    if login:
        connection["auth"] = {"basic": {key: config_text(value) for key, value in login.items()}}
    tls = design.backend.storage.tls
    connection["tls"] = {"insecure": False, **client_tls(NAME, tls)} if tls else {"insecure": True}
    return connection


def _servers(options: CassandraStorage) -> list[str]:
    return [with_port(each, _PORT) for each in options.servers or [NAME]]


def _options(design: Design) -> CassandraStorage:
    return design.backend.storage.options_as(CassandraStorage)


def _node(design: Design) -> Component:
    """One node. All it writes goes to its volume, and the configuration that its entrypoint edits is a copy."""
    options, resources = _options(design), design.backend.server
    assert resources, "its pack says what it takes"
    image = design.images[NAME]
    folders = f"mkdir -p {_FOLDER}/tmp {_FOLDER}/logs {_CONFIG}"
    script = f"{folders} && cp -r /etc/cassandra/. {_CONFIG} && exec docker-entrypoint.sh cassandra -f"
    return Component(
        name=NAME,
        image=image.reference,
        why="Keeps the spans.",
        entrypoint=("sh", "-c", script),
        ports=(Port("cql", _PORT),),
        health=Health(
            command=("cqlsh", "-e", "SELECT now() FROM system.local"),
            port=_PORT,
            path="",
            start_period=60,
            interval=10,
            timeout=10,
            retries=12,
        ),
        volumes=(Volume("cassandra-data", _FOLDER, options.size, "spans"),),
        environment={
            "MAX_HEAP_SIZE": text(f"{resources.memory // MEBIBYTE // _HEAP}M"),
            "MAX_DIRECT_MEMORY_SIZE": text(f"{resources.memory // MEBIBYTE // _DIRECT}M"),
            "CASSANDRA_CONF": text(_CONFIG),
            "CASSANDRA_LOG_DIR": text(f"{_FOLDER}/logs"),
            "CASSANDRA_ENDPOINT_SNITCH": text("GossipingPropertyFileSnitch"),
            "CASSANDRA_DC": text(options.datacenter),
            # Native libraries are unpacked there and loaded, which a folder in memory does not allow.
            "JVM_EXTRA_OPTS": text(f"-Djava.io.tmpdir={_FOLDER}/tmp"),
            "HOME": text(f"{_FOLDER}/tmp"),
        },
        resources=resources,
        user=image.user,
        writable=("/tmp",),
        grace=60,
        login=False,
        production=False,
    )


class Cassandra:
    """Cassandra as a storage of Jaeger."""

    def part(self, design: Design) -> StoragePart:
        """Cassandra in Jaeger."""
        options, inside = _options(design), design.backend.storage.inside
        tls = design.backend.storage.tls
        return StoragePart(
            config={"cassandra": {"schema": _schema(design), "connection": _connection(design)}},
            archive={"cassandra": {"schema": _archive(design), "connection": _connection(design)}},
            components=(*((_node(design),) if inside else ()), *_dependencies(design)),
            secret_files=client_mounts(NAME, tls),
            environment=variables_of(login_of(design).values()),
            needs=_needs(inside),
            calls=server_calls(_servers(options)),
        )


STORAGE: Storage = Cassandra()
