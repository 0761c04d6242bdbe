"""Whom components connect to, from how servers are written in the spec."""

from collections.abc import Iterable
from urllib.parse import urlsplit

from tracegen.system import Call, Kafka

_PORTS = {"http": 80, "https": 443}


def broker_calls(kafka: Kafka) -> tuple[Call, ...]:
    """The brokers; each may name others, on the same port."""
    return server_calls(kafka.brokers)


def server_calls(servers: Iterable[str]) -> tuple[Call, ...]:
    """Servers as `host:port` or as a URL, whose port follows from its scheme when it names none."""
    return tuple(_call(each) for each in servers)


def _call(server: str) -> Call:
    url = urlsplit(server if "://" in server else f"//{server}")
    assert url.hostname, "servers have names"
    return Call(url.hostname, url.port or _PORTS[url.scheme])
