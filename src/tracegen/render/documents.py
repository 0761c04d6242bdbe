"""TRACING.md for the team."""

from collections.abc import Iterator, Mapping

from tracegen.build.code import TO_BASE
from tracegen.catalogue import Catalogue
from tracegen.catalogue.stub_files import ADOPTION, stub_files
from tracegen.packs import contract
from tracegen.parts.calls import broker_calls
from tracegen.parts.collectors import RECEIVER_PORTS, takes_udp
from tracegen.parts.services import url_variable
from tracegen.render.first_trace import ask, in_network, pages
from tracegen.render.queue import waits_when_full
from tracegen.render.service_map import mermaid
from tracegen.render.span_metrics import queries
from tracegen.render.template import render_template
from tracegen.system import SAMPLING_PORTS, Condition, Policy, Service, System, Tier
from tracegen.system.file import Written
from tracegen.system.units import go_duration, size_in_bytes

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
        "backend": list(_on_the_way(system)),
        "ui": list(pages(system)),
        "limits": _limits(system),
        "folders": _mounted_folders(system),
        "hosts": ",".join(sorted(_hosts(system))),
        "read_metrics": [in_network(system, f"http://{tier.component}:8888/metrics") for tier in system.tiers],
        "look": code.look,
        "hints": tuple(code.hints(system)),
        "old_clients": list(_old_clients(system)),
        "endpoint": _endpoint,
        "sampler": _sampler,
        "spans": _spans,
        "full": _full,
        "each": _each,
        "damaged": list(_damaged(system)),
        "numbered": _numbered(system),
        "kept": [_policy(each) for each in system.tail.policies] if system.tail else [],
        "wait": go_duration(system.tail.wait) if system.tail else "",
        "strategies": _strategies(system),
        "retention": _retention(system.backend.retention),
        "url_variable": url_variable,
        "examples": [each.name for each in system.services.values() if each.build],
        "adopted": list(_adopted(system, packs)),
        "loaded": any(each.build and "/" not in each.image for each in system.cluster.components.values()),
        "ask": ask(system),
        "asked": _queries(system),
        "own": next((address for address, _ in pages(system) if address), ""),
        "map": mermaid(system),
        "shared": _shared(system),
    }
    return Written("TRACING.md", render_template("documents/TRACING.md.j2", values), "documents")


def _queries(system: System) -> list[tuple[str, list[contract.Query]]]:
    """Ready queries, below what they are for."""
    where, found = contract.backend(system.backend.type).queries(system)
    asked = [(where, list(found)), ("as PromQL", list(queries()) if system.metrics and system.tiers else [])]
    return [(where, rows) for where, rows in asked if rows]


def _adopted(system: System, packs: Catalogue) -> Iterator[tuple[str, str]]:
    """Services that have files of their own, each with the page that says how tracing is put in."""
    for each in system.services.values():
        pack = packs.languages[each.language]
        if not each.build and ADOPTION in stub_files(pack, each.framework, each.instrumentation, example=False):
            yield each.name, f"{TO_BASE}/{each.stub}/{ADOPTION}" if each.shared else f"{each.stub}/{ADOPTION}"


def _on_the_way(system: System) -> Iterator[tuple[str, str, bool]]:
    """The backend's processes that a span passes: what they do, their names, and whether people look there."""
    brokers = {call.host for call in broker_calls(system.backend.kafka)} if system.backend.kafka else set()
    for each in system.components.values():
        takes_in = any(port.name.startswith("otlp") for port in each.ports)
        reads = bool(brokers & {call.host for call in each.calls})
        if each.metrics and (takes_in or reads or each.ui):
            yield f"{each.why[0].lower()}{each.why[1:].rstrip('.')}", each.name, bool(each.ui)


def _limits(system: System) -> Mapping[str, str]:
    """The limits of all containers together, and what their volumes are sized for."""
    limited = [(unit.replicas, unit.component.resources) for unit in system.compose.units if unit.component.resources]
    volumes = [volume.size for unit in system.compose.units for volume in unit.volumes if not unit.component.job]
    return {
        "cores": f"{sum(replicas * each.cpu for replicas, each in limited):g}",
        "memory": _gibibytes(sum(replicas * each.memory for replicas, each in limited)),
        "volumes": _gibibytes(sum(map(size_in_bytes, volumes))) if volumes else "",
    }


def _gibibytes(size: int) -> str:
    return f"{size / 2**30:.1f} GiB"


def _mounted_folders(system: System) -> str:
    """The folders beside the spec that users of containers read, certificates among them."""
    components = system.components.values()
    paths = [mount.source for each in components for mount in each.files] + [each.build for each in components]
    paths += [mount.secret.file for each in components for mount in each.secret_files]
    return " ".join(sorted({_top_of(path) for path in paths if path and not path.startswith("/")}))


def _shared(system: System) -> str:
    """The services whose code lies beside the spec, in words."""
    found = [each.name for each in system.services.values() if each.shared]
    return "services" if len(found) == len(system.services) else ", ".join(found)


def _top_of(path: str) -> str:
    """The folder of the output, or of the base's, that a path lies in."""
    up = f"{TO_BASE}/" if path.startswith(f"{TO_BASE}/") else ""
    return up + path.removeprefix(up).partition("/")[0]


def _hosts(system: System) -> set[str]:
    """Names of what tracegen runs that somebody connects to."""
    calls = {call.host for each in system.components.values() for call in each.calls}
    return {each.name for each in system.components.values() if each.platform} & calls


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


def _full(tier: Tier) -> str:
    """What happens when a queue is full, by what stands before it."""
    if waits_when_full(tier):
        return "decisions wait, and senders with them, until they give up"
    if tier.tail:
        return "what was to be kept is lost, and otelcol_exporter_enqueue_failed_spans_total counts it"
    return "senders are refused and repeat"


def _each(tier: Tier) -> str:
    return " for each of its destinations" if len(tier.destinations) > 1 else ""


def _damaged(system: System) -> Iterator[str]:
    """Commands that take away the file of a queue, of the first replica where there are several."""
    for tier in system.tiers:
        queue = f"{tier.component}-queue"
        if tier.queue.persistent and "compose" in system.targets:
            # The container that gave the volume to its user holds it too.
            away = f"docker compose rm --stop --force volume-owner {tier.component}"
            yield f"{away} && docker volume rm {system.name}_{queue} && docker compose up --detach --wait"
        if tier.queue.persistent and "kubernetes" in system.targets and not tier.per_node:
            pod, space = f"{tier.component}-0", f"--namespace {system.kubernetes.namespace}"
            claim = f"kubectl delete persistentvolumeclaim {queue}-{pod} --wait=false {space}"
            yield f"{claim} && kubectl delete pod {pod} {space}"


def _numbered(system: System) -> str:
    """A collector of which Compose has several, or nothing."""
    several = (tier for tier in system.tiers if tier.replicas > 1 and tier.queue.persistent)
    return next((tier.component for tier in several), "") if "compose" in system.targets else ""


def _retention(hours: int) -> str:
    days, rest = divmod(hours, 24)
    return f"{days} days" if days > 1 and not rest else f"{hours} hours"
