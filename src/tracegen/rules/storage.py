"""Storage, its servers, and the modes it fits."""

from collections.abc import Iterator, Mapping
from typing import Any

from tracegen.catalogue import Catalogue
from tracegen.problems import Code, Problem, Severity
from tracegen.rules._shared import at, cause, storage_of, targets_of
from tracegen.spec.said import Said
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


def check(spec: Said, packs: Catalogue) -> Iterator[Problem]:
    """The storage of the backend, and endpoints that somebody else runs."""
    storage = storage_of(spec, packs)
    if storage:
        yield from _mode(spec, packs, storage)
        yield from _server(spec, storage)
        yield from _object_store(spec, storage)
        yield from _size(spec)
    if spec.get("backend", "type") == "external":
        yield from _endpoint(spec, ("backend",))
    for index, _ in enumerate(spec.get("collector", "also") or []):
        yield from _endpoint(spec, ("collector", "also", index))


def _mode(spec: Said, packs: Catalogue, storage: Mapping[str, Any]) -> Iterator[Problem]:
    backend = spec.value["backend"]
    mode = backend.get("mode", "single")
    if mode not in packs.storages[storage["type"]].modes:
        others = [name for name in packs.storages_of(backend["type"]) if mode in packs.storages[name].modes]
        path = cause(spec, ("backend", "storage", "type"), ("backend", "mode"))
        default = "" if spec.get("backend", "storage", "type") else ", the default,"
        message = f"storage {storage['type']}{default} belongs to one process and does not fit mode: {mode}"
        yield at(spec, WRONG_MODE, path, message, f"with mode: {mode} use {either(others)}")


def _server(spec: Said, storage: Mapping[str, Any]) -> Iterator[Problem]:
    if "url" in storage and "urls" in storage:
        path = cause(spec, ("backend", "storage", "urls"), ("backend", "storage", "url"))
        message = "url and urls both name the server"
        yield at(spec, TWO_ADDRESSES, path, message, "keep one of them; urls takes several nodes of one cluster")
    named = any(key in storage for key in ("url", "urls", "servers", "bucket", "endpoint", "account"))
    for key in _SERVER_KEYS:
        if key in storage and not named:
            message = f"{key} is for a server that exists already, and none is named"
            hint = "name the server, or delete the key: what tracegen runs needs no login"
            yield at(spec, NO_SERVER, ("backend", "storage", key), message, hint)
    if storage.get("manage") is False and not named:
        message = "manage: false leaves schema and indices to somebody else, but the server is tracegen's own"
        yield at(spec, NO_SERVER, ("backend", "storage", "manage"), message, "name the server, or delete it")
    if named and "size" in storage:
        message = f"size {storage['size']} is for a server that tracegen runs, and one that exists is named"
        yield at(spec, NO_SERVER, ("backend", "storage", "size"), message, "delete it; whoever runs it says its size")
    for pair in _PAIRS:
        yield from _login(spec, storage, pair)


def _login(spec: Said, storage: Mapping[str, Any], pair: tuple[str, str]) -> Iterator[Problem]:
    given = [key for key in pair if key in storage]
    if len(given) == 1:
        missing = next(key for key in pair if key not in given)
        message = f"{given[0]} is said, but not {missing}"
        hint = f"say {missing} too, or delete {given[0]}"
        yield at(spec, HALF_A_LOGIN, ("backend", "storage", given[0]), message, hint)


def _object_store(spec: Said, storage: Mapping[str, Any]) -> Iterator[Problem]:
    if storage["type"] != "s3":
        return
    if "endpoint" in storage and "bucket" not in storage:
        message = f"the store at {storage['endpoint']} is named, but no bucket in it"
        hint = "say bucket too; tracegen makes a bucket only in a store that it runs"
        yield at(spec, BUCKET_WITHOUT_STORE, ("backend", "storage", "endpoint"), message, hint)
    if "bucket" in storage and "endpoint" not in storage and "region" not in storage:
        message = f"bucket {storage['bucket']} is at AWS, since no endpoint is named, and needs its region"
        hint = "say region, or endpoint for another store"
        yield at(spec, BUCKET_WITHOUT_STORE, ("backend", "storage", "bucket"), message, hint)


def _endpoint(spec: Said, path: tuple[str | int, ...]) -> Iterator[Problem]:
    where = cause(spec, (*path, "endpoint"), (*path, "protocol"))
    endpoint = spec.get(*path, "endpoint")
    protocol = spec.get(*path, "protocol") or "http"
    has_scheme = "://" in endpoint
    if protocol == "http" and not has_scheme:
        hint = f"write https://{endpoint}, or protocol: grpc"
        message = f"{endpoint} is not a URL, and OTLP over HTTP needs one"
        yield at(spec, ENDPOINT_AND_PROTOCOL, where, message, hint)
    if protocol == "grpc" and not _is_host_and_port(endpoint.split("://")[-1]):
        message = f"{endpoint} is not host:port, and OTLP over gRPC needs that"
        yield at(spec, ENDPOINT_AND_PROTOCOL, where, message, "for example otlp.example.com:4317")


def _is_host_and_port(text: str) -> bool:
    host, _, port = text.rpartition(":")
    return bool(host) and port.isdigit() and 0 < int(port) < 65536


def _size(spec: Said) -> Iterator[Problem]:
    if spec.get("backend", "storage", "size") and targets_of(spec) == ["compose"]:
        message = "storage.size is for Kubernetes: Docker Compose takes what the disk of the host has"
        yield at(spec, SIZE_IN_COMPOSE, ("backend", "storage", "size"), message)
