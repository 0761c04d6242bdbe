"""What runs on Kubernetes: the components, and what only a cluster has or wants otherwise."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from tracegen.build.injection import with_all_variables, with_injection
from tracegen.build.login import with_login
from tracegen.parts.collectors import config_path, pods_read
from tracegen.system import Call, Component, Design, PodsRead, Secret

_ATTRIBUTES = "OTEL_RESOURCE_ATTRIBUTES"

#: The API server as pods call it, with the port of its Service, and that of most machines behind it.
_API_SERVER, _API_PORTS = "kubernetes.default.svc", (443, 6443)


def workloads_of(design: Design, components: Iterable[Component]) -> tuple[Component, ...]:
    """What has a workload, with the variables and files that its container has there; two may have one name."""
    adapted = (_without_configuration(with_injection(each, design), design) for each in components)
    told = (_with_pods(_with_attributes(each, design), design) for each in adapted)
    return tuple(with_login(design, told))


def reachable(design: Design, elsewhere: Iterable[Component], names: Iterable[str]) -> Iterator[Component]:
    """Services that others run, with all their variables; hosts have their namespace, for theirs may be another."""
    hosts = re.compile(rf"(?<=://)({'|'.join(map(re.escape, names))})(?=[:/]|$)")
    for each in elsewhere:
        component = with_all_variables(each, design.services[each.name])
        variables = {
            name: tuple(_with_namespace(part, hosts, design) for part in value)
            for name, value in component.environment.items()
        }
        yield replace(component, environment=variables)


def _with_attributes(component: Component, design: Design) -> Component:
    """A service whose spans say on which pod and node they were made, where no secret is among its attributes."""
    service = design.services.get(component.name)
    said = service.environment.get(_ATTRIBUTES, ()) if service else ()
    texts = [part for part in said if isinstance(part, str)]
    if not said or len(texts) < len(said):
        return component
    others = {name: value for name, value in component.environment.items() if name != _ATTRIBUTES}
    return replace(component, environment=others, attributes="".join(texts))


def _with_pods(component: Component, design: Design) -> Component:
    """A tier of collectors that asks the API server whose pod sent a span."""
    tier = next((each for each in design.tiers if each.component == component.name), None)
    pods = pods_read(tier, design) if tier else PodsRead.NONE
    if pods is PodsRead.NONE:
        return component
    server = tuple(Call(_API_SERVER, port) for port in _API_PORTS)
    return replace(component, pods=pods, calls=(*component.calls, *server))


def _without_configuration(component: Component, design: Design) -> Component:
    """A tier that the Operator runs has no file of its configuration: it comes with the resource.

    internal/manifests/collector/container.go of the Operator.
    """
    tier = design.tier_of_operator(component.name)
    if tier is None:
        return component
    return replace(component, files=tuple(each for each in component.files if each.source != config_path(tier)))


def _with_namespace(part: str | Secret, hosts: re.Pattern[str], design: Design) -> str | Secret:
    return part if isinstance(part, Secret) else hosts.sub(rf"\1.{design.kubernetes.namespace}.svc", part)


def callers_of(components: Iterable[Component]) -> Mapping[str, Mapping[str, tuple[int, ...]]]:
    """For each host the components that call it, with the ports, sorted."""
    found: dict[str, dict[str, set[int]]] = {}
    for component in components:
        for call in component.calls:
            found.setdefault(call.host, {}).setdefault(component.name, set()).add(call.port)
    return {host: {name: tuple(sorted(ports)) for name, ports in each.items()} for host, each in found.items()}
