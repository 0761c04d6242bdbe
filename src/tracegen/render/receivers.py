"""Receivers of a collector tier, and what guards them."""

from collections.abc import Mapping

from tracegen.emit import Value
from tracegen.parts.collectors import RECEIVER_PORTS, takes_udp
from tracegen.render.otel.text import config_text
from tracegen.render.otel.tls import server_tls
from tracegen.system import Model, Tier

#: The protocols of the receivers that have several, by the name of their port.
_PROTOCOLS = {
    "otlp": {"otlp-grpc": "grpc", "otlp-http": "http"},
    "jaeger": {"jaeger-grpc": "grpc", "jaeger-http": "thrift_http", "jaeger-udp": "thrift_compact"},
}


def receivers(tier: Tier, model: Model) -> dict[str, Value]:
    """The receivers of a tier; all listen on every address of the container, the default is localhost."""
    return {name: _receiver(name, tier, model) for name in tier.receivers}


def guard(tier: Tier, model: Model) -> dict[str, Value]:
    """The extension that compares what senders show; empty when nothing is asked for."""
    if not tier.guarded or model.ingest.secret is None:
        return {}
    if model.ingest.kind == "bearer":
        return {_authenticator(model): {"token": config_text((model.ingest.secret,))}}
    user, password = config_text(model.ingest.username), config_text((model.ingest.secret,))
    return {_authenticator(model): {"htpasswd": {"inline": f"{user}:{password}"}}}


def _receiver(name: str, tier: Tier, model: Model) -> Value:
    ports = {port.name: port for port in RECEIVER_PORTS[name] if port.protocol == "tcp" or takes_udp(model)}
    servers: Mapping[str, Value] = {
        each: _server(port.number, port.protocol, tier, model) for each, port in ports.items()
    }
    if name not in _PROTOCOLS:
        return next(iter(servers.values()))
    return {"protocols": {_PROTOCOLS[name][each]: server for each, server in servers.items()}}


def _server(port: int, protocol: str, tier: Tier, model: Model) -> Value:
    server: dict[str, Value] = {"endpoint": f"0.0.0.0:{port}"}
    if protocol == "udp":
        return server
    server |= server_tls(model.certificates)
    if tier.guarded:
        server["auth"] = {"authenticator": _authenticator(model)}
    return server


def _authenticator(model: Model) -> str:
    return {"bearer": "bearertokenauth/ingest", "basic": "basicauth/ingest"}[model.ingest.kind]
