"""How the user interface is reached from outside: an Ingress, or an HTTPRoute of somebody's Gateway.

https://kubernetes.io/docs/concepts/services-networking/ingress/ and
https://gateway-api.sigs.k8s.io/api-types/httproute/
"""

from tracegen.emit import Commented, Value
from tracegen.render.kubernetes.labels import PLATFORM, labels
from tracegen.system import Component, Ingress, Port, System


def ingress(system: System) -> tuple[str, Value] | None:
    """The name of the file and the object; None when nothing is to be reached, or nothing said."""
    said, found = system.kubernetes.ingress, system.cluster.user_interface
    if said is None or found is None:
        return None
    if said.gateway:
        return "http-route", _route(said, *found, system)
    return "ingress", _ingress(said, *found, system)


def backend_tls(system: System) -> Value:
    """How a Gateway verifies what serves people, when that speaks TLS; None when nobody asks, or none can tell.

    https://gateway-api.sigs.k8s.io/api-types/backendtlspolicy/: the authority has to be called `ca.crt`.
    """
    said, found = system.kubernetes.ingress, system.cluster.user_interface
    if said is None or found is None or not said.gateway or system.certificates is None:
        return None
    authority = system.certificates.ca
    if authority.key != "ca.crt":
        return None
    name = found[0].name
    kind = "A Secret, as every server here reads it: most Gateways take one, beside the ConfigMaps that all take."
    spec: Value = {
        "targetRefs": [{"group": "", "kind": "Service", "name": name}],
        "validation": {
            "hostname": name,
            "caCertificateRefs": Commented([{"group": "", "kind": "Secret", "name": authority.name}], kind),
        },
    }
    named: Value = {"name": name, "labels": labels(name, PLATFORM, system)}
    return {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "BackendTLSPolicy",
        "metadata": named,
        "spec": spec,
    }


def _ingress(said: Ingress, component: Component, port: Port, system: System) -> Value:
    backend: Value = {"service": {"name": component.name, "port": {"name": port.name}}}
    spec: dict[str, Value] = {"ingressClassName": said.class_name} if said.class_name else {}
    if said.tls_secret:
        spec["tls"] = [{"hosts": [said.host], "secretName": said.tls_secret}]
    spec["rules"] = [
        {"host": said.host, "http": {"paths": [{"path": _path(port), "pathType": "Prefix", "backend": backend}]}}
    ]
    named: dict[str, Value] = {"name": component.name, "labels": labels(component.name, PLATFORM, system)}
    if system.certificates:
        named["annotations"] = Commented(
            {"nginx.ingress.kubernetes.io/backend-protocol": "HTTPS"},
            "It speaks TLS inside too; other controllers have a setting of their own for that.",
        )
    return {"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": named, "spec": spec}


def _path(port: Port) -> str:
    """Of a server without pages only what is read, not what is written to or steers it."""
    return "/" if port.name == "ui" else "/api"


def _matches(port: Port) -> dict[str, Value]:
    path = _path(port)
    return {} if path == "/" else {"matches": [{"path": {"type": "PathPrefix", "value": path}}]}


def _route(said: Ingress, component: Component, port: Port, system: System) -> Value:
    parent: dict[str, Value] = {"name": said.gateway}
    parent |= {"namespace": said.gateway_namespace} if said.gateway_namespace else {}
    parent |= {"sectionName": said.gateway_section} if said.gateway_section else {}
    spec: Value = {
        "parentRefs": [parent],
        "hostnames": [said.host],
        "rules": [{**_matches(port), "backendRefs": [{"name": component.name, "port": port.number}]}],
    }
    named: Value = {"name": component.name, "labels": labels(component.name, PLATFORM, system)}
    return {"apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute", "metadata": named, "spec": spec}
