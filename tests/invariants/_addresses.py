"""Addresses in configurations, and what listens there."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import SplitResult, urlsplit

from invariants._system import Draft, System, leaves, variables_of

_ADDRESS = re.compile(r"(?:https?://|dns:///)?(?P<host>[A-Za-z0-9.-]+|\[[0-9A-Fa-f:]+\]):(?P<port>[0-9]+)(?:/.*)?")
DEFAULT_PORTS = {"http": 80, "https": 443}
#: The protocols of receivers, as SDKs and exporters name them.
_PROTOCOLS = {"grpc": "grpc", "http/protobuf": "http", "otlp_grpc": "grpc", "otlp_http": "http"}
EVERYWHERE = ("0.0.0.0", "[::]")


@dataclass(frozen=True)
class Address:
    """A host and a port in a configuration, and where they stand."""

    where: tuple[str, ...]
    host: str
    port: int


def services(system: System) -> Iterator[tuple[str, SplitResult, str]]:
    """Each service with its endpoint and protocol; the protocol is empty when it is none that receivers have."""
    for name in system.said["services"]:
        variables = variables_of(system.tree[f"services/{name}/otel.env"])
        protocol = _PROTOCOLS.get(variables.get("OTEL_EXPORTER_OTLP_PROTOCOL", ""), "")
        yield name, urlsplit(variables.get("OTEL_EXPORTER_OTLP_ENDPOINT", "")), protocol


def exporters(system: System) -> Iterator[tuple[str, str, Address, str]]:
    """Each OTLP exporter: its file, its name, and the address and protocol to which it sends."""
    for path, config in system.collectors.items():
        for name, exporter in config.get("exporters", {}).items():
            protocol = _PROTOCOLS.get(name.split("/")[0], "")
            for address in addresses({"endpoint": exporter.get("endpoint", "")}) if protocol else ():
                yield path, name, address, protocol


def configurations(system: System) -> list[str]:
    """The files in which programs are told of each other."""
    return [path for path in system.yaml_files if path.startswith(("collector/", "jaeger/", "tempo/"))]


def addresses(data: Any) -> Iterator[Address]:
    """Texts that are host:port or a URL, and pairs of keys `host` and `port`; no answers to health checks."""
    for path, value in leaves(data):
        match = _ADDRESS.fullmatch(value) if isinstance(value, str) else None
        if match and "response_body" not in path:
            yield Address(path, match["host"], int(match["port"]))
    yield from _pairs(data, ())


def _pairs(data: Any, path: tuple[str, ...]) -> Iterator[Address]:
    if isinstance(data, dict):
        if isinstance(data.get("host"), str) and isinstance(data.get("port"), int):
            yield Address(path, data["host"], data["port"])
        for key, value in data.items():
            yield from _pairs(value, (*path, str(key)))
    elif isinstance(data, list):
        for index, value in enumerate(data):
            yield from _pairs(value, (*path, str(index)))


def unknown(system: System, host: str, port: int | None) -> Iterator[str]:
    """What is wrong with an address: no component, or not its port; hosts that the spec names may be anything."""
    component = system.components.get(host)
    if component is None:
        if host not in hosts_said(system):
            yield f"{host}:{port}: there is no {host}"
    elif port not in {each.number for each in component.ports}:
        yield f"{host}:{port}: {host} does not listen there"


def hosts_said(system: System) -> set[str]:
    """The hosts of servers that somebody else runs, as the spec names them: in URLs, or with a dot or a port."""
    texts = [text for text in system.texts_said if re.search(r"[.:]", text) and not re.search(r"\s", text)]
    return {urlsplit(text if "://" in text else f"//{text}").hostname or "" for text in texts if "[" not in text}


def not_spoken(system: System, host: str, port: int, protocol: str) -> Iterator[str]:
    """What is wrong with an address to which somebody sends OTLP over a protocol."""
    nobody = list(unknown(system, host, port))
    yield from nobody
    if host in system.components and not nobody:
        ports = {
            address.port
            for receiver in receivers(system, host, protocol)
            for address in addresses({"endpoint": receiver.get("endpoint", "")})
        }
        if port not in ports:
            yield f"{host}:{port}: no receiver speaks OTLP over {protocol} there, but at {sorted(ports)}"


def receivers(system: System, host: str, protocol: str) -> Iterator[dict[str, Any]]:
    """The OTLP receivers of a component for a protocol, of whatever program it runs."""
    for path in configurations(system):
        if any(component.name == host for component in system.runners(path)):
            yield from otlp(system.data(path), protocol)


def otlp(data: Any, protocol: str) -> Iterator[dict[str, Any]]:
    """The OTLP receivers for a protocol in a configuration, wherever its program keeps them."""
    if isinstance(data, dict):
        for key, value in data.items():
            if str(key).split("/")[0] == "otlp" and isinstance(value, dict) and "protocols" in value:
                yield from [value["protocols"][protocol]] if protocol in value["protocols"] else []
            else:
                yield from otlp(value, protocol)


def change_environment(draft: Draft, old: str, new: str) -> None:
    """Damage the environment file of a service."""
    path = "services/api/otel.env"
    assert old in draft.texts[path]
    draft.texts[path] = draft.texts[path].replace(old, new)
