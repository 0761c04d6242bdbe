"""The namespace and the service account of what tracegen runs."""

from tracegen.build.injection import is_injected
from tracegen.emit import Commented, Value
from tracegen.render.kubernetes.labels import PLATFORM, labels
from tracegen.render.kubernetes.pod import account
from tracegen.system import System

#: Argo CD: https://argo-cd.readthedocs.io/en/stable/user-guide/sync-options/; Flux:
#: https://fluxcd.io/flux/components/kustomize/kustomizations/#controlling-the-apply-behavior-of-resources.
_KEPT: Value = {
    "argocd.argoproj.io/sync-options": "Prune=false,Delete=false",
    "kustomize.toolkit.fluxcd.io/prune": "disabled",
}

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

    An agent that is the only way for its language looks at the program from beside it, as privileged root.
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
    logins: Value = [{"name": each} for each in system.kubernetes.image_pull_secrets]
    return {
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": named,
        "automountServiceAccountToken": False,
        **({"imagePullSecrets": logins} if logins else {}),
    }
