"""kustomization.yaml: https://kubectl.docs.kubernetes.io/references/kustomize/kustomization/."""

from collections.abc import Collection, Iterable

from tracegen.emit import Value
from tracegen.render.kubernetes.configuration import generators
from tracegen.render.kubernetes.injection import injects
from tracegen.system import Component, System

HEAD = (
    "kubectl apply -k kubernetes, after the Secrets that README.md names are made.\n"
    "Your own changes: an overlay of yours that names this folder under `resources`, or `overrides` in tracegen.yaml."
)


_FIRST = ("namespace.yaml", "service-account.yaml", "instrumentation.yaml")


def _before_pods(path: str) -> tuple[int, str]:
    """What has to be there when pods are made comes first, where the order of this list counts."""
    return (_FIRST.index(path) if path in _FIRST else len(_FIRST), path)


def kustomization(paths: Collection[str], components: Iterable[Component], system: System) -> Value:
    """The list of all objects, the namespace, and the ConfigMaps with the names of their content."""
    ordered = sorted(paths, key=_before_pods) if injects(system) else sorted(paths)
    value: dict[str, Value] = {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "namespace": system.kubernetes.namespace,
        "resources": [*ordered],
    }
    if injects(system):
        # Else kustomize puts kinds that it does not know last, and the first pods are made without an agent.
        value["sortOptions"] = {"order": "fifo"}
    maps = generators(components)
    if maps:
        marks: Value = {
            "app.kubernetes.io/instance": system.name,
            "app.kubernetes.io/part-of": system.name,
            "app.kubernetes.io/managed-by": "tracegen",
        }
        value |= {"configMapGenerator": maps, "generatorOptions": {"labels": marks}}
    return value
