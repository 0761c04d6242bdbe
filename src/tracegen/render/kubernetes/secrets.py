"""The Secrets that must exist: by which names they are referred to, and how they are made."""

from collections.abc import Iterable
from dataclasses import dataclass
from shlex import quote

from tracegen.build.security import BASIC_SUFFIX
from tracegen.emit import Value
from tracegen.render.kubernetes.certificates import is_made
from tracegen.render.kubernetes.labels import PLATFORM, labels
from tracegen.system import Component, Secret, System, Text


@dataclass(frozen=True)
class Wanted:
    """A Secret that somebody has to make, with its keys in order, each once; `is_named`: the spec has its name."""

    name: str
    secrets: tuple[Secret, ...]
    namespace: str
    login: Text
    is_named: bool

    @property
    def command(self) -> str:
        """The kubectl command that makes it; values come from variables of the shell and from files."""
        first = f"kubectl create secret generic {quote(self.name)} --namespace {quote(self.namespace)}"
        return " \\\n  ".join([first, *(_argument(each, self) for each in self.secrets)])


def wanted(components: Iterable[Component], system: System) -> list[Wanted]:
    """Every Secret that is referred to, in the order of their names; those that cert-manager makes are left out."""
    found: dict[str, dict[str, Secret]] = {}
    for component in components:
        for secret in component.secrets:
            found.setdefault(secret.name, {}).setdefault(secret.key, secret)
    made = system.certificates.cert.name if system.certificates and is_made(system) else ""
    return [
        Wanted(
            name,
            tuple(found[name][key] for key in sorted(found[name])),
            system.kubernetes.namespace,
            system.ingest.username,
            name not in (f"{system.name}-env", f"{system.name}-files"),
        )
        for name in sorted(found)
        if name != made
    ]


def external_secret(secret: Wanted, system: System) -> Value:
    """The same as an object of the External Secrets Operator: https://external-secrets.io/latest/api/externalsecret/."""
    store = system.kubernetes.external_secrets
    assert store is not None
    named: Value = {"name": secret.name, "labels": labels(secret.name, PLATFORM, system)}
    data: list[Value] = [
        {"secretKey": each.key, "remoteRef": {"key": f"{store.prefix}{secret.name}", "property": each.key}}
        for each in secret.secrets
    ]
    spec: Value = {
        "refreshInterval": "1h",
        "secretStoreRef": {"name": store.store, "kind": store.kind},
        "target": {"name": secret.name, "creationPolicy": "Owner"},
        "data": data,
    }
    return {"apiVersion": "external-secrets.io/v1", "kind": "ExternalSecret", "metadata": named, "spec": spec}


def _argument(secret: Secret, wanted: Wanted) -> str:
    if secret.file:
        return f"--from-file={quote(f'{secret.key}={secret.file}')}"
    literal = quote(f"--from-literal={secret.key}=")
    beside = secret.variable.removesuffix(BASIC_SUFFIX)
    if beside != secret.variable and any(each.variable == beside for each in wanted.secrets):
        login = "".join(_shell(part) for part in wanted.login)
        return f"{literal}\"$(printf %s {login}:{_variable(beside)} | base64 | tr -d '\\n')\""
    return literal + _variable(secret.variable)


def _variable(name: str) -> str:
    return f'"${{{name}:?}}"'


def _shell(part: str | Secret) -> str:
    return _variable(part.variable) if isinstance(part, Secret) else quote(part)
