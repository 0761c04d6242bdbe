"""kubernetes/README.md: what has to exist first, and how to apply, look and change."""

from shlex import quote

from tracegen.render.kubernetes.certificates import is_made
from tracegen.render.kubernetes.secrets import wanted
from tracegen.render.template import render_template
from tracegen.system import Model, Secret

_NO_LOGIN = (
    "It has no login of its own, and whoever reaches that address sees every trace: put a login before it, see "
    "kubernetes.ingress in the documents of tracegen."
)


def readme(model: Model) -> str:
    """The text of the page."""
    found, said = model.cluster.user_interface, model.kubernetes.entrance
    tls_secret = said.tls_secret if said else ""
    values = {
        "model": model,
        "pods": f"kubectl get pods --namespace {model.kubernetes.namespace}",
        "secrets": wanted(model.cluster.components.values(), model),
        "basic": _basic(model),
        "builds": any(component.build for component in model.cluster.components.values()),
        "certificate": model.certificates.cert.name if model.certificates and is_made(model) else "",
        "tls_secret": tls_secret,
        "tls_command": _tls_command(tls_secret, model),
        "door": found[0].name if found else "",
        "forward": _forward(found[0].name, found[1].number, model) if found else "",
        "host": f"http{'s' if said and (said.tls_secret or said.gateway) else ''}://{said.host if said else ''}",
        "login": f"Whoever opens it logs in at {said.login.issuer} first." if said and said.login else _NO_LOGIN,
        "elsewhere": [service.name for service in model.services.values() if not service.deploy],
    }
    return render_template("documents/kubernetes-README.md.j2", values)


def _basic(model: Model) -> str:
    """The key that holds a login as HTTP basic authentication sends it; a store does not make it by itself."""
    return (
        next((part.key for part in model.ingest.header if isinstance(part, Secret)), "") if _is_basic(model) else ""
    )


def _is_basic(model: Model) -> bool:
    return model.ingest.kind == "basic"


def _tls_command(name: str, model: Model) -> str:
    where = f"--namespace {quote(model.kubernetes.namespace)}"
    return f"kubectl create secret tls {quote(name)} {where} --cert=tls.crt --key=tls.key"


def _forward(name: str, port: int, model: Model) -> str:
    return f"kubectl port-forward --namespace {quote(model.kubernetes.namespace)} service/{quote(name)} {port}:{port}"
