"""Elasticsearch and OpenSearch as storages of Jaeger: the same schema, different servers.

Configuration: https://www.jaegertracing.io/docs/latest/storage/elasticsearch/ and the index cleaner's page there.
"""

from collections.abc import Mapping
from typing import Any

from tracegen.assemble.certificates import client_mounts, client_path, client_tls
from tracegen.assemble.variables import login_of, variables_of
from tracegen.emit import Commented, Value, collector_escape
from tracegen.model import Component, Model, Secret, SecretMount, Text, Volume, Wait, text
from tracegen.model.component import Resources
from tracegen.model.storage_part import StoragePart
from tracegen.model.units import MEBIBYTE

PORT = 9200

_DAY_HOURS = 24
_CLEANER = "jaeger-index-cleaner"
_INDICES = ("spans", "services", "dependencies", "sampling")

#: Days of spans that the cleaner keeps beside the retention: today's index is not a whole day yet.
_TODAY = 1


def search_storage(name: str, node: Component, model: Model) -> StoragePart:
    """What Jaeger needs of a cluster called `name`; `node` is the one that runs when the spec names no server."""
    options = model.backend.storage.options
    inside = not servers_said(options)
    managed = options.get("manage", True)
    needs = {name: Wait.HEALTHY} if inside else {}
    components = [node] if inside else []
    if managed and model.backend.retention:
        components.append(_cleaner(name, model, inside))
    return StoragePart(
        config={name: _config(name, model, options.get("index_prefix", ""))},
        archive={name: _config(name, model, _archive_prefix(options), archive=True)},
        components=tuple(components),
        secret_files=_secret_files(name, model),
        environment=variables_of(_login(model).values()),
        needs=needs,
    )


def servers_said(options: Mapping[str, Any]) -> list[str]:
    """The servers that exist already; none when the rendered system runs one."""
    return list(options.get("urls", [])) or ([options["url"]] if "url" in options else [])


def data_volume(name: str, model: Model, path: str) -> Volume:
    """The volume of the node that the rendered system runs."""
    return Volume(f"{name}-data", path, model.backend.storage.options.get("size", "20Gi"), "spans")


def java_heap(resources: Resources) -> str:
    """Half of the memory for the heap, as the servers' authors advise; the rest is for files in the cache."""
    heap = resources.memory // MEBIBYTE // 2
    return f"-Xms{heap}m -Xmx{heap}m"


def _config(name: str, model: Model, prefix: str, archive: bool = False) -> Value:
    options = model.backend.storage.options
    config: dict[str, Value] = {"server_urls": servers_said(options) or [f"http://{name}:{PORT}"]}
    auth = _auth(name, model)
    if auth:
        config["auth"] = {"basic": auth}
    tls = client_tls(name, model.backend.storage.tls)
    if tls:
        config["tls"] = tls
    if not archive and model.backend.retention:
        window = "As long as spans live: the default of three days would hide older ones from searches."
        config["max_span_age"] = Commented(f"{model.backend.retention + _DAY_HOURS}h", window)
    if not options.get("manage", True):
        config["create_mappings"] = Commented(
            False, "Templates are somebody else's: they must exist before the first span."
        )
    indices = {index: _index(options, archive, first=index == "spans") for index in _INDICES}
    config["indices"] = {**({"index_prefix": prefix} if prefix else {}), **indices}
    return config


def _index(options: Mapping[str, Any], archive: bool, first: bool) -> Value:
    inside = not servers_said(options)
    layout: Value = "2006-01" if archive else "2006-01-02"
    if first and not archive:
        layout = Commented(layout, "A day an index, by this name the cleaner finds them. The reference date of Go.")
    return {
        "shards": options.get("shards", 1 if inside else 5),
        "replicas": options.get("replicas", 0 if inside else 1),
        "date_layout": layout,
        "rollover_frequency": "month" if archive else "day",
    }


def _archive_prefix(options: Mapping[str, Any]) -> str:
    prefix = options.get("index_prefix", "")
    return f"{prefix}-archive" if prefix else "archive"


def _login(model: Model) -> Mapping[str, Text]:
    """User name, and the password when it is no file."""
    return {key: value for key, value in login_of(model).items() if not _file_of(value)}


def _auth(name: str, model: Model) -> dict[str, Value]:
    auth: dict[str, Value] = {}
    for key, value in login_of(model).items():
        if key == "password" and _file_of(value):
            auth["password_file"] = client_path(name, "password")
        else:
            auth[key] = _text(value)
    return auth


def _text(value: Text) -> str:
    return "".join(
        f"${{env:{part.variable}}}" if isinstance(part, Secret) else collector_escape(part) for part in value
    )


def _file_of(value: Text) -> Secret | None:
    return next((part for part in value if isinstance(part, Secret) and part.file), None)


def _secret_files(name: str, model: Model) -> tuple[SecretMount, ...]:
    password = _file_of(login_of(model).get("password", ()))
    mounts = client_mounts(name, model.backend.storage.tls)
    return (*mounts, SecretMount(password, client_path(name, "password"))) if password else mounts


def _cleaner(name: str, model: Model, inside: bool) -> Component:
    """Deletes the indices of days past the retention, once a day."""
    options = model.backend.storage.options
    days = -(-model.backend.retention // _DAY_HOURS) + _TODAY
    server = (servers_said(options) or [f"http://{name}:{PORT}"])[0]
    return Component(
        name=_CLEANER,
        image=model.images["jaeger-es-index-cleaner"].reference,
        why=f"Deletes indices older than {days} days, once a day: how retention comes about.",
        entrypoint=("sh", "-c", _cleaner_script(name, model), "cleaner"),
        args=(str(days), server),
        secret_files=_secret_files(name, model),
        environment=_cleaner_environment(name, model),
        resources=Resources(0.2, 64 * MEBIBYTE),
        needs={name: Wait.HEALTHY} if inside else {},
        user=model.images["jaeger-es-index-cleaner"].user,
        writable=("/tmp",),
        grace=5,
        job=True,
        every=86_400,
    )


def _cleaner_script(name: str, model: Model) -> str:
    """The program's name ends in the architecture in some releases; it takes a password from the environment only."""
    run = 'exec /go/bin/es-index-cleaner-linux* "$@"'
    if not _file_of(login_of(model).get("password", ())):
        return run
    return f'ES_PASSWORD="$(cat {client_path(name, "password")})" && export ES_PASSWORD && {run}'


def _cleaner_environment(name: str, model: Model) -> dict[str, Text]:
    options, tls = model.backend.storage.options, model.backend.storage.tls
    environment: dict[str, Text] = {"TIMEOUT": text("120")}
    if "index_prefix" in options:
        environment["INDEX_PREFIX"] = text(options["index_prefix"])
    names = {"username": "ES_USERNAME", "password": "ES_PASSWORD"}
    environment |= {names[key]: value for key, value in _login(model).items()}
    if tls:
        files = {
            "ES_TLS_CA": (tls.ca, "ca.crt"),
            "ES_TLS_CERT": (tls.cert, "tls.crt"),
            "ES_TLS_KEY": (tls.key, "tls.key"),
        }
        environment["ES_TLS_ENABLED"] = text("true")
        environment |= {key: text(client_path(name, file)) for key, (secret, file) in files.items() if secret}
    if tls and tls.server_name:
        environment["ES_TLS_SERVER_NAME"] = text(tls.server_name)
    return environment
