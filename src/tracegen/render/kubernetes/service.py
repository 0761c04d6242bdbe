"""The Service by whose name a component is reached."""

from tracegen.emit import Commented, Value
from tracegen.render.kubernetes.labels import metadata, service_selector
from tracegen.render.kubernetes.workload import kind_of
from tracegen.system import Component, Port, System


def service(component: Component, system: System) -> Value:
    """A Service with all ports; without an address of its own where callers want that of each replica."""
    spec: dict[str, Value] = {"type": "ClusterIP"}
    # The Operator gives ports names of its own: internal/naming/port.go.
    is_operated = system.tier_of_operator(component.name) is not None
    if is_headless(component):
        why = "No address of its own: the name stands for every replica, as in Docker Compose."
        spec["clusterIP"] = Commented("None", why)
    if is_headless(component) and (component.ordinals or max(component.replicas, component.most) == 1):
        why = "A ring meets before it is ready, and a name that leads nowhere yet would be remembered as missing."
        spec["publishNotReadyAddresses"] = Commented(True, why)
    if component.per_node:
        spec["internalTrafficPolicy"] = Commented("Local", "Each machine's pods reach the agent of that machine.")
    spec["selector"] = service_selector(component, kind_of(component), system)
    spec["ports"] = [
        {
            "name": port.name,
            "port": port.number,
            "targetPort": port.number if is_operated else port.name,
            "protocol": port.protocol.upper(),
            **_protocol(port, system),
        }
        for port in component.ports
    ]
    return {"apiVersion": "v1", "kind": "Service", "metadata": metadata(component, system), "spec": spec}


def service_of_all(component: Component, system: System) -> Value:
    """A second Service, whose name stands for each replica; None where the first one's does, or nobody asks."""
    if not component.all_name:
        return None
    named = metadata(component, system, component.all_name)
    ports: list[Value] = [
        {
            "name": port.name,
            "port": port.number,
            "targetPort": port.number,
            "protocol": port.protocol.upper(),
            **_protocol(port, system),
        }
        for port in component.ports
    ]
    why = "No address of its own: whoever asks for metrics wants those of every machine."
    spec: Value = {
        "type": "ClusterIP",
        "clusterIP": Commented("None", why),
        "selector": service_selector(component, kind_of(component), system),
        "ports": ports,
    }
    return {"apiVersion": "v1", "kind": "Service", "metadata": named, "spec": spec}


def _protocol(port: Port, system: System) -> dict[str, Value]:
    """What meshes and Gateways are told of OTLP and gRPC: https://kubernetes.io/docs/concepts/services-networking/service/."""
    _, dash, kind = port.name.rpartition("-")
    is_told = dash and kind in ("grpc", "http") and system.certificates is None
    return {"appProtocol": kind} if is_told else {}


def is_headless(component: Component) -> bool:
    """Whether the name resolves to each replica; a StatefulSet's always does.

    It is the same for a name in every spec: the API server refuses to take an address from a Service, or give it one.
    """
    return not component.per_node and (component.headless or kind_of(component) == "StatefulSet")
