"""The certificate that cert-manager makes for the servers of the rendered system.

https://cert-manager.io/docs/usage/certificate/
"""

from tracegen.emit import Commented, Value
from tracegen.render.kubernetes.labels import PLATFORM, labels
from tracegen.system import System


def is_made(system: System) -> bool:
    """Whether an issuer of the cluster makes the certificate."""
    return system.certificates is not None and bool(system.certificates.issuer)


def certificate(system: System) -> Value:
    """One certificate for all names; the ring of Tempo and the agents are clients of each other, too."""
    assert system.certificates is not None
    name = system.certificates.cert.name
    spec: Value = {
        "secretName": name,
        "commonName": name,
        "dnsNames": [full for host in _servers(system) for full in _names(host, system)],
        "usages": ["digital signature", "key encipherment", "server auth", "client auth"],
        "privateKey": {"algorithm": "ECDSA", "size": 256, "rotationPolicy": "Always"},
        "issuerRef": {
            "name": system.certificates.issuer,
            "kind": system.certificates.issuer_kind,
            "group": "cert-manager.io",
        },
    }
    named: Value = {"name": name, "labels": labels(name, PLATFORM, system)}
    return {
        "apiVersion": "cert-manager.io/v1",
        "kind": "Certificate",
        "metadata": named,
        "spec": Commented(spec, _WHY),
    }


_WHY = "The issuer must be one whose Secrets hold ca.crt: a private authority."


def _servers(system: System) -> list[str]:
    assert system.certificates is not None
    key = system.certificates.key
    return [
        component.name
        for component in system.cluster.components.values()
        if any(mount.secret == key for mount in component.secret_files)
    ]


def _names(host: str, system: System) -> list[str]:
    namespace = system.kubernetes.namespace
    return [host, f"{host}.{namespace}", f"{host}.{namespace}.svc", f"{host}.{namespace}.svc.cluster.local"]
