"""Who talks to whom: each address is one where something listens that speaks the protocol."""

from collections.abc import Iterator
from urllib.parse import urlsplit

from invariants._addresses import (
    DEFAULT_PORTS,
    EVERYWHERE,
    addresses,
    change_environment,
    configurations,
    exporters,
    not_spoken,
    services,
    unknown,
)
from invariants._system import Draft, Finding, System


def check_hosts_and_ports_exist(system: System) -> Iterator[Finding]:
    """Each host:port of a configuration is a component's that listens there, or one that the spec names."""
    for path in configurations(system):
        for address in addresses(system.data(path)):
            if address.host not in EVERYWHERE:
                yield from ((path, wrong) for wrong in unknown(system, address.host, address.port))


def break_hosts_and_ports_exist__host(draft: Draft) -> None:
    draft["collector/gateway.yaml"]["exporters"]["otlp_grpc/jaeger"]["endpoint"] = "tempo:4317"


def break_hosts_and_ports_exist__port(draft: Draft) -> None:
    draft["collector/gateway.yaml"]["exporters"]["otlp_grpc/jaeger"]["endpoint"] = "jaeger:4319"


def check_ports_are_listened_on(system: System) -> Iterator[Finding]:
    """The ports that a component declares are those that its configuration opens, to all interfaces."""
    for path in system.collectors:
        opened = {address.port for address in addresses(system.data(path)) if address.host in EVERYWHERE}
        for component in system.runners(path):
            declared = {port.number for port in component.ports}
            for port in sorted(declared ^ opened):
                what = "declares" if port in declared else "does not declare"
                yield path, f"{component.name} {what} port {port}, and the configuration says otherwise"


def break_ports_are_listened_on__closed(draft: Draft) -> None:
    del draft["collector/gateway.yaml"]["receivers"]["otlp"]["protocols"]["grpc"]


def break_ports_are_listened_on__undeclared(draft: Draft) -> None:
    draft["jaeger/config.yaml"]["receivers"]["zipkin"] = {"endpoint": "0.0.0.0:9411"}


def break_ports_are_listened_on__inside_only(draft: Draft) -> None:
    draft["jaeger/config.yaml"]["receivers"]["otlp"]["protocols"]["http"]["endpoint"] = "localhost:4318"


def check_services_reach_a_receiver(system: System) -> Iterator[Finding]:
    """The endpoint of each service is a port at which a receiver speaks the service's protocol."""
    for name, url, protocol in services(system):
        path = f"services/{name}/otel.env"
        if url.scheme not in DEFAULT_PORTS or not protocol:
            yield path, f"endpoint {url.geturl()!r} or its protocol is none that SDKs know"
        else:
            port = url.port or DEFAULT_PORTS[url.scheme]
            yield from ((path, each) for each in not_spoken(system, url.hostname or "", port, protocol))


def break_services_reach_a_receiver__port(draft: Draft) -> None:
    change_environment(draft, ":4318", ":4317")


def break_services_reach_a_receiver__host(draft: Draft) -> None:
    change_environment(draft, "otel-gateway", "gateway")


def break_services_reach_a_receiver__protocol(draft: Draft) -> None:
    change_environment(draft, "http/protobuf", "http/json")


def check_exporters_reach_a_receiver(system: System) -> Iterator[Finding]:
    """The endpoint of each OTLP exporter is a port at which a receiver speaks its protocol."""
    for path, name, address, protocol in exporters(system):
        for wrong in not_spoken(system, address.host, address.port, protocol):
            yield path, f"{name}: {wrong}"


def break_exporters_reach_a_receiver(draft: Draft) -> None:
    draft["collector/gateway.yaml"]["exporters"]["otlp_grpc/jaeger"]["endpoint"] = "jaeger:4318"


def check_callees_are_found(system: System) -> Iterator[Finding]:
    """The <NAME>_URL that a service gets for each callee is its host and listening port, as far as we run it."""
    for name in system.said["services"]:
        for callee in system.callees(name) if name in system.containers else ():
            variable = f"{callee.upper().replace('-', '_')}_URL"
            url = urlsplit(system.environment(name).get(variable, ""))
            if url.hostname != callee:
                yield "compose.yaml", f"{name} calls {callee}, and has {variable}={url.geturl()}"
            elif callee in system.components:
                yield from (("compose.yaml", f"{variable}: {each}") for each in unknown(system, callee, url.port))


def break_callees_are_found(draft: Draft) -> None:
    del draft.container("api")["environment"]["WEB_URL"]


def break_callees_are_found__port(draft: Draft) -> None:
    draft.container("api")["environment"]["WEB_URL"] = "http://web:1"
