"""For services that run elsewhere (`deploy: false`): a kustomize component that their own kustomization includes.

It puts variables, and what they refer to, into the first container of the workload of that name; what is there stays.
A patch would have to know that container's name, and would replace lists that have no names, so it is done with
replacements of whole entries: https://kubectl.docs.kubernetes.io/references/kustomize/kustomization/replacements/.
"""

from collections.abc import Iterator

from tracegen.build.injection import is_injectable
from tracegen.emit import Commented, Value
from tracegen.render.kubernetes.configuration import FOLDER
from tracegen.render.kubernetes.environment import environment
from tracegen.render.kubernetes.injection import injection, reference_to
from tracegen.system import Component, Secret, SecretMount, Service, System
from tracegen.system.file import Structured

_KINDS = ("Deployment", "StatefulSet", "DaemonSet")
_POD = "spec.template.spec"
_ENTRY = {
    "env": f"{_POD}.containers.0.env",
    "volumeMounts": f"{_POD}.containers.0.volumeMounts",
    "volumes": f"{_POD}.volumes",
}
_VALUES = "Additions"

_HEAD = (
    "What tracing needs of {name}, which runs elsewhere. Its own kustomization.yaml says\n"
    "  components: [<path to this folder>]\n"
    "and the first container of the {kinds} {name} has the variables of values.yaml, in\n"
    "place of those of the same names. Nothing else changes."
)
_ORDER = (
    "\nA variable OTEL_EXPORTER_OTLP_HEADERS of its own has to go: what comes in its place refers to a secret that\n"
    "must stand before it."
)


def components(system: System) -> Iterator[Structured]:
    """kubernetes/components/<name>/ of every service that tracegen does not run."""
    for name, component in system.cluster.elsewhere.items():
        yield from _component(system.services[name], component, system)


def _component(service: Service, component: Component, system: System) -> Iterator[Structured]:
    entries = _entries(component)
    marks = injection(service, reference_to(system)) if is_injectable(service, system) else {}
    replacements = [
        _replacement(service, f"{kind}.[name={name}]", f"{_ENTRY[kind]}.[name={name}]")
        for kind, found in entries.items()
        for name in found
    ]
    replacements += [
        _replacement(service, f"annotations.[{name}]", f"spec.template.metadata.annotations.[{name}]")
        for name in marks
    ]
    head = _HEAD.format(name=service.name, kinds=", ".join(_KINDS[:-1]) + f" or {_KINDS[-1]}")
    if any(isinstance(part, Secret) for part in component.environment.get("OTEL_EXPORTER_OTLP_HEADERS", ())):
        head += _ORDER
    value: Value = {
        "apiVersion": "kustomize.config.k8s.io/v1alpha1",
        "kind": "Component",
        "resources": ["values.yaml"],
        "replacements": replacements,
    }
    yield _file(service, "kustomization", value, head)
    yield _file(
        service, "values", _values(service, entries, marks), "What kustomize puts in; it is in no cluster itself."
    )


def _entries(component: Component) -> dict[str, dict[str, Value]]:
    """The entries to put in, by their list and their name."""
    variables: dict[str, Value] = {}
    for each in environment(component).get("env", ()):  # type: ignore[union-attr]
        variables[str(each["name"])] = each  # type: ignore[index,call-overload]
    mounts = {f"tracing-{number}": each for number, each in enumerate(component.secret_files)}
    return {
        "env": variables,
        "volumeMounts": {name: _mount(name, each) for name, each in mounts.items()},
        "volumes": {
            name: {"name": name, "secret": {"secretName": each.secret.name}} for name, each in mounts.items()
        },
    }


def _mount(name: str, mount: SecretMount) -> Value:
    return {"name": name, "mountPath": mount.target, "subPath": mount.secret.key, "readOnly": True}


def _replacement(service: Service, source: str, target: str) -> Value:
    """Said of each kind: only the one that is there has it."""
    targets: list[Value] = [
        {"select": {"kind": kind, "name": service.name}, "fieldPaths": [target], "options": {"create": True}}
        for kind in _KINDS
    ]
    return {"source": {"kind": _VALUES, "name": service.name, "fieldPath": source}, "targets": targets}


def _values(service: Service, entries: dict[str, dict[str, Value]], marks: dict[str, Value]) -> Value:
    local: Value = {"config.kubernetes.io/local-config": Commented("true", "kustomize leaves it out.")}
    lists: dict[str, Value] = {kind: list(found.values()) for kind, found in entries.items() if found}
    return {
        "apiVersion": "tracegen/v1",
        "kind": _VALUES,
        "metadata": {"name": service.name, "annotations": local},
        **lists,
        **({"annotations": marks} if marks else {}),
    }


def _file(service: Service, name: str, value: Value, head: str) -> Structured:
    return Structured(f"{FOLDER}/components/{service.name}/{name}.yaml", value, head, "kubernetes")
