"""Credentials of the doors for spans: who asks for them, and what can carry them."""

from collections.abc import Iterator

from tracegen.catalogue import Catalogue
from tracegen.problems import Code, Problem, Severity
from tracegen.rules._shared import at, cause, storage_of
from tracegen.source.words import quoted
from tracegen.spec.said import Path, Said, dotted

NOBODY_ASKS = Code("TG340", "Nothing asks for the credentials")
NOT_FROM_A_FILE = Code("TG341", "A file where only a value fits")
CLOSED_TO_UDP = Code("TG342", "Jaeger's UDP port stays closed", Severity.NOTE)
COLON_IN_USER_NAME = Code("TG343", "User name with a colon")

_INGEST: Path = ("security", "ingest_auth")
_TLS: Path = ("security", "tls", "enabled")
_RECEIVERS: Path = ("collector", "receivers")

#: Storages whose programs take a password as a value only.
_PASSWORD_IS_A_VALUE = ("cassandra", "clickhouse")


def check(spec: Said, packs: Catalogue) -> Iterator[Problem]:
    """Ingest authentication, and references of which the text goes into a configuration."""
    asks = isinstance(spec.get(*_INGEST), dict)
    if asks and spec.get("collector", "topology") == "none":
        message = "security.ingest_auth is checked by the collector, and collector.topology is none"
        where = cause(spec, _INGEST, ("collector", "topology"))
        yield at(spec, NOBODY_ASKS, where, message, "use topology: gateway, or ingest_auth: none")
    for path in _values(spec, packs):
        if isinstance(spec.get(*path), dict) and "file" in spec.get(*path):
            message = f"{dotted(path)} is put into a configuration as text, which a mounted file cannot be"
            yield at(
                spec, NOT_FROM_A_FILE, (*path, "file"), message, "use {env: NAME} or {secret: {name: …, key: …}}"
            )
    yield from _user_name(spec)
    if "jaeger" in (spec.get(*_RECEIVERS) or []) and (asks or spec.get(*_TLS)):
        message = "Jaeger's UDP port 6831 stays closed: it knows neither encryption nor credentials"
        hint = "let those clients send over HTTP to port 14268, as JAEGER_ENDPOINT does"
        yield at(spec, CLOSED_TO_UDP, cause(spec, _RECEIVERS, _INGEST, _TLS), message, hint)


def _values(spec: Said, packs: Catalogue) -> Iterator[Path]:
    """Where a reference stands for a text in a configuration, or in a variable of one."""
    yield from ((*_INGEST, "bearer"), (*_INGEST, "basic", "username"), (*_INGEST, "basic", "password"))
    destinations: list[Path] = [("backend",)]
    destinations += [("collector", "also", index) for index, _ in enumerate(spec.get("collector", "also") or [])]
    for destination in destinations:
        yield from ((*destination, "headers", name) for name in spec.get(*destination, "headers") or {})
    yield from (("backend", "kafka", "sasl", "username"), ("backend", "kafka", "sasl", "password"))
    yield ("backend", "storage", "username")
    yield from (("kubernetes", "ingress", "login", key) for key in ("client_secret", "cookie_secret"))
    if storage_of(spec, packs).get("type") in _PASSWORD_IS_A_VALUE:
        yield ("backend", "storage", "password")


def _user_name(spec: Said) -> Iterator[Problem]:
    path: Path = (*_INGEST, "basic", "username")
    name = spec.get(*path) if isinstance(spec.get(*_INGEST), dict) else None
    if isinstance(name, str) and ":" in name:
        message = f"user name {quoted(name)} has a colon, at which HTTP basic authentication begins the password"
        yield at(spec, COLON_IN_USER_NAME, path, message, "choose one without")
