"""From an exporter to the next program."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from tracegen.doctor import environment, settings
from tracegen.doctor.address import Address, arrive, known
from tracegen.doctor.context import Context
from tracegen.doctor.documents import Document, Steps
from tracegen.doctor.finding import Finding
from tracegen.doctor.world import Unit

HOP = "exporter"
#: Types by the protocol that they speak; older and newer names.
_TYPES = {"otlp_grpc": "grpc", "otlp": "grpc", "otlp_http": "http", "otlphttp": "http"}
_TENANT = "x-scope-orgid"

Following = tuple[Unit, str]


def follow(context: Context, unit: Unit, name: str) -> Iterator[tuple[Following | None, Finding | None]]:
    """The next program and its receiver, or what is broken; nothing for what leaves the system."""
    config = unit.config
    assert config is not None
    kind = name.partition("/")[0]
    if kind == "kafka":
        yield from _kafka(context, unit, name)
        return
    if kind not in (*_TYPES, "load_balancing", "loadbalancing"):
        return
    balanced = kind not in _TYPES
    path: Steps = ("exporters", name)
    address = _balanced(unit, path) if balanced else _address(unit, path, _TYPES[kind])
    if address is None:
        words = f"the exporter {name} of {unit.name} has no endpoint that can be read"
        yield None, context.finding(HOP, config.mark(*path, "endpoint"), words)
        return
    for mark, words in settings.of_exporter(config, name, unit.name):
        yield None, context.finding(HOP, mark, words)
    # The Collector's gRPC asks for the proxy of HTTPS, with TLS and without.
    for mark, words in environment.proxied(unit, address.host, secure=address.secure or address.protocol == "grpc"):
        yield None, context.finding(HOP, mark, words)
    arrival = arrive(context, address)
    if arrival.unit and arrival.unit.name == unit.name:
        words = f"the exporter {name} sends to {address.host}: that is {unit.name} itself"
        yield None, context.finding(HOP, address.mark, words)
    for broken in arrival.broken:
        yield None, broken
    if arrival.unit:
        for broken in _tenant(context, unit, name, arrival.unit):
            yield None, broken
        yield (arrival.unit, arrival.receiver), None


def _address(unit: Unit, path: Steps, protocol: str) -> Address | None:
    config = unit.config
    assert config is not None
    endpoint = str(config.at(*path, "endpoint") or config.at(*path, "traces_endpoint") or "")
    endpoint, _ = known(unit, endpoint)[0] or "", None
    text = endpoint.removeprefix("dns:///").removeprefix("passthrough:///")
    parts = urlsplit(text if "://" in text else f"//{text}")
    port = _port(parts)
    if not parts.hostname or port is None:
        return None
    insecure = bool(config.at(*path, "tls", "insecure"))
    if protocol == "http":
        secure = parts.scheme == "https"
    else:
        secure = parts.scheme == "https" or (not insecure and parts.scheme != "http")
    return _made(unit, path, parts.hostname, port, protocol, secure, (*path, "tls"), (*path, "endpoint"))


def _balanced(unit: Unit, path: Steps) -> Address | None:
    config = unit.config
    assert config is not None
    dns: Steps = (*path, "resolver", "dns")
    host, port = config.at(*dns, "hostname"), str(config.at(*dns, "port") or "4317")
    if not host or not port.isdecimal():
        return None
    tls: Steps = (*path, "protocol", "otlp", "tls")
    secure = not config.at(*tls, "insecure")
    return _made(unit, path, str(host), int(port), "grpc", secure, tls, (*dns, "hostname"))


def _made(
    unit: Unit, path: Steps, host: str, port: int, protocol: str, secure: bool, tls: Steps, mark: Steps
) -> Address:
    config = unit.config
    assert config is not None
    header, where = _header(config, unit, path, "authorization")
    return Address(
        source=unit,
        host=host,
        port=port,
        protocol=protocol,
        secure=secure,
        hop=HOP,
        mark=config.mark(*mark),
        ca=str(config.at(*tls, "ca_file") or ""),
        server_name=str(config.at(*tls, "server_name_override") or ""),
        verified=not config.at(*tls, "insecure_skip_verify"),
        header=header,
        header_mark=config.mark(*where),
        header_hop=HOP,
        certified=bool(config.at(*tls, "cert_file") or config.at(*tls, "cert_pem")),
    )


def _port(parts: Any) -> int | None:
    try:
        number = parts.port
    except ValueError:
        return None
    return number or {"https": 443, "http": 80}.get(parts.scheme)


def _header(config: Document, unit: Unit, path: Steps, name: str) -> tuple[str | None, Steps]:
    for section in ((*path, "headers"), (*path, "protocol", "otlp", "headers")):
        for key, value in config.table(*section).items():
            if key.lower() == name:
                return known(unit, str(value))[0], (*section, key)
    return "", (*path, "headers")


def _tenant(context: Context, unit: Unit, name: str, target: Unit) -> Iterator[Finding]:
    """Tempo with tenants refuses what names none, and keeps what names another where nobody looks."""
    config, tempo = unit.config, target.config
    assert config is not None
    if target.program != "tempo" or tempo is None:
        return
    tenant, where = _header(config, unit, ("exporters", name), _TENANT)
    if tempo.at("multitenancy_enabled") is not True:
        rendered = context.rendered(tempo.file)
        if tenant and rendered and rendered.at("multitenancy_enabled") is True:
            words = f"{target.name} keeps the spans of all tenants as one's: who asks for one tenant sees nothing"
            yield context.finding("backend", tempo.mark("multitenancy_enabled"), words)
        return
    if tenant == "":
        words = f"the exporter {name} names no tenant (X-Scope-OrgID), and {target.name} refuses what has none"
        yield context.finding(HOP, config.mark(*where), words)
        return
    rendered = context.rendered(config.file)
    said = _headers_of(rendered, name) if rendered else {}
    wanted = said.get(_TENANT)
    if wanted and tenant and tenant != wanted:
        words = f"the exporter {name} stores under the tenant {tenant!r}; the spec has {wanted!r}"
        yield context.finding(HOP, config.mark(*where), words)


def _headers_of(rendered: Document, name: str) -> dict[str, str]:
    return {key.lower(): str(value) for key, value in rendered.table("exporters", name, "headers").items()}


def _kafka(context: Context, unit: Unit, name: str) -> Iterator[tuple[Following | None, Finding | None]]:
    """To whoever reads the topic."""
    config = unit.config
    assert config is not None
    topic = config.at("exporters", name, "traces", "topic") or config.at("exporters", name, "topic") or "otlp_spans"
    for other in context.world.units.values():
        for receiver in other.config.table("receivers") if other.config else ():
            if receiver.partition("/")[0] == "kafka" and other.config:
                traces = other.config.table("receivers", receiver, "traces")
                read = traces.get("topics") or [traces.get("topic") or "otlp_spans"]
                if topic in read:
                    yield (other, receiver), None
                    return
    words = f"{unit.name} writes to the topic {topic!r}, which nothing here reads"
    if any(other.config and "kafka" in other.config.table("receivers") for other in context.world.units.values()):
        yield None, context.finding("backend", config.mark("exporters", name), words)
