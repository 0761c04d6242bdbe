"""TRACING.md for the team."""

from collections.abc import Iterator

from tracegen.catalogue import Catalogue
from tracegen.packs import contract
from tracegen.parts.collectors import RECEIVER_PORTS, takes_udp
from tracegen.parts.services import url_variable
from tracegen.render.template import render_template
from tracegen.system import SAMPLING_PORTS, Condition, Policy, Publish, Service, System, Tier
from tracegen.system.file import Written
from tracegen.system.units import go_duration

_OLD_CLIENTS = {
    "zipkin": "Zipkin",
    "jaeger-grpc": "Jaeger, gRPC",
    "jaeger-http": "Jaeger, Thrift over HTTP",
    "jaeger-udp": "Jaeger, Thrift over UDP",
}
_OLD_PATHS = {"zipkin": "/api/v2/spans", "jaeger-http": "/api/traces"}


def tracing_guide(system: System, packs: Catalogue) -> Written:
    """TRACING.md: how to start, where to look, and what was decided."""
    code = contract.backend(system.backend.type)
    values = {
        "system": system,
        "compose": "compose" in system.targets,
        "backend": packs.backends[system.backend.type].entrance.get(system.backend.mode, ""),
        "ui": _addresses(system),
        "look": code.look,
        "hints": tuple(code.hints(system)),
        "old_clients": list(_old_clients(system)),
        "endpoint": _endpoint,
        "sampler": _sampler,
        "spans": _spans,
        "kept": [_policy(each) for each in system.tail.policies] if system.tail else [],
        "wait": go_duration(system.tail.wait) if system.tail else "",
        "strategies": _strategies(system),
        "retention": _retention(system.backend.retention),
        "url_variable": url_variable,
        "examples": [each.name for each in system.services.values() if each.build],
        "ask": _ask(system),
    }
    return Written("TRACING.md", render_template("documents/TRACING.md.j2", values), "documents")


def _ask(system: System) -> str:
    """A command that asks an example for a trace, best one that nobody else calls; empty where there is none."""
    examples = [each for each in system.services.values() if each.build]
    called = {callee for _, callee in system.edges()}
    first = next((each for each in examples if each.name not in called), *examples[:1]) if examples else None
    if first is None:
        return ""
    image = system.images["busybox"].reference
    run = f"docker run --rm --network {system.name}_default {image}"
    return f"{run} wget -q -O - http://{first.name}:{first.port}/"


def _addresses(system: System) -> list[str]:
    """Where a browser or a command finds the backend on the host."""
    if not {"ui", "all"} & set(system.exposure.publish):
        return []
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(system.exposure.bind, system.exposure.bind)
    host = f"[{host}]" if ":" in host else host
    scheme = "https" if system.certificates else "http"
    ports = [port for each in system.components.values() for port in each.ports if port.publish is Publish.UI]
    return [f"{scheme}://{host}:{port.number}" for port in ports]


def _old_clients(system: System) -> Iterator[tuple[str, str]]:
    """The addresses of the first tier for protocols other than OTLP (ruling 12)."""
    for tier in system.tiers[:1]:
        for receiver in tier.receivers:
            for port in RECEIVER_PORTS[receiver]:
                if port.name in _OLD_CLIENTS and (port.protocol == "tcp" or takes_udp(system)):
                    yield _OLD_CLIENTS[port.name], _old_address(port.name, f"{tier.component}:{port.number}", system)


def _old_address(name: str, address: str, system: System) -> str:
    scheme = "https" if system.certificates else "http"
    return f"{scheme}://{address}{_OLD_PATHS[name]}" if name in _OLD_PATHS else address


def _endpoint(service: Service) -> str:
    return "".join(str(part) for part in service.environment.get("OTEL_EXPORTER_OTLP_ENDPOINT", ()))


def _sampler(service: Service) -> str:
    kind, strategy = service.sampler.type, service.sampler.strategy
    if kind.startswith("always"):
        return kind
    return f"{kind} {strategy.traces_per_second:g}/s" if strategy.ratio is None else f"{kind} {strategy.ratio:g}"


def _policy(policy: Policy) -> str:
    """A policy of the tail sampler in words."""
    return ", and ".join(_condition(each) for each in policy.conditions)


def _condition(condition: Condition) -> str:
    words = {
        "errors": "a span has an error",
        "slower_than": f"it took longer than {go_duration(condition.milliseconds)}",
        "attribute": f"{condition.key} is {' or '.join(condition.values)}",
        "ratio": f"it is among {condition.ratio * 100:g} of 100, by its identifier",
        "rate_limit": f"there is room left of {condition.spans_per_second} spans a second",
    }
    return words[condition.kind]


def _strategies(system: System) -> str:
    """Where remote samplers ask; empty when none does."""
    return (
        f"http://{system.strategies.host}:{SAMPLING_PORTS['http']}/sampling?service=NAME" if system.strategies else ""
    )


def _spans(tier: Tier) -> str:
    return f"{tier.queue.spans:,}"


def _retention(hours: int) -> str:
    days, rest = divmod(hours, 24)
    return f"{days} days" if days > 1 and not rest else f"{hours} hours"
