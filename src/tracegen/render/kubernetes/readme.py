"""kubernetes/README.md: what has to exist first, and how to apply, look and change."""

from shlex import quote

from tracegen.render.kubernetes.certificates import is_made
from tracegen.render.kubernetes.elsewhere import AUTHORITY_KEY, authority_map
from tracegen.render.kubernetes.pod import is_pushed
from tracegen.render.kubernetes.secrets import wanted
from tracegen.render.template import render_template
from tracegen.system import Component, Secret, System

_NO_LOGIN = (
    "It has no login of its own, and whoever reaches that address sees every trace: put a login before it, see "
    "kubernetes.ingress in the documents of tracegen."
)


def readme(system: System) -> str:
    """The text of the page."""
    found, said = system.cluster.user_interface, system.kubernetes.ingress
    tls_secret = said.tls_secret if said else ""
    found_secrets, brought = wanted(system.cluster.components.values(), system), system.kubernetes.external_secrets
    values = {
        "system": system,
        "pods": f"kubectl get pods --namespace {system.kubernetes.namespace}",
        "secrets": [each for each in found_secrets if not (each.is_named and brought)],
        "others": [each for each in found_secrets if each.is_named and brought],
        "basic": _basic(system),
        "builds": _builds(system),
        "loads": _loads(system),
        "restart": _restart(system),
        "certificate": system.certificates.cert.name if system.certificates and is_made(system) else "",
        "tls_secret": tls_secret,
        "authority": _authority(system) if system.cluster.elsewhere else "",
        "pull_command": f"kubectl create secret docker-registry --namespace {system.kubernetes.namespace} ",
        "tls_command": _tls_command(tls_secret, system),
        "has_pages": found is not None and found[1].name == "ui",
        "ui_service": found[0].name if found else "",
        "forward": _forward(found[0].name, found[1].number, system) if found else "",
        "host": f"http{'s' if said and (said.tls_secret or said.gateway) else ''}://{said.host if said else ''}",
        "login": f"Whoever opens it logs in at {said.login.issuer} first." if said and said.login else _NO_LOGIN,
        "elsewhere": [service.name for service in system.services.values() if not service.deploy],
    }
    return render_template("documents/kubernetes-README.md.j2", values)


def _built(system: System) -> list[Component]:
    return [each for each in system.cluster.components.values() if each.build]


def _builds(system: System) -> str:
    """The commands that build the example services and, where a registry is named, push them; empty without any."""
    lines = [
        f"docker build --tag {quote(each.image)} {quote(each.build)}"
        + (f" && docker push {quote(each.image)}" if is_pushed(each) else "")
        for each in _built(system)
    ]
    return "\n".join(lines)


def _loads(system: System) -> tuple[str, str]:
    """The images that have to be on the nodes, for kind and for minikube; empty where all are pulled."""
    names = " ".join(quote(each.image) for each in _built(system) if not is_pushed(each))
    return (f"kind load docker-image {names}", f"minikube image load {names}") if names else ("", "")


def _restart(system: System) -> str:
    names = " ".join(f"deployment/{each.name}" for each in _built(system))
    return f"kubectl rollout restart --namespace {quote(system.kubernetes.namespace)} {names}"


def _basic(system: System) -> str:
    """The key that holds a login as HTTP basic authentication sends it; a store does not make it by itself."""
    return (
        next((part.key for part in system.ingest.header if isinstance(part, Secret)), "") if _is_basic(system) else ""
    )


def _is_basic(system: System) -> bool:
    return system.ingest.kind == "basic"


def _authority(system: System) -> str:
    """The commands that bring the authority, and nothing else, into the namespace of a service that others run."""
    found = next((each.ca for each in system.services.values() if each.ca and not each.deploy), None)
    if found is None:
        return ""
    of_here = f"kubectl get secret {quote(found.name)} --namespace {quote(system.kubernetes.namespace)}"
    escaped = found.key.replace(".", r"\.")
    return (
        f"{of_here} --output 'jsonpath={{.data.{escaped}}}' | base64 --decode > {AUTHORITY_KEY}\n"
        f'kubectl create configmap {authority_map(system)} --namespace "$THEIRS" --from-file={AUTHORITY_KEY}'
    )


def _tls_command(name: str, system: System) -> str:
    where = f"--namespace {quote(system.kubernetes.namespace)}"
    return f"kubectl create secret tls {quote(name)} {where} --cert=tls.crt --key=tls.key"


def _forward(name: str, port: int, system: System) -> str:
    return (
        f"kubectl port-forward --namespace {quote(system.kubernetes.namespace)} service/{quote(name)} {port}:{port}"
    )
