"""Tables with a time to live in ClickHouse, in servers that exist or in one of ours.

Configuration of Jaeger: https://www.jaegertracing.io/docs/latest/storage/clickhouse/
Image: https://github.com/ClickHouse/ClickHouse/tree/master/docker/server (Dockerfile.ubuntu, entrypoint.sh)
"""

import re

from tracegen.assemble.calls import server_calls
from tracegen.assemble.certificates import client_mounts, client_tls
from tracegen.assemble.variables import login_of, variables_of, with_port
from tracegen.decide.records import ClickhouseStorage
from tracegen.emit import Commented, Value
from tracegen.packs.contract import Storage
from tracegen.render.collector import config_text
from tracegen.system import Component, Health, Model, Port, Volume, Wait, text
from tracegen.system.storage_part import StoragePart

NAME = "clickhouse"

_NATIVE, _HTTP = 9000, 8123
_FOLDER = "/var/lib/clickhouse"

#: Versions of Jaeger that start with ClickHouse only when a feature gate says so; the gate is gone in 2.23.
_GATED = ((2, 18), (2, 21))
_GATE = "--feature-gates=storage.clickhouse"


def _config(model: Model) -> Value:
    config: dict[str, Value] = {
        "protocol": "native",
        "addresses": list(_addresses(model)),
        "database": Commented(_options(model).database, "Must be there: Jaeger makes tables, not the database."),
    }
    login = login_of(model)
    if login:
        config["auth"] = {"basic": {key: config_text(value) for key, value in login.items()}}
    tls = model.backend.storage.tls
    if tls:
        config["tls"] = {"insecure": False, **client_tls(NAME, tls)}
    return config | _schema(model)


def _addresses(model: Model) -> list[str]:
    return [with_port(each, _NATIVE) for each in _options(model).servers or [NAME]]


def _schema(model: Model) -> dict[str, Value]:
    if not _options(model).manage:
        why = "The tables are somebody else's, and so is the time to live of spans."
        return {"create_schema": Commented(False, why)}
    lasting = "Of tables that are made now: those that exist keep theirs, see ALTER TABLE … MODIFY TTL."
    return {
        "create_schema": Commented(True, "Spelt out: the default is false. Makes only what is not there."),
        "ttl": Commented(f"{model.backend.retention}h", lasting),
    }


def _options(model: Model) -> ClickhouseStorage:
    options: ClickhouseStorage = model.backend.storage.options
    return options


def _is_gated(version: str) -> bool:
    numbers = tuple(int(each) for each in re.findall(r"\d+", version)[:2])
    return _GATED[0] <= numbers < _GATED[1]


def _node(model: Model) -> Component:
    """One server, for whoever is in the network: its user has no password, so it has no published port."""
    database = _options(model).database
    image = model.images[NAME]
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
        volumes=(Volume("clickhouse-data", _FOLDER, _options(model).size, "spans"),),
        environment={
            "CLICKHOUSE_DB": text(database),
            # Without it the entrypoint writes into /etc, and lets only its own container in.
            "CLICKHOUSE_SKIP_USER_SETUP": text("1"),
        },
        # The server takes nine tenths of its container's memory by default, and no more.
        resources=model.backend.server,
        user=image.user,
        writable=("/tmp", "/var/log/clickhouse-server"),
        grace=60,
        production=False,
    )


class ClickHouse:
    """ClickHouse as a storage of Jaeger."""

    def part(self, model: Model) -> StoragePart:
        """ClickHouse in Jaeger."""
        inside = model.backend.storage.inside
        return StoragePart(
            config={"clickhouse": _config(model)},
            components=(_node(model),) if inside else (),
            secret_files=client_mounts(NAME, model.backend.storage.tls),
            environment=variables_of(login_of(model).values()),
            needs={NAME: Wait.HEALTHY} if inside else {},
            calls=server_calls(_addresses(model)),
            args=(_GATE,) if _is_gated(model.images["jaeger"].version) else (),
        )


STORAGE: Storage = ClickHouse()
