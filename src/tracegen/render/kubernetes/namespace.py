"""The namespace and the service accounts of what tracegen runs, and the right of collectors to read pods.

https://kubernetes.io/docs/reference/access-authn-authz/rbac/
"""

from collections.abc import Iterator

from tracegen.build.injection import is_injected
from tracegen.emit import Commented, Value
from tracegen.render.kubernetes.labels import PLATFORM, labels
from tracegen.render.kubernetes.pod import account
from tracegen.system import PodsRead, System

#: Argo CD: https://argo-cd.readthedocs.io/en/stable/user-guide/sync-options/; Flux:
#: https://fluxcd.io/flux/components/kustomize/kustomizations/#controlling-the-apply-behavior-of-resources.
_KEPT: Value = {
    "argocd.argoproj.io/sync-options": "Prune=false,Delete=false",
    "kustomize.toolkit.fluxcd.io/prune": "disabled",
}

_API, _GROUP = "rbac.authorization.k8s.io/v1", "rbac.authorization.k8s.io"
_READ: Value = [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list", "watch"]}]
#: Whoever reads pods of every namespace looks at these, too.
_READ_ALL: Value = [{"apiGroups": [""], "resources": ["pods", "namespaces"], "verbs": ["get", "list", "watch"]}]

_LEVEL = "pod-security.kubernetes.io"


def namespace(system: System) -> Value:
    """The namespace with its level of Pod Security.

    https://kubernetes.io/docs/concepts/security/pod-security-admission/: a level holds for a whole namespace, so with
    images of the team in it, it warns and is audited only.
    """
    level = system.kubernetes.pod_security
    modes = ["warn", "audit"] if has_foreign_images(system) else ["enforce", "warn", "audit"]
    levels: dict[str, Value] = {f"{_LEVEL}/{mode}": level for mode in modes}
    marks: Value = {**labels(system.kubernetes.namespace, PLATFORM, system), **levels}
    if has_foreign_images(system):
        why = "Not enforced: it would hold for the images of your services too. What tracegen runs satisfies it."
        marks = Commented(marks, why)
    why = "It takes volumes and Secrets along when it goes: never because a render no longer has it."
    named: Value = {"name": system.kubernetes.namespace, "labels": marks, "annotations": Commented(_KEPT, why)}
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": named}


def has_foreign_images(system: System) -> bool:
    """Whether something runs of which tracegen knows nothing: an image, or a sidecar that the Operator adds.

    An agent that is the only way for its language looks at the program from beside it, as privileged root
    (internal/instrumentation/golang.go of the Operator).
    """
    beside = (each.deploy and is_injected(each, system) and each.agent for each in system.services.values())
    return any(component.user is None for component in system.cluster.components.values()) or any(
        agent.is_only for agent in beside if agent
    )


def service_account(system: System) -> Value:
    """An account without rights and without a token."""
    said = system.kubernetes.account
    marks: Value = {**said.labels, **labels(account(system), PLATFORM, system)}
    named: dict[str, Value] = {"name": account(system), "labels": marks}
    if said.annotations:
        named["annotations"] = dict(said.annotations)
    return {
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": named,
        "automountServiceAccountToken": False,
        **_logins(system),
    }


def _logins(system: System) -> dict[str, Value]:
    """What pods of the account log in to registries with."""
    logins: Value = [{"name": each} for each in system.kubernetes.image_pull_secrets]
    return {"imagePullSecrets": logins} if logins else {}


def rights(system: System) -> Iterator[tuple[str, Value, str]]:
    """Files with their objects and heads: account, role, and what binds them; none where nobody asks."""
    pods = next((each.pods for each in system.cluster.components.values() if each.pods is not PodsRead.NONE), None)
    if pods is None:
        return
    why = "The account of collectors, which read whose pod sent a span, and nothing else."
    yield "service-account-pods", _account(system), why
    if pods is PodsRead.NAMESPACE:
        yield from _bound("Role", account(system, pods), _READ, system)
    else:
        # Such objects are in no namespace, so that of the system is in their name.
        yield from _bound("ClusterRole", f"{system.kubernetes.namespace}-{account(system, pods)}", _READ_ALL, system)


def _account(system: System) -> Value:
    return {
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": _named(account(system, PodsRead.NAMESPACE), system),
        "automountServiceAccountToken": True,
        **_logins(system),
    }


def _bound(kind: str, name: str, rules: Value, system: System) -> Iterator[tuple[str, Value, str]]:
    file = {"Role": "role", "ClusterRole": "cluster-role"}[kind]
    role: Value = {"apiVersion": _API, "kind": kind, "metadata": _named(name, system), "rules": rules}
    yield f"{file}-pods", role, "The right to read pods: their names, machines and owners."
    who: Value = {
        "kind": "ServiceAccount",
        "name": account(system, PodsRead.NAMESPACE),
        "namespace": system.kubernetes.namespace,
    }
    binding: Value = {
        "apiVersion": _API,
        "kind": f"{kind}Binding",
        "metadata": _named(name, system),
        "roleRef": {"apiGroup": _GROUP, "kind": kind, "name": name},
        "subjects": [who],
    }
    yield f"{file}-binding-pods", binding, "Gives the right to read pods to the account of collectors."


def _named(name: str, system: System) -> Value:
    return {"name": name, "labels": labels(name, PLATFORM, system)}
