"""Storage, its servers, and the modes it fits."""

from collections.abc import Iterator, Mapping
from typing import Any

from tracegen.catalogue import Catalogue, StoragePack
from tracegen.decide import Settings
from tracegen.problems import Code, Problem, Severity
from tracegen.rules._shared import at, cause, storage_pack
from tracegen.spec.said import Path
from tracegen.spec.wording import either

WRONG_MODE = Code("TG301", "Storage does not fit the mode")
TWO_ADDRESSES = Code("TG302", "The same thing said twice")
NO_SERVER = Code("TG303", "Setting of a server that is not named")
HALF_A_LOGIN = Code("TG304", "Half of a login")
ENDPOINT_AND_PROTOCOL = Code("TG305", "Endpoint does not fit the protocol")
SIZE_IN_COMPOSE = Code("TG307", "Compose has no sizes of volumes", Severity.NOTE)
BUCKET_WITHOUT_STORE = Code("TG306", "Store without a bucket or a region")

_SERVER_KEYS = ("username", "password", "tls")
_PAIRS = (("username", "password"), ("access_key", "secret_key"))


def check(settings: Settings, packs: Catalogue) -> Iterator[Problem]:
    """The storage of the backend, and endpoints that somebody else runs."""
    pack, storage = storage_pack(settings, packs), settings.backend.storage
    if pack and storage:
        options = {key: settings.option(key) for key in pack.options.get("properties", {})}
        given = {key: value for key, value in options.items() if value is not None}
        yield from _mode(settings, packs, pack)
        yield from _server(settings, given, pack)
        yield from _incomplete(settings, given, pack)
        yield from _size(settings)
    outside = settings.backend
    if outside.endpoint and outside.protocol:
        yield from _endpoint(settings, ("backend",), outside.endpoint, outside.protocol)
    for index, each in enumerate(settings.collector.also):
        yield from _endpoint(settings, ("collector", "also", index), each.endpoint, each.protocol)


def _mode(settings: Settings, packs: Catalogue, pack: StoragePack) -> Iterator[Problem]:
    mode = settings.backend.mode
    if mode not in pack.modes:
        others = [name for name in packs.storages_of(settings.backend.type) if mode in packs.storages[name].modes]
        path = cause(settings, ("backend", "storage", "type"), ("backend", "mode"))
        default = "" if settings.is_said("backend", "storage", "type") else ", the default,"
        message = f"storage {pack.name}{default} belongs to one process and does not fit mode: {mode}"
        yield at(settings, WRONG_MODE, path, message, f"with mode: {mode} use {either(others)}")
    replicas = settings.backend.replicas
    if replicas and replicas > 1 and "scalable" not in pack.modes:
        shared = [
            each for each in packs.storages_of(settings.backend.type) if "scalable" in packs.storages[each].modes
        ]
        path = cause(settings, ("backend", "replicas"), ("backend", "storage", "type"))
        message = f"storage {pack.name} belongs to one process, and replicas: {replicas} would each have their own"
        yield at(settings, WRONG_MODE, path, message, f"with replicas use {either(shared)}")


def _server(settings: Settings, given: Mapping[str, Any], pack: StoragePack) -> Iterator[Problem]:
    if "url" in given and "urls" in given:
        path = cause(settings, ("backend", "storage", "urls"), ("backend", "storage", "url"))
        message = "url and urls both name the server"
        yield at(settings, TWO_ADDRESSES, path, message, "keep one of them; urls takes several nodes of one cluster")
    named = any(key in given for key in pack.server_named_by)
    for key in _SERVER_KEYS:
        if key in given and not named:
            message = f"{key} is for a server that exists already, and none is named"
            hint = "name the server, or delete the key: what tracegen runs needs no login"
            yield at(settings, NO_SERVER, ("backend", "storage", key), message, hint)
    if given.get("manage") is False and not named:
        message = "manage: false leaves schema and indices to somebody else, but the server is tracegen's own"
        yield at(settings, NO_SERVER, ("backend", "storage", "manage"), message, "name the server, or delete it")
    if named and settings.is_said("backend", "storage", "size"):
        message = f"size {given['size']} is for a server that tracegen runs, and one that exists is named"
        yield at(
            settings, NO_SERVER, ("backend", "storage", "size"), message, "delete it; whoever runs it says its size"
        )
    for pair in _PAIRS:
        yield from _login(settings, [key for key in pair if key in given], pair)


def _login(settings: Settings, found: list[str], pair: tuple[str, str]) -> Iterator[Problem]:
    if len(found) == 1:
        missing = next(key for key in pair if key not in found)
        message = f"{found[0]} is said, but not {missing}"
        hint = f"say {missing} too, or delete {found[0]}"
        yield at(settings, HALF_A_LOGIN, ("backend", "storage", found[0]), message, hint)


def _incomplete(settings: Settings, given: Mapping[str, Any], pack: StoragePack) -> Iterator[Problem]:
    for each in pack.incomplete:
        if each.option in given and not set(each.without) & set(given):
            message = each.message.format_map(given)
            yield at(settings, BUCKET_WITHOUT_STORE, ("backend", "storage", each.option), message, each.hint)


def _endpoint(settings: Settings, path: Path, endpoint: str, protocol: str) -> Iterator[Problem]:
    where = cause(settings, (*path, "endpoint"), (*path, "protocol"))
    has_scheme = "://" in endpoint
    if protocol == "http" and not has_scheme:
        hint = f"write https://{endpoint}, or protocol: grpc"
        message = f"{endpoint} is not a URL, and OTLP over HTTP needs one"
        yield at(settings, ENDPOINT_AND_PROTOCOL, where, message, hint)
    if protocol == "grpc" and not _is_host_and_port(endpoint.split("://")[-1]):
        message = f"{endpoint} is not host:port, and OTLP over gRPC needs that"
        yield at(settings, ENDPOINT_AND_PROTOCOL, where, message, "for example otlp.example.com:4317")


def _is_host_and_port(text: str) -> bool:
    host, _, port = text.rpartition(":")
    return bool(host) and port.isdigit() and 0 < int(port) < 65536


def _size(settings: Settings) -> Iterator[Problem]:
    if settings.is_said("backend", "storage", "size") and settings.targets == ("compose",):
        message = "storage.size is for Kubernetes: Docker Compose takes what the disk of the host has"
        yield at(settings, SIZE_IN_COMPOSE, ("backend", "storage", "size"), message)
