"""Encryption and credentials: both ends agree, and nothing that was to be secure is open."""

from collections.abc import Iterator

from invariants._addresses import change_environment, configurations, exporters, otlp, receivers, services
from invariants._system import Draft, Finding, System


def check_both_ends_agree_on_tls(system: System) -> Iterator[Finding]:
    """An OTLP exporter and a service use TLS just when the receiver at the other end does."""
    for path, name, address, protocol in exporters(system):
        exporter = system.data(path)["exporters"][name]
        plain = exporter["endpoint"].startswith("http://") or exporter.get("tls", {}).get("insecure") is True
        for receiver in receivers(system, address.host, protocol):
            if ("tls" in receiver) is plain:
                yield path, f"{name} and the receiver of {address.host} do not agree on TLS"
    for name, url, protocol in services(system):
        for receiver in receivers(system, url.hostname or "", protocol):
            if ("tls" in receiver) is (url.scheme == "http"):
                yield f"services/{name}/otel.env", f"{url.geturl()} and the receiver there do not agree on TLS"


def break_both_ends_agree_on_tls(draft: Draft) -> None:
    del draft["collector/gateway.yaml"]["exporters"]["otlp_grpc/jaeger"]["tls"]


def break_both_ends_agree_on_tls__service(draft: Draft) -> None:
    change_environment(draft, "http://", "https://")


def check_who_is_asked_shows_something(system: System) -> Iterator[Finding]:
    """Whoever sends to a receiver that asks for credentials sends some."""
    for path, name, address, protocol in exporters(system):
        headers = {key.lower() for key in system.data(path)["exporters"][name].get("headers", {})}
        asked = any("auth" in each for each in receivers(system, address.host, protocol))
        if asked and "authorization" not in headers:
            yield path, f"{name} shows nothing to {address.host}, which asks"
    for name, url, protocol in services(system):
        shown = system.environment(name).get("OTEL_EXPORTER_OTLP_HEADERS", "") if name in system.containers else None
        asked = any("auth" in each for each in receivers(system, url.hostname or "", protocol))
        if asked and shown is not None and "authorization=" not in shown.lower():
            yield "compose.yaml", f"{name} shows nothing to {url.hostname}, which asks"


def break_who_is_asked_shows_something(draft: Draft) -> None:
    protocols = draft["jaeger/config.yaml"]["receivers"]["otlp"]["protocols"]
    protocols["grpc"]["auth"] = {"authenticator": "basicauth"}


def break_who_is_asked_shows_something__service(draft: Draft) -> None:
    protocols = draft["collector/gateway.yaml"]["receivers"]["otlp"]["protocols"]
    protocols["http"]["auth"] = {"authenticator": "basicauth"}


def check_what_is_to_be_secure_is(system: System) -> Iterator[Finding]:
    """With TLS each receiver has a certificate, with ingest authentication each that services reach asks for it."""
    if system.get("security", "tls", "enabled"):
        for path in configurations(system):
            for receiver in (each for protocol in ("grpc", "http") for each in otlp(system.data(path), protocol)):
                if "tls" not in receiver:
                    yield path, f"the receiver at {receiver.get('endpoint')} is not encrypted"
    if isinstance(system.get("security", "ingest_auth"), dict):
        for name, url, protocol in services(system):
            if any("auth" not in each for each in receivers(system, url.hostname or "", protocol)):
                yield f"services/{name}/otel.env", f"{url.hostname} takes spans from everybody"


def break_what_is_to_be_secure_is__tls(draft: Draft) -> None:
    draft.said["security"] = {"tls": {"enabled": True}}


def break_what_is_to_be_secure_is__ingest(draft: Draft) -> None:
    draft.said["security"] = {"ingest_auth": {"bearer": {"env": "TOKEN"}}}
