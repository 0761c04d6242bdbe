"""NetworkPolicies: what tracegen runs takes and opens exactly the connections of the system.

https://kubernetes.io/docs/concepts/services-networking/network-policies/. Policies add up: a team that needs more
writes its own beside these.
"""

from collections.abc import Collection, Iterator, Mapping

from tracegen.build.names import default_deny_name
from tracegen.emit import Commented, Value
from tracegen.render.kubernetes.labels import PLATFORM, SERVICE, labels, metadata, part_selector, selector
from tracegen.render.kubernetes.monitors import metric_ports
from tracegen.system import Client, Component, System

#: 5353 is where the pods of OpenShift's resolver listen: policies are judged after the Service's port is translated.
_DNS_PORTS = (53, 5353)
_DNS: Value = Commented(
    {"ports": [{"port": port, "protocol": protocol} for port in _DNS_PORTS for protocol in ("UDP", "TCP")]},
    "Names, wherever they are answered; OpenShift's resolver listens on 5353.",
)
_BOTH: Value = ["Ingress", "Egress"]


def default_deny(system: System) -> Value:
    """Nothing passes to or from what tracegen runs unless another policy says so."""
    spec: Value = {"podSelector": {"matchLabels": part_selector(PLATFORM, system)}, "policyTypes": _BOTH}
    name = default_deny_name(system)
    return _policy({"name": name, "labels": labels(name, PLATFORM, system)}, spec)


def is_guarded(component: Component, system: System) -> bool:
    """Whether a component has a policy of its own."""
    level = system.kubernetes.network_policies
    return level == "strict" or (level == "platform" and component.platform)


def network_policy(component: Component, system: System, elsewhere: Mapping[str, Collection[int]]) -> Value:
    """The policy of one component; `elsewhere` are the ports that other namespaces call, by host."""
    incoming = [
        *_ingress(component, system),
        *_from_elsewhere(component, elsewhere),
        *_from_ingress_controllers(component, system),
        *_from_clients(component, system),
    ]
    spec: Value = {
        "podSelector": {"matchLabels": selector(component.name, system)},
        "policyTypes": _BOTH,
        # The API server leaves an empty list out, and each apply would write it anew.
        **({"ingress": incoming} if incoming else {}),
        "egress": [_DNS, *_egress(component, system)],
    }
    return _policy(metadata(component, system), spec)


def _policy(named: Mapping[str, Value], spec: Value) -> Value:
    return {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": named, "spec": spec}


def _ingress(component: Component, system: System) -> Iterator[Value]:
    """A rule for each set of ports, with all who may ask there."""
    rules: dict[tuple[int, ...], list[Value]] = {}
    for caller, ports in _callers(component, system).items():
        rules.setdefault(ports, []).append(_peer(caller, system))
    for ports, peers in rules.items():
        yield {"from": peers, "ports": [_port(each, component) for each in ports]}


def _from_elsewhere(component: Component, elsewhere: Mapping[str, Collection[int]]) -> Iterator[Value]:
    ports = sorted(elsewhere.get(component.name, ()))
    if ports:
        why = "Services that run elsewhere send from other namespaces: from which, is not known here."
        yield Commented(
            {"from": [{"namespaceSelector": {}}], "ports": [_port(each, component) for each in ports]}, why
        )


def _from_ingress_controllers(component: Component, system: System) -> Iterator[Value]:
    found = system.cluster.user_interface if system.kubernetes.ingress else None
    if found and found[0].name == component.name:
        why = "From anywhere: which controller forwards to it is not known here. Narrow it in an overlay."
        yield Commented({"ports": [_port(found[1].number, component)]}, why)


def _from_clients(component: Component, system: System) -> Iterator[Value]:
    """Who else reads metrics, and traces where they are shown."""
    if not component.platform:
        return
    metrics = {each.number for each in metric_ports(component)}
    ports = metrics | {each.number for each in component.ports if each.name == component.ui}
    clients = system.kubernetes.clients
    if clients and ports:
        yield {
            "from": [_client(each) for each in clients],
            "ports": [_port(each, component) for each in sorted(ports)],
        }
    elif system.kubernetes.monitors and metrics:
        why = "The cluster's Prometheus may be in any namespace: `kubernetes.clients` says in which."
        rule: Value = {
            "from": [{"namespaceSelector": {}}],
            "ports": [_port(each, component) for each in sorted(metrics)],
        }
        yield Commented(rule, why)


def _client(client: Client) -> Value:
    pods: dict[str, Value] = {"podSelector": {"matchLabels": dict(client.labels)}} if client.labels else {}
    return {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": client.namespace}}, **pods}


def _callers(component: Component, system: System) -> dict[str, tuple[int, ...]]:
    """Ports of the component that others call, by caller; services are one, `SERVICE`, when all call alike."""
    found = dict(system.cluster.callers.get(component.name, {}))
    if not component.platform:
        return found
    services = [other.name for other in system.cluster.components.values() if not other.platform]
    if services and len({found.get(name) for name in services}) == 1:
        alike = found.get(services[0])
        found = {name: ports for name, ports in found.items() if name not in services}
        return {**({SERVICE: alike} if alike else {}), **found}
    return found


def _peer(caller: str, system: System) -> Value:
    wanted = part_selector(SERVICE, system) if caller == SERVICE else selector(caller, system)
    return {"podSelector": {"matchLabels": wanted}}


def _egress(component: Component, system: System) -> Iterator[Value]:
    inside: dict[str, set[int]] = {}
    outside: set[int] = set()
    for call in component.calls:
        if call.host in system.cluster.components:
            inside.setdefault(call.host, set()).add(call.port)
        else:
            outside.add(call.port)
    rules: dict[tuple[int, ...], list[str]] = {}
    for name, ports in inside.items():
        rules.setdefault(tuple(sorted(ports)), []).append(name)
    for numbers, names in rules.items():
        server = system.cluster.components[names[0]]
        yield {"to": [_peer(each, system) for each in names], "ports": [_port(each, server) for each in numbers]}
    if outside:
        why = "Servers outside: a policy knows addresses, not names, so only the ports are named."
        yield Commented({"ports": [{"port": each, "protocol": "TCP"} for each in sorted(outside)]}, why)


def _port(number: int, server: Component) -> Value:
    protocol = next((port.protocol for port in server.ports if port.number == number), "tcp")
    return {"port": number, "protocol": protocol.upper()}
