"""Receivers of a collector tier, and what guards them."""

from tracegen.emit import Value
from tracegen.parts.collectors import RECEIVER_PORTS, takes_udp
from tracegen.render.otel.text import config_text
from tracegen.render.otel.tls import server_tls
from tracegen.system import System, Tier

#: The protocols of the receivers that have several, by the name of their port.
_PROTOCOLS = {
    "otlp": {"otlp-grpc": "grpc", "otlp-http": "http"},
    "jaeger": {"jaeger-grpc": "grpc", "jaeger-http": "thrift_http", "jaeger-udp": "thrift_compact"},
}


def receivers(tier: Tier, system: System) -> dict[str, Value]:
    """The receivers of a tier; all listen on every address of the container, the default is localhost."""
    return {name: _receiver(name, tier, system) for name in tier.receivers}


def guard(tier: Tier, system: System) -> dict[str, Value]:
    """The extension that compares what senders show; empty when nothing is asked for."""
    if not tier.guarded or system.ingest.secret is None:
        return {}
    if system.ingest.kind == "bearer":
        return {_authenticator(system): {"token": config_text((system.ingest.secret,))}}
    user, password = config_text(system.ingest.username), config_text((system.ingest.secret,))
    return {_authenticator(system): {"htpasswd": {"inline": f"{user}:{password}"}}}


def _receiver(name: str, tier: Tier, system: System) -> Value:
    ports = {port.name: port for port in RECEIVER_PORTS[name] if port.protocol == "tcp" or takes_udp(system)}
    servers: dict[str, dict[str, Value]] = {
        each: _server(port.number, port.protocol, tier, system) for each, port in ports.items()
    }
    if name == "otlp":
        servers = {each: server | _cors(tier) if each == "otlp-http" else server for each, server in servers.items()}
    if name not in _PROTOCOLS:
        return next(iter(servers.values()))
    return {"protocols": {_PROTOCOLS[name][each]: server for each, server in servers.items()}}


def _server(port: int, protocol: str, tier: Tier, system: System) -> dict[str, Value]:
    server: dict[str, Value] = {"endpoint": f"0.0.0.0:{port}"}
    if protocol == "udp":
        return server
    server |= server_tls(system.certificates)
    if tier.guarded:
        server["auth"] = {"authenticator": _authenticator(system)}
    return server


def _cors(tier: Tier) -> dict[str, Value]:
    """What a browser asks before a page of another origin may send; it takes credentials along only where told."""
    headers: dict[str, Value] = {"allowed_headers": ["authorization", "content-type"]} if tier.guarded else {}
    return {"cors": {"allowed_origins": [*tier.cors], **headers}} if tier.cors else {}


def _authenticator(system: System) -> str:
    return {"bearer": "bearertokenauth/ingest", "basic": "basicauth/ingest"}[system.ingest.kind]
