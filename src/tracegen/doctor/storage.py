"""The last hop: where spans are kept, and where they are read again."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from tracegen.doctor.context import Context
from tracegen.doctor.documents import Document, Steps
from tracegen.doctor.finding import Finding, Mark
from tracegen.doctor.settings import not_kept
from tracegen.doctor.world import Unit

HOP = "storage"
_BACKENDS: Steps = ("extensions", "jaeger_storage", "backends")
#: Keys that list servers, by type of storage, and the port where none is said.
_SERVERS: dict[str, tuple[tuple[str, ...], int]] = {
    "opensearch": (("server_urls",), 9200),
    "elasticsearch": (("server_urls",), 9200),
    "cassandra": (("connection", "servers"), 9042),
    "clickhouse": (("addresses",), 9000),
}


def jaeger(context: Context, unit: Unit, exporter: str) -> Iterator[Finding]:
    """Jaeger's storage exporter, the storage behind it, and who reads there."""
    config = unit.config
    assert config is not None
    name = str(config.at("exporters", exporter, "trace_storage") or "")
    mark = config.mark("exporters", exporter, "trace_storage")
    if name not in config.table(*_BACKENDS):
        words = f"{unit.name} writes to the storage {name!r}, which it does not have"
        yield context.finding(HOP, mark, words)
        return
    if "jaeger_storage" not in (config.at("service", "extensions") or []):
        yield context.finding(HOP, config.mark("service", "extensions"), f"{unit.name} does not start jaeger_storage")
    yield from _place(context, unit, (*_BACKENDS, name))
    yield from _reader(context, unit, (*_BACKENDS, name), name)


def servers(unit: Unit) -> Iterator[tuple[str, int, Mark, str]]:
    """Host, port, place and type of every server that keeps a Jaeger's spans."""
    config = unit.config
    for name in config.table(*_BACKENDS) if config else ():
        for kind in config.table(*_BACKENDS, name) if config else ():
            key, default = _SERVERS.get(kind, ((), 0))
            path = (*_BACKENDS, name, kind, *key)
            for number, server in enumerate(config.at(*path) or [] if config and key else []):
                parts = urlsplit(str(server) if "://" in str(server) else f"//{server}")
                if parts.hostname and config:
                    yield parts.hostname, parts.port or default, config.mark(*path, number), kind


def _place(context: Context, unit: Unit, path: Steps) -> Iterator[Finding]:
    config = unit.config
    assert config is not None
    for kind in config.table(*path):
        if kind == "badger":
            for each in config.table(*path, kind, "directories"):
                yield from _writable(context, unit, config, (*path, kind, "directories", each))
            yield from _in_memory(context, unit, config, (*path, kind, "ephemeral"))
            yield from not_kept(context, unit, (*path, kind, "ttl", "spans"))
        for key, default in [_SERVERS[kind]] if kind in _SERVERS else []:
            for number, server in enumerate(config.at(*path, kind, *key) or []):
                yield from _server(context, unit, (*path, kind, *key, number), str(server), default)
        yield from _unmade(context, unit, config, (*path, kind))


def _in_memory(context: Context, unit: Unit, config: Document, path: Steps) -> Iterator[Finding]:
    rendered = context.rendered(config.file)
    if config.at(*path) is True and rendered and rendered.at(*path) is not True:
        words = f"{unit.name} keeps spans in memory: they are gone when it starts again"
        yield context.finding(HOP, config.mark(*path), words)


def _unmade(context: Context, unit: Unit, config: Document, path: Steps) -> Iterator[Finding]:
    """Templates and tables that nobody makes, though the spec leaves them to Jaeger."""
    rendered = context.rendered(config.file)
    for key in ("create_mappings", "create_schema"):
        for where in ((*path, key), (*path, "schema", key.removeprefix("create_"))):
            said = rendered.at(*where) if rendered else False
            if config.at(*where) is False and said is not False:
                words = (
                    f"{unit.name} makes no {'index templates' if key == 'create_mappings' else 'tables'}, "
                    "and nobody else does: spans are stored so that searches do not find them"
                )
                yield context.finding(HOP, config.mark(*where), words)


def _server(context: Context, unit: Unit, path: Steps, server: str, default: int) -> Iterator[Finding]:
    config = unit.config
    assert config is not None
    parts = urlsplit(server if "://" in server else f"//{server}")
    try:
        port = parts.port or default
    except ValueError:
        port = 0
    if "${" in server:
        return
    if not parts.hostname or not port:
        yield context.finding(HOP, config.mark(*path), f"{server!r} is no address of a server")
        return
    route = context.world.route(unit, parts.hostname, port, HOP, config.mark(*path))
    rendered = context.rendered(config.file)
    was = urlsplit(str(rendered.at(*path) or "") if rendered else "")
    if was.hostname == parts.hostname and (was.scheme, was.port) != (parts.scheme, parts.port) and not route.broken:
        words = f"{unit.name} asks {server}; what runs there answers at {was.scheme or 'port'}://{was.netloc}"
        yield context.finding(HOP, config.mark(*path), words)
    if route.broken:
        yield route.broken
    elif route.unit and route.unit.name == unit.name:
        yield context.finding(HOP, config.mark(*path), f"{server} is {unit.name} itself, which is no such server")


def _reader(context: Context, unit: Unit, path: Steps, name: str) -> Iterator[Finding]:
    """Whoever answers questions reads from the same servers."""
    config = unit.config
    assert config is not None
    for other in context.world.units.values():
        if other.config is None or "jaeger_query" not in other.config.table("extensions"):
            continue
        read = str(other.config.at("extensions", "jaeger_query", "storage", "traces") or "")
        mark = other.config.mark("extensions", "jaeger_query", "storage", "traces")
        if read not in other.config.table(*_BACKENDS):
            yield context.finding(HOP, mark, f"{other.name} reads from the storage {read!r}, which it does not have")
        elif _kept(other.config, (*_BACKENDS, read)) != _kept(config, path):
            words = f"{other.name} reads from another place than {unit.name} writes to"
            yield context.finding(HOP, context.blamed(mark, config.mark(*path)), words)


def _kept(config: Document, path: Steps) -> Any:
    """What says where spans are: the type, its servers, folders, index names and keyspaces."""
    found: list[Any] = []
    for kind, said in config.table(*path).items():
        said = said if isinstance(said, dict) else {}
        servers = _SERVERS.get(kind)
        found.append((kind, config.at(*path, kind, *servers[0]) if servers else said.get("directories")))
        found.append(config.at(*path, kind, "indices", "index_prefix"))
        found.append(config.at(*path, kind, "schema", "keyspace"))
    return found


def tempo(context: Context, unit: Unit) -> Iterator[Finding]:
    """Tempo's storage."""
    config = unit.config
    assert config is not None
    path: Steps = ("storage", "trace")
    kind = str(config.at(*path, "backend") or "")
    if kind == "local":
        yield from _writable(context, unit, config, (*path, "local", "path"))
    elif kind and not config.table(*path, kind):
        words = f"{unit.name} keeps traces in {kind!r}, of which nothing is said"
        yield context.finding(HOP, config.mark(*path, "backend"), words)
    if kind == "s3" and (endpoint := config.at(*path, "s3", "endpoint")):
        yield from _server(context, unit, (*path, "s3", "endpoint"), str(endpoint), 443)
    yield from _writable(context, unit, config, (*path, "wal", "path"))
    for each in config.marks:
        if each and each[-1] == "block_retention":
            yield from not_kept(context, unit, each)


def _writable(context: Context, unit: Unit, config: Document, path: Steps) -> Iterator[Finding]:
    folder = config.at(*path)
    if not isinstance(folder, str):
        return
    found = unit.mount_of(folder)
    if found is None and unit.read_only:
        words = f"{unit.name} cannot write {folder}: it is in no volume, and its file system is read-only"
        yield context.finding(HOP, config.mark(*path), words)
        return
    if found and found[1].read_only:
        words = f"{unit.name} cannot write {folder}: its volume is mounted to be read only"
        yield context.finding(HOP, found[1].mark, words)
        return
    if found is None or found[1].kind != "volume" or unit.user.partition(":")[0] in ("", "0"):
        return
    if found[1].source not in unit.owned:
        words = f"{unit.name} cannot write {folder}: it runs as {unit.user}, and nobody hands it the volume"
        yield context.finding(HOP, config.mark(*path), words)
