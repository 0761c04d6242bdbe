"""The certificate that cert-manager makes for the servers of the rendered system.

https://cert-manager.io/docs/usage/certificate/
"""

from tracegen.emit import Commented, Value
from tracegen.render.kubernetes.labels import PLATFORM, labels
from tracegen.system import Model


def is_made(model: Model) -> bool:
    """Whether an issuer of the cluster makes the certificate."""
    return model.certificates is not None and bool(model.certificates.issuer)


def certificate(model: Model) -> Value:
    """One certificate for all names; the ring of Tempo and the agents are clients of each other, too."""
    assert model.certificates is not None
    name = model.certificates.cert.name
    spec: Value = {
        "secretName": name,
        "commonName": name,
        "dnsNames": [full for host in _servers(model) for full in _names(host, model)],
        "usages": ["digital signature", "key encipherment", "server auth", "client auth"],
        "privateKey": {"algorithm": "ECDSA", "size": 256, "rotationPolicy": "Always"},
        "issuerRef": {
            "name": model.certificates.issuer,
            "kind": model.certificates.issuer_kind,
            "group": "cert-manager.io",
        },
    }
    named: Value = {"name": name, "labels": labels(name, PLATFORM, model)}
    return {
        "apiVersion": "cert-manager.io/v1",
        "kind": "Certificate",
        "metadata": named,
        "spec": Commented(spec, _WHY),
    }


_WHY = "The issuer must be one whose Secrets hold ca.crt: a private authority."


def _servers(model: Model) -> list[str]:
    assert model.certificates is not None
    key = model.certificates.key
    return [
        component.name
        for component in model.cluster.components.values()
        if any(mount.secret == key for mount in component.secret_files)
    ]


def _names(host: str, model: Model) -> list[str]:
    namespace = model.kubernetes.namespace
    return [host, f"{host}.{namespace}", f"{host}.{namespace}.svc", f"{host}.{namespace}.svc.cluster.local"]
