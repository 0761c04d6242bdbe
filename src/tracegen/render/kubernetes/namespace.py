"""The namespace and the service account of what tracegen runs."""

from tracegen.emit import Commented, Value
from tracegen.render.kubernetes.labels import PLATFORM, labels
from tracegen.render.kubernetes.pod import account
from tracegen.system import Model

_LEVEL = "pod-security.kubernetes.io"


def namespace(model: Model) -> Value:
    """The namespace with its level of Pod Security.

    https://kubernetes.io/docs/concepts/security/pod-security-admission/: a level holds for a whole namespace, so with
    images of the team in it, it warns and is audited only.
    """
    level = model.kubernetes.pod_security
    modes = ["warn", "audit"] if has_foreign_images(model) else ["enforce", "warn", "audit"]
    levels: dict[str, Value] = {f"{_LEVEL}/{mode}": level for mode in modes}
    marks: Value = {**labels(model.kubernetes.namespace, PLATFORM, model), **levels}
    if has_foreign_images(model):
        why = "Not enforced: it would hold for the images of your services too. What tracegen runs satisfies it."
        marks = Commented(marks, why)
    named: Value = {"name": model.kubernetes.namespace, "labels": marks}
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": named}


def has_foreign_images(model: Model) -> bool:
    """Whether an image runs of which tracegen knows nothing."""
    return any(component.user is None for component in model.cluster.components.values())


def service_account(model: Model) -> Value:
    """An account without rights and without a token."""
    named: Value = {"name": account(model), "labels": labels(account(model), PLATFORM, model)}
    return {
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": named,
        "automountServiceAccountToken": False,
    }
