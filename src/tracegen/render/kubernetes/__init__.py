"""Components printed for Kubernetes, one object a file, and put together by kustomize."""

from collections.abc import Iterator, Mapping

from tracegen.emit import Value
from tracegen.render.kubernetes.availability import autoscaler, disruption_budget
from tracegen.render.kubernetes.certificates import certificate, is_made
from tracegen.render.kubernetes.configuration import FOLDER, copies
from tracegen.render.kubernetes.elsewhere import components
from tracegen.render.kubernetes.ingress import backend_tls, ingress
from tracegen.render.kubernetes.injection import injects, instrumentation
from tracegen.render.kubernetes.kustomization import HEAD, kustomization
from tracegen.render.kubernetes.monitors import prometheus_rule, service_monitor
from tracegen.render.kubernetes.namespace import namespace, rights, service_account
from tracegen.render.kubernetes.network import default_deny, is_guarded, network_policy
from tracegen.render.kubernetes.operator import collector
from tracegen.render.kubernetes.readme import readme
from tracegen.render.kubernetes.secrets import external_secret, wanted
from tracegen.render.kubernetes.service import service, service_of_all
from tracegen.render.kubernetes.workload import kind_of, workload
from tracegen.system import Component, System
from tracegen.system.file import PlannedFile, Structured, Written

_FILES = {
    "Deployment": "deployment",
    "StatefulSet": "stateful-set",
    "DaemonSet": "daemon-set",
    "Job": "job",
    "CronJob": "cron-job",
}


def kubernetes_files(system: System, files: Mapping[str, PlannedFile]) -> Iterator[PlannedFile]:
    """Everything below kubernetes/; `files` are the output's others, of which configurations are copied."""
    objects = [*_shared(system), *_alerts(system, files), *_of_components(system, files)]
    yield from objects
    paths = [each.path.removeprefix(f"{FOLDER}/") for each in objects]
    running = list(system.cluster.components.values())
    value = kustomization(paths, running, system)
    yield Structured(f"{FOLDER}/kustomization.yaml", value, HEAD, "kubernetes")
    yield from copies(running, files)
    yield from components(system)
    yield Written(f"{FOLDER}/README.md", readme(system), "kubernetes")


def _shared(system: System) -> Iterator[Structured]:
    """What belongs to no component."""
    if system.kubernetes.create_namespace:
        yield _file("namespace", namespace(system), "The namespace of everything.")
    platform = [component for component in system.cluster.components.values() if component.platform]
    if platform:
        yield _file(
            "service-account", service_account(system), "The account of what tracegen runs: it may do nothing."
        )
    for name, value, head in rights(system):
        yield _file(name, value, head)
    if _is_closed(system):
        why = "What tracegen runs is closed, but for what the policies of its components open."
        yield _file("network-policy-default-deny", default_deny(system), why)
    if is_made(system):
        yield _file(
            "certificate", certificate(system), "The certificate of all servers, made and renewed by cert-manager."
        )
    if injects(system):
        yield _file("instrumentation", instrumentation(system), "How agents that the Operator injects send spans.")
    found = ingress(system)
    if found:
        yield _file(found[0], found[1], "Where the user interface is reached from outside.")
    policy = backend_tls(system)
    if policy:
        yield _file("backend-tls-policy", policy, "How the Gateway verifies the user interface, which speaks TLS.")
    if system.kubernetes.external_secrets:
        for each in wanted(system.cluster.components.values(), system):
            why = "Brings the Secret from the store, and keeps it up to date."
            if not each.is_named:
                yield _file(f"external-secrets/{each.name}", external_secret(each, system), why)


def _alerts(system: System, files: Mapping[str, PlannedFile]) -> Iterator[Structured]:
    value = prometheus_rule(system, files) if system.kubernetes.monitors else None
    if value is not None:
        yield _file("prometheus-rule", value, "Alerts on the way of spans, for the Prometheus of the cluster.")


def _is_closed(system: System) -> bool:
    """Whether something is there to be denied; the Operator gives its pods labels of its own.

    internal/manifests/manifestutils/labels.go of the Operator.
    """
    ours = any(
        each.platform and system.tier_of_operator(each.name) is None for each in system.cluster.components.values()
    )
    return ours and system.kubernetes.network_policies != "none"


def _of_components(system: System, files: Mapping[str, PlannedFile]) -> Iterator[Structured]:
    elsewhere: dict[str, set[int]] = {}
    for call in (call for each in system.elsewhere.values() for call in each.calls):
        elsewhere.setdefault(call.host, set()).add(call.port)
    for component in system.cluster.components.values():
        folder = f"{'platform' if component.platform else 'services'}/{component.name}"
        for name, value in _objects(component, system, files, elsewhere):
            if value is not None:
                yield _file(f"{folder}/{name}", value, component.about)


def _objects(
    component: Component, system: System, files: Mapping[str, PlannedFile], elsewhere: Mapping[str, set[int]]
) -> Iterator[tuple[str, Value]]:
    tier = system.tier_of_operator(component.name)
    if tier:
        yield "open-telemetry-collector", collector(component, tier, files, system)
    else:
        yield _FILES[kind_of(component)], workload(component, system)
        yield "disruption-budget", disruption_budget(component, system)
        yield "autoscaler", autoscaler(component, system)
    if component.ports and not component.job:
        yield "service", service(component, system)
        yield "service-of-all", service_of_all(component, system)
    if system.kubernetes.monitors and component.platform:
        yield "service-monitor", service_monitor(component, system)
    if is_guarded(component, system):
        yield "network-policy", network_policy(component, system, elsewhere)


def _file(name: str, value: Value, head: str) -> Structured:
    return Structured(f"{FOLDER}/{name}.yaml", value, head, "kubernetes")
