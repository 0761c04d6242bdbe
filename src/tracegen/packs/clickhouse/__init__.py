"""Tables with a time to live in ClickHouse, in servers that exist or in one of ours.

Configuration of Jaeger: https://www.jaegertracing.io/docs/latest/storage/clickhouse/
Image: https://github.com/ClickHouse/ClickHouse/tree/master/docker/server (Dockerfile.ubuntu, entrypoint.sh)
"""

from tracegen.decide.records import ClickhouseStorage
from tracegen.emit import Commented, Value
from tracegen.packs.contract import Storage
from tracegen.parts.calls import server_calls
from tracegen.parts.certificates import client_mounts
from tracegen.parts.variables import login_of, variables_of, with_port
from tracegen.render.otel.text import config_text
from tracegen.render.otel.tls import client_tls
from tracegen.system import Component, Design, FileMount, Health, Port, Volume, Wait, text
from tracegen.system.file import Structured
from tracegen.system.storage_part import StoragePart

NAME = "clickhouse"

_NATIVE, _HTTP = 9000, 8123
_LOGS, _LOGS_TARGET = "clickhouse/logs.yaml", "/etc/clickhouse-server/config.d/tracegen-logs.yaml"
#: The tables of its own that the server writes to by default and keeps for ever (programs/server/config.xml).
_OWN_TABLES = (
    "query_log",
    "query_thread_log",
    "query_views_log",
    "query_metric_log",
    "part_log",
    "trace_log",
    "text_log",
    "error_log",
    "latency_log",
    "metric_log",
    "asynchronous_metric_log",
)
_OWN_DAYS = 3
_FOLDER = "/var/lib/clickhouse"

#: Versions of Jaeger that start with ClickHouse only when a feature gate says so; the gate is gone in 2.23.
_GATED = ("2.18", "2.21")
_GATE = "--feature-gates=storage.clickhouse"


def _config(design: Design) -> Value:
    config: dict[str, Value] = {
        "protocol": "native",
        "addresses": list(_addresses(design)),
        "database": Commented(_options(design).database, "Must be there: Jaeger makes tables, not the database."),
    }
    login = login_of(design)
    if login:
        config["auth"] = {"basic": {key: config_text(value) for key, value in login.items()}}
    tls = design.backend.storage.tls
    if tls:
        config["tls"] = {"insecure": False, **client_tls(NAME, tls)}
    return config | _schema(design)


def _addresses(design: Design) -> list[str]:
    return [with_port(each, _NATIVE) for each in _options(design).servers or [NAME]]


def _schema(design: Design) -> dict[str, Value]:
    if not _options(design).manage:
        why = "The tables are somebody else's, and so is the time to live of spans."
        return {"create_schema": Commented(False, why)}
    lasting = "Of tables that are made now: those that exist keep theirs, see ALTER TABLE … MODIFY TTL."
    return {
        "create_schema": Commented(True, "Spelt out: the default is false. Makes only what is not there."),
        "ttl": Commented(f"{design.backend.retention}h", lasting),
    }


def _options(design: Design) -> ClickhouseStorage:
    return design.backend.storage.options_as(ClickhouseStorage)


def _is_gated(design: Design) -> bool:
    jaeger, (since, until) = design.images["jaeger"], _GATED
    return jaeger.is_before(until) and not jaeger.is_before(since)


def _node(design: Design) -> Component:
    """One server, for whoever is in the network: its user has no password, so it has no published port."""
    database = _options(design).database
    image = design.images[NAME]
    return Component(
        name=NAME,
        image=image.reference,
        why="Keeps the spans.",
        ports=(Port("native", _NATIVE), Port("http", _HTTP)),
        health=Health(
            command=("clickhouse-client", "--database", database, "--query", "SELECT 1"),
            port=_HTTP,
            path="/ping",
            start_period=30,
            interval=5,
            timeout=5,
            retries=12,
        ),
        files=(FileMount(_LOGS, _LOGS_TARGET),),
        volumes=(Volume("clickhouse-data", _FOLDER, _options(design).size, "spans"),),
        environment={
            "CLICKHOUSE_DB": text(database),
            # Without it the entrypoint writes into /etc, and lets only its own container in.
            "CLICKHOUSE_SKIP_USER_SETUP": text("1"),
        },
        # The server takes nine tenths of its container's memory by default, and no more.
        resources=design.backend.server,
        user=image.user,
        writable=("/tmp", "/var/log/clickhouse-server"),
        grace=60,
        login=False,
        production=False,
    )


def _logs() -> Structured:
    kept_for = f"here {_OWN_DAYS} days of it, by default for ever"
    head = f"ClickHouse writes of its own work into tables beside the spans: {kept_for}."
    kept: Value = {"ttl": f"event_date + INTERVAL {_OWN_DAYS} DAY DELETE"}
    return Structured(_LOGS, dict.fromkeys(_OWN_TABLES, kept), head, f"packs/{NAME}")


class ClickHouse:
    """ClickHouse as a storage of Jaeger."""

    def part(self, design: Design) -> StoragePart:
        """ClickHouse in Jaeger."""
        inside = design.backend.storage.inside
        return StoragePart(
            config={"clickhouse": _config(design)},
            components=(_node(design),) if inside else (),
            files=(_logs(),) if inside else (),
            secret_files=client_mounts(NAME, design.backend.storage.tls),
            environment=variables_of(login_of(design).values()),
            needs={NAME: Wait.HEALTHY} if inside else {},
            calls=server_calls(_addresses(design)),
            args=(_GATE,) if _is_gated(design) else (),
        )


STORAGE: Storage = ClickHouse()
