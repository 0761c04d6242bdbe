"""Credentials of OTLP receivers: who asks for them, and what can carry them."""

from collections.abc import Iterator

from tracegen.catalogue import Catalogue
from tracegen.decide import Settings
from tracegen.problems import Code, Problem, Severity
from tracegen.rules._shared import at, cause, storage_pack
from tracegen.source.words import quoted
from tracegen.spec.said import Path, dotted

NOBODY_ASKS = Code("TG340", "Nothing asks for the credentials")
NOT_FROM_A_FILE = Code("TG341", "A file where only a value fits")
CLOSED_TO_UDP = Code("TG342", "Jaeger's UDP port stays closed", Severity.NOTE)
COLON_IN_USER_NAME = Code("TG343", "User name with a colon")

_INGEST: Path = ("security", "ingest_auth")
_TLS: Path = ("security", "tls", "enabled")
_RECEIVERS: Path = ("collector", "receivers")


def check(settings: Settings, packs: Catalogue) -> Iterator[Problem]:
    """Ingest authentication, and references of which the text goes into a configuration."""
    asks = settings.security.ingest_auth != "none"
    if asks and settings.collector.topology == "none":
        message = "security.ingest_auth is checked by the collector, and collector.topology is none"
        where = cause(settings, _INGEST, ("collector", "topology"))
        yield at(settings, NOBODY_ASKS, where, message, "use topology: gateway, or ingest_auth: none")
    for path in _values(settings, packs):
        if settings.is_said(*path, "file"):
            message = f"{dotted(path)} is put into a configuration as text, which a mounted file cannot be"
            yield at(
                settings, NOT_FROM_A_FILE, (*path, "file"), message, "use {env: NAME} or {secret: {name: …, key: …}}"
            )
    yield from _user_name(settings)
    if "jaeger" in settings.collector.receivers and (asks or settings.security.tls.enabled):
        message = "Jaeger's UDP port 6831 stays closed: it knows neither encryption nor credentials"
        hint = "let those clients send over HTTP to port 14268, as JAEGER_ENDPOINT does"
        yield at(settings, CLOSED_TO_UDP, cause(settings, _RECEIVERS, _INGEST, _TLS), message, hint)


def _values(settings: Settings, packs: Catalogue) -> Iterator[Path]:
    """Where a reference stands for a text in a configuration, or in a variable of one."""
    yield from ((*_INGEST, "bearer"), (*_INGEST, "basic", "username"), (*_INGEST, "basic", "password"))
    yield from (("backend", "headers", name) for name in settings.backend.headers or {})
    for index, each in enumerate(settings.collector.also):
        yield from (("collector", "also", index, "headers", name) for name in each.headers)
    yield from (("backend", "kafka", "sasl", "username"), ("backend", "kafka", "sasl", "password"))
    yield from (("kubernetes", "ingress", "login", key) for key in ("client_secret", "cookie_secret"))
    pack = storage_pack(settings, packs)
    yield from (("backend", "storage", option) for option in (pack.text_only if pack else ()))


def _user_name(settings: Settings) -> Iterator[Problem]:
    path: Path = (*_INGEST, "basic", "username")
    said = settings.security.ingest_auth
    name = said.basic.username if not isinstance(said, str) and said.basic else None
    if isinstance(name, str) and ":" in name:
        message = f"user name {quoted(name)} has a colon, at which HTTP basic authentication begins the password"
        yield at(settings, COLON_IN_USER_NAME, path, message, "choose one without")
