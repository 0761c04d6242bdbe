"""kustomization.yaml: https://kubectl.docs.kubernetes.io/references/kustomize/kustomization/."""

from collections.abc import Iterable

from tracegen.emit import Value
from tracegen.render.kubernetes.configuration import generators
from tracegen.system import Component, System

HEAD = (
    "kubectl apply -k kubernetes, after the Secrets that README.md names are made.\n"
    "Your own changes: an overlay of yours that names this folder under `resources`, or `overrides` in tracegen.yaml."
)


def kustomization(paths: Iterable[str], components: Iterable[Component], system: System) -> Value:
    """The list of all objects, the namespace, and the ConfigMaps with the names of their content."""
    value: dict[str, Value] = {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "namespace": system.kubernetes.namespace,
        "resources": list(paths),
    }
    maps = generators(components)
    if maps:
        marks: Value = {
            "app.kubernetes.io/instance": system.name,
            "app.kubernetes.io/part-of": system.name,
            "app.kubernetes.io/managed-by": "tracegen",
        }
        value |= {"configMapGenerator": maps, "generatorOptions": {"labels": marks}}
    return value
