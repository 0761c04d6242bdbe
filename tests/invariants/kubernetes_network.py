"""NetworkPolicies: what passes is what somebody has to reach, and nothing else.

Who talks to whom is read here from the rendered configurations, variables and words, not from the system's own list.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from invariants._addresses import DEFAULT_PORTS
from invariants._manifests import Manifest, Workload, changed, is_selected
from invariants._system import Draft, Finding, System, leaves
from tracegen.system import Component

#: A host that is a component, and a port behind it, in a text of any kind.
_INSIDE = r"(?<![A-Za-z0-9_.-])(?:https?://)?(?:[A-Za-z0-9-]+-[0-9]+\.|[^\s/@]*@)?({names}):([0-9]+)(?![0-9])"


#: Of Tempo's processes with one configuration for all, those that open connections to Kafka (modules/distributor,
#: modules/blockbuilder, modules/livestore of Tempo 3.0: `ingest.New…Client` is called nowhere else).
_OF_KAFKA = ("tempo-distributor", "tempo-block-builder", "tempo-live-store-a", "tempo-live-store-b")
#: Addresses that Tempo's processes learn from each other: every member of the ring asks every other whether it lives
#: (memberlist), and queriers ask the live stores (`querier_to_livestore_pool`).
_GOSSIP = 7946
_LEARNED = (("tempo-querier", "tempo-live-store-a", 9095), ("tempo-querier", "tempo-live-store-b", 9095))
#: Told to all in a configuration that they share; who calls it:
_ONE_CALLER = {
    ("tempo-query-frontend", 9095): "tempo-querier",
    ("tempo-backend-scheduler", 9095): "tempo-backend-worker",
}
#: Storages whose address is that of their cloud unless the spec names another.
_CLOUDS = ("s3", "gcs", "azure")


@dataclass(frozen=True, order=True)
class Edge:
    """A component opens connections to a port of another."""

    caller: str
    host: str
    port: int


def check_every_edge_passes(system: System) -> Iterator[Finding]:
    """Whoever is told the address of another may open a connection to it, by the policies at both ends."""
    for edge in sorted(edges(system)):
        if not _may_leave(system, edge):
            yield "kubernetes", f"{edge.caller} may not reach {edge.host}:{edge.port}"
        if not _may_come(system, edge):
            yield "kubernetes", f"{edge.host} does not let {edge.caller} reach its port {edge.port}"


def break_every_edge_passes__egress(draft: Draft) -> None:
    changed(draft, "NetworkPolicy", "otel-gateway")["spec"]["egress"].pop()


def break_every_edge_passes__ingress(draft: Draft) -> None:
    changed(draft, "NetworkPolicy", "jaeger")["spec"]["ingress"][0]["from"] = []


def break_every_edge_passes__port(draft: Draft) -> None:
    changed(draft, "NetworkPolicy", "jaeger")["spec"]["ingress"][0]["ports"] = [{"port": 1, "protocol": "TCP"}]


def check_nothing_else_passes(system: System) -> Iterator[Finding]:
    """A rule of a policy of what tracegen runs names no peer and port but those of an edge, DNS, and the ingress."""
    known = edges(system)
    for policy, component in _own_policies(system):
        for caller, port in _open_in(system, policy):
            if Edge(caller, component.name, port) not in known:
                yield policy.path, f"{caller} reaches {component.name}:{port}, and is told of no such address"
        for host, port in _open_out(system, policy):
            if Edge(component.name, host, port) not in known:
                yield policy.path, f"{component.name} reaches {host}:{port}, and is told of no such address"


def break_nothing_else_passes__ingress(draft: Draft) -> None:
    rules = changed(draft, "NetworkPolicy", "jaeger")["spec"]["ingress"]
    rules[0]["from"].append({"podSelector": {"matchLabels": {"app.kubernetes.io/name": "web"}}})


def break_nothing_else_passes__port(draft: Draft) -> None:
    rules = changed(draft, "NetworkPolicy", "jaeger")["spec"]["ingress"]
    rules[0]["ports"].append({"port": 16686, "protocol": "TCP"})


def break_nothing_else_passes__egress(draft: Draft) -> None:
    rules = changed(draft, "NetworkPolicy", "jaeger")["spec"]["egress"]
    to = [{"podSelector": {"matchLabels": {"app.kubernetes.io/name": "otel-gateway"}}}]
    rules.append({"to": to, "ports": [{"port": 4317, "protocol": "TCP"}]})


def check_only_what_is_outside_is_open_to_all(system: System) -> Iterator[Finding]:
    """A rule without peers is for DNS, for ports of servers outside, or for the ingress; none is without ports."""
    for policy, component in _own_policies(system):
        for rule in policy.spec.get("egress", []):
            ports = {each["port"] for each in rule.get("ports", [])}
            if not rule.get("to") and not (ports and ports <= {53, 5353} | _outside(system, component)):
                yield policy.path, f"{component.name} reaches everybody at {sorted(ports) or 'every port'}"
        for rule in policy.spec.get("ingress", []):
            ports = {each["port"] for each in rule.get("ports", [])}
            if not ports or (not rule.get("from") and not ports <= _ingress_ports(system, component)):
                yield policy.path, f"everybody reaches {component.name} at {sorted(ports) or 'every port'}"


def break_only_what_is_outside_is_open_to_all__egress(draft: Draft) -> None:
    changed(draft, "NetworkPolicy", "jaeger")["spec"]["egress"].append({"ports": [{"port": 443, "protocol": "TCP"}]})


def break_only_what_is_outside_is_open_to_all__ingress(draft: Draft) -> None:
    changed(draft, "NetworkPolicy", "otel-gateway")["spec"]["ingress"].append({"ports": [{"port": 4317}]})


def break_only_what_is_outside_is_open_to_all__ports(draft: Draft) -> None:
    del changed(draft, "NetworkPolicy", "jaeger")["spec"]["ingress"][0]["ports"]


def check_what_is_run_is_closed(system: System) -> Iterator[Finding]:
    """All that tracegen runs is denied both ways but for policies, unless none are wanted; `strict`: services too."""
    wanted = system.get("kubernetes", "network_policies") or "platform"
    for workload in system.manifests.workloads:
        guarded = wanted == "strict" or (wanted == "platform" and workload.is_platform)
        policies = _policies_of(system, workload)
        kinds = {kind for each in policies for kind in each.spec.get("policyTypes", [])}
        if guarded and kinds != {"Ingress", "Egress"}:
            yield workload.manifest.path, f"no policy closes {workload.component} both ways: {sorted(kinds)}"
        if not guarded and policies:
            yield workload.manifest.path, f"policies close {workload.component}, and none was asked for"
        if guarded and not any(_answers_names(each) for each in policies):
            yield workload.manifest.path, f"{workload.component} cannot resolve names"


def break_what_is_run_is_closed(draft: Draft) -> None:
    for name in ("jaeger", "shop-tracing-default-deny"):
        changed(draft, "NetworkPolicy", name)["spec"]["policyTypes"] = ["Ingress"]


def break_what_is_run_is_closed__services(draft: Draft) -> None:
    changed(draft, "NetworkPolicy", "shop-tracing-default-deny")["spec"]["podSelector"] = {}


def break_what_is_run_is_closed__names(draft: Draft) -> None:
    changed(draft, "NetworkPolicy", "jaeger")["spec"]["egress"] = []


def edges(system: System) -> set[Edge]:
    """Every address inside that a component is told: in its files, variables and words."""
    called = {name: name for name in system.cluster} | {each.all_name: each.name for each in system.cluster.values()}
    names = "|".join(sorted(map(re.escape, filter(None, called)), key=len, reverse=True))
    form = re.compile(_INSIDE.format(names=names))
    found: set[Edge] = set()
    for component in system.cluster.values():
        for text in _told(system, component):
            for name, port in form.findall(text):
                if called[name] != component.name or component.replicas > 1:
                    found.add(Edge(component.name, called[name], int(port)))
    open_ports = {(each.name, port.number) for each in system.cluster.values() for port in each.ports}
    return {each for each in found | _learned(system) if (each.host, each.port) in open_ports and _is_needed(each)}


def _learned(system: System) -> set[Edge]:
    ring = [each.name for each in system.cluster.values() if _GOSSIP in {port.number for port in each.ports}]
    gossip = {Edge(one, other, _GOSSIP) for one in ring for other in ring if len(ring) > 1}
    return gossip | {Edge(*each) for each in _LEARNED if each[0] in system.cluster}


def _is_needed(edge: Edge) -> bool:
    """What processes with a shared configuration are told, and do not use, is no edge."""
    if edge.caller.startswith("tempo-") and edge.host == "kafka":
        return edge.caller in _OF_KAFKA
    return _ONE_CALLER.get((edge.host, edge.port), edge.caller) == edge.caller


def _told(system: System, component: Component) -> Iterator[str]:
    plain = system.components.get(component.name, component)
    for mount in plain.files:  # what the Operator runs has it in its resource
        yield from (value for _, value in leaves(system.data(mount.source)) if isinstance(value, str))
        yield from _looked_up(system.data(mount.source))
    yield from component.args
    yield from component.entrypoint
    for value in component.environment.values():
        yield "".join(part if isinstance(part, str) else "" for part in value)
    if component.environment_file:
        yield from (line.partition("=")[2] for line in system.tree[component.environment_file].splitlines())


def _looked_up(data: Any) -> Iterator[str]:
    """Who asks DNS for all replicas of a name: Prometheus, and collectors that balance over others."""
    below = data.values() if isinstance(data, dict) else data if isinstance(data, list) else ()
    if isinstance(data, dict) and "names" in data and "port" in data:
        yield from (f"{name}:{data['port']}" for name in data["names"])
    if isinstance(data, dict) and "hostname" in data:
        yield f"{data['hostname']}:{data.get('port', 4317)}"
    for each in below:
        yield from _looked_up(each)


def _policies_of(system: System, workload: Workload) -> list[Manifest]:
    return [
        each
        for each in system.manifests.of("NetworkPolicy")
        if is_selected(workload.labels, each.spec["podSelector"])
    ]


def _answers_names(policy: Manifest) -> bool:
    opened = {
        (each["port"], each.get("protocol")) for rule in policy.spec.get("egress", []) for each in rule["ports"]
    }
    return {(port, protocol) for port in (53, 5353) for protocol in ("UDP", "TCP")} <= opened


def _own_policies(system: System) -> Iterator[tuple[Manifest, Component]]:
    """The policies of single components that tracegen runs."""
    for policy in system.manifests.of("NetworkPolicy"):
        component = system.cluster.get(policy.name)
        if component is not None and component.platform:
            yield policy, component


def _may_leave(system: System, edge: Edge) -> bool:
    """No policy closes the caller's way out, or one of them opens it."""
    caller, host = _workload(system, edge.caller), _workload(system, edge.host)
    if caller is None or host is None:
        return True
    closing = [each for each in _policies_of(system, caller) if "Egress" in each.spec["policyTypes"]]
    return not closing or any(
        _opens(rule, "to", host, edge.port) for each in closing for rule in each.spec.get("egress", [])
    )


def _may_come(system: System, edge: Edge) -> bool:
    caller, host = _workload(system, edge.caller), _workload(system, edge.host)
    if caller is None or host is None:
        return True
    closing = [each for each in _policies_of(system, host) if "Ingress" in each.spec["policyTypes"]]
    return not closing or any(
        _opens(rule, "from", caller, edge.port) for each in closing for rule in each.spec.get("ingress", [])
    )


def _opens(rule: Mapping[str, Any], key: str, other: Workload, port: int) -> bool:
    peers = rule.get(key)
    to_it = peers is None or any(
        is_selected(other.labels, each["podSelector"]) for each in peers if "podSelector" in each
    )
    return to_it and ("ports" not in rule or any(each["port"] == port for each in rule["ports"]))


def _open_in(system: System, policy: Manifest) -> Iterator[tuple[str, int]]:
    yield from _opened(system, policy.spec.get("ingress", []), "from")


def _open_out(system: System, policy: Manifest) -> Iterator[tuple[str, int]]:
    yield from _opened(system, policy.spec.get("egress", []), "to")


def _opened(system: System, rules: list[dict[str, Any]], key: str) -> Iterator[tuple[str, int]]:
    """Each component and port that rules name; all services of the team are one peer."""
    for rule in rules:
        for peer in rule.get(key, []):
            selector = peer.get("podSelector")
            for workload in system.manifests.selected(selector) if selector else ():
                if workload.is_platform or "app.kubernetes.io/name" in selector.get("matchLabels", {}):
                    yield from ((workload.component, each["port"]) for each in rule.get("ports", []))


def _workload(system: System, component: str) -> Workload | None:
    return next((each for each in system.manifests.workloads if each.component == component), None)


#: Where the API server is asked: the port of its Service, and that of the machines behind it.
_API_SERVER = {443, 6443}


def _outside(system: System, component: Component) -> set[int]:
    """The ports of servers outside that a component is told, and of its cloud."""
    found = {443} if system.get("backend", "storage", "type") in _CLOUDS else set()
    if system.get("kubernetes", "k8s_attributes") and component.name.startswith("otel-"):
        found |= _API_SERVER
    for text in _told(system, component):
        for word in re.split(r"[\s,;=\"']+", text):
            found |= {port for host, port in _address(word) if host not in system.cluster}
    return found


def _address(word: str) -> Iterator[tuple[str, int]]:
    with suppress(ValueError):
        url = urlsplit(word if "://" in word else f"//{word}")
        port = url.port or DEFAULT_PORTS.get(url.scheme)
        if url.hostname and port:
            yield url.hostname, port


def _ingress_ports(system: System, component: Component) -> set[int]:
    """The ports of a component to which an Ingress or a route leads."""
    leads = system.get("kubernetes", "ingress") is not None
    return {port.number for port in component.ports if leads and port.name == component.ui}
