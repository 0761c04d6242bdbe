"""TRACING.md for the team."""

from collections.abc import Iterator

from tracegen.assemble.collector import RECEIVER_PORTS, takes_udp
from tracegen.build.services import url_variable
from tracegen.catalogue import Catalogue
from tracegen.packs import contract
from tracegen.render.queue import waits_when_full
from tracegen.render.template import render_template
from tracegen.system import SAMPLING_PORTS, Condition, Model, Policy, Publish, Service, Tier
from tracegen.system.file import Written
from tracegen.system.units import go_duration

_KEYS = (
    *("name", "targets", "services", "service_defaults", "backend", "collector", "sampling", "compose", "security"),
    *("registry", "versions", "kubernetes.namespace"),
)

_OLD_CLIENTS = {
    "zipkin": "Zipkin",
    "jaeger-grpc": "Jaeger, gRPC",
    "jaeger-http": "Jaeger, Thrift over HTTP",
    "jaeger-udp": "Jaeger, Thrift over UDP",
}
_OLD_PATHS = {"zipkin": "/api/v2/spans", "jaeger-http": "/api/traces"}


def tracing_guide(model: Model, packs: Catalogue) -> Written:
    """TRACING.md: how to start, where to look, and what was decided."""
    code = contract.backend(model.backend.type)
    values = {
        "model": model,
        "compose": "compose" in model.targets,
        "backend": packs.backends[model.backend.type].entrance.get(model.backend.mode, ""),
        "ui": _addresses(model),
        "look": code.look,
        "hints": tuple(code.hints(model)),
        "old_clients": list(_old_clients(model)),
        "endpoint": _endpoint,
        "sampler": _sampler,
        "spans": _spans,
        "full": _full,
        "each": _each,
        "damaged": list(_damaged(model)),
        "kept": [_policy(each) for each in model.tail.policies] if model.tail else [],
        "wait": go_duration(model.tail.wait) if model.tail else "",
        "strategies": _strategies(model),
        "retention": _retention(model.backend.retention),
        "url_variable": url_variable,
        "examples": [each.name for each in model.services.values() if each.build],
        "ask": _ask(model),
    }
    return Written("TRACING.md", render_template("documents/TRACING.md.j2", values), "documents", _KEYS)


def _ask(model: Model) -> str:
    """A command that asks an example for a trace, best one that nobody else calls; empty where there is none."""
    examples = [each for each in model.services.values() if each.build]
    called = {callee for _, callee in model.edges()}
    first = next((each for each in examples if each.name not in called), *examples[:1]) if examples else None
    if first is None:
        return ""
    image = model.images["busybox"].reference
    run = f"docker run --rm --network {model.name}_default {image}"
    return f"{run} wget -q -O - http://{first.name}:{first.port}/"


def _addresses(model: Model) -> list[str]:
    """Where a browser or a command finds the backend on the host."""
    if not {"ui", "all"} & set(model.exposure.publish):
        return []
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(model.exposure.bind, model.exposure.bind)
    host = f"[{host}]" if ":" in host else host
    scheme = "https" if model.certificates else "http"
    ports = [port for each in model.components.values() for port in each.ports if port.publish is Publish.UI]
    return [f"{scheme}://{host}:{port.number}" for port in ports]


def _old_clients(model: Model) -> Iterator[tuple[str, str]]:
    """The addresses of the first tier for protocols other than OTLP (ruling 12)."""
    for tier in model.tiers[:1]:
        for receiver in tier.receivers:
            for port in RECEIVER_PORTS[receiver]:
                if port.name in _OLD_CLIENTS and (port.protocol == "tcp" or takes_udp(model)):
                    yield _OLD_CLIENTS[port.name], _old_address(port.name, f"{tier.component}:{port.number}", model)


def _old_address(name: str, address: str, model: Model) -> str:
    scheme = "https" if model.certificates else "http"
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


def _strategies(model: Model) -> str:
    """Where remote samplers ask; empty when none does."""
    return (
        f"http://{model.strategies.host}:{SAMPLING_PORTS['http']}/sampling?service=NAME" if model.strategies else ""
    )


def _spans(tier: Tier) -> str:
    return f"{tier.queue.spans:,}"


def _full(tier: Tier) -> str:
    """What happens when a queue is full, by what stands before it."""
    if waits_when_full(tier):
        return "decisions wait, and senders with them, until they give up"
    if tier.tail:
        return "what was to be kept is lost, and otelcol_exporter_enqueue_failed_spans_total counts it"
    return "senders are refused and repeat"


def _each(tier: Tier) -> str:
    return " for each of its destinations" if len(tier.destinations) > 1 else ""


def _damaged(model: Model) -> Iterator[str]:
    """Commands that take away the file of a queue; a number where there are several."""
    for tier in model.tiers:
        queue = f"{tier.component}-queue"
        if tier.queue.persistent and "compose" in model.targets:
            number = "-1" if tier.replicas > 1 else ""
            away = f"docker compose rm --stop --force {tier.component}{number}"
            yield f"{away} && docker volume rm {model.name}_{queue}{number} && docker compose up --detach --wait"
        if tier.queue.persistent and "kubernetes" in model.targets and not tier.per_node:
            pod, space = f"{tier.component}-0", f"--namespace {model.kubernetes.namespace}"
            claim = f"kubectl delete persistentvolumeclaim {queue}-{pod} --wait=false {space}"
            yield f"{claim} && kubectl delete pod {pod} {space}"


def _retention(hours: int) -> str:
    days, rest = divmod(hours, 24)
    return f"{days} days" if days > 1 and not rest else f"{hours} hours"
