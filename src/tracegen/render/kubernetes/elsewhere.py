"""For services that run elsewhere (`deploy: false`): a kustomize component that their own kustomization includes.

It adds what is missing and leaves what is there. Variables come as a ConfigMap under `envFrom`, over which the
container's own `env` wins; only those that hold a secret stand under `env`. A patch would replace `envFrom`, a list
whose entries have no names, so it is done with replacements, which append an entry where none has the name they ask
for: https://kubectl.docs.kubernetes.io/references/kustomize/kustomization/replacements/.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

from tracegen.build.injection import is_injectable
from tracegen.emit import Commented, Value, to_json
from tracegen.parts.certificates import CA_PATH
from tracegen.render.kubernetes.configuration import FOLDER, environment_map
from tracegen.render.kubernetes.environment import environment, with_secrets, without_secrets
from tracegen.render.kubernetes.injection import injection, reference_to
from tracegen.render.kubernetes.labels import SERVICE, labels
from tracegen.system import Component, SecretMount, Service, System
from tracegen.system.file import Structured

_KINDS = ("Deployment", "StatefulSet", "DaemonSet")
_TEMPLATE = {"CronJob": "spec.jobTemplate.spec.template"}
_OF_CONTAINER = ("envFrom", "env", "volumeMounts")
_VALUES = "Additions"

#: The key of the authority in its ConfigMap.
AUTHORITY_KEY = "ca.crt"

#: Pods roll when it changes: the name of the ConfigMap stays, so that charts can say it.
_CHECKSUM = "checksum/{name}"

_HEAD = (
    "What tracing needs of {name}, which runs elsewhere. Its own kustomization.yaml says\n"
    "  components: [<path to this folder>]\n"
    "and {container} of the {kinds} {workload} reads the variables of the\n"
    "ConfigMap {map}. Its own under `env` win over them, and nothing else changes."
)
_REPLACED = "\nOnly {names} come in place of its own of the same names."
_ORDER = (
    "\nA variable OTEL_EXPORTER_OTLP_HEADERS of its own has to go: what comes in its place refers to a secret that\n"
    "must stand before it."
)


@dataclass(frozen=True, slots=True)
class _Additions:
    """What a workload gets: a ConfigMap, entries of lists by list and name, and annotations of its pods."""

    data: dict[str, str]
    entries: dict[str, dict[str, Value]]
    annotations: dict[str, Value]


def components(system: System) -> Iterator[Structured]:
    """kubernetes/components/<name>/ of every service that tracegen does not run."""
    for name, component in system.cluster.elsewhere.items():
        yield from _component(system.services[name], component, system)


def _component(service: Service, component: Component, system: System) -> Iterator[Structured]:
    found = _additions(service, component, system)
    value: Value = {
        "apiVersion": "kustomize.config.k8s.io/v1alpha1",
        "kind": "Component",
        "resources": ["values.yaml", *(["config-map.yaml"] if found.data else [])],
        "replacements": list(_replacements(service, found)),
    }
    yield _file(service, "kustomization", value, _head(service, component, found))
    about = "What kustomize puts in; it is in no cluster itself."
    yield _file(service, "values", _values(service, found), about)
    if found.data:
        about = "The variables of tracing. A chart names it under `envFrom` of its container."
        yield _file(service, "config-map", _config_map(component, found, system), about)


def _head(service: Service, component: Component, found: _Additions) -> str:
    workload = service.workload
    head = _HEAD.format(
        name=service.name,
        container=f"the container {workload.container}" if workload and workload.container else "the first container",
        kinds=workload.kind if workload else " or ".join(_KINDS),
        workload=_name(service),
        map=environment_map(component),
    )
    if found.entries["env"]:
        head += _REPLACED.format(names=", ".join(found.entries["env"]))
    return head + (_ORDER if "OTEL_EXPORTER_OTLP_HEADERS" in found.entries["env"] else "")


def _additions(service: Service, component: Component, system: System) -> _Additions:
    is_injected = is_injectable(service, system)
    # The Operator does not see a ConfigMap, and its own variables would win over it: internal/instrumentation/sdk.go.
    data = {} if is_injected else without_secrets(component)
    variables = environment(component).get("env", []) if is_injected else with_secrets(component)
    marks = injection(service, reference_to(system)) if is_injected else {}
    name = environment_map(component)
    if data:
        marks[_CHECKSUM.format(name=name)] = hashlib.sha256(to_json(data).encode()).hexdigest()[:16]
    mounts = {f"tracing-{number}": each for number, each in enumerate(component.secret_files)}
    entries: dict[str, dict[str, Value]] = {
        "envFrom": {name: {"configMapRef": {"name": name}}} if data else {},
        "env": {str(each["name"]): each for each in variables},  # type: ignore[index,call-overload,union-attr]
        "volumeMounts": {name: _mount(name, each) for name, each in mounts.items()},
        "volumes": {name: {"name": name, **_source(each, system)} for name, each in mounts.items()},
    }
    return _Additions(data, entries, marks)


def _mount(name: str, mount: SecretMount) -> Value:
    key = AUTHORITY_KEY if mount.target == CA_PATH else mount.secret.key
    return {"name": name, "mountPath": mount.target, "subPath": key, "readOnly": True}


def _source(mount: SecretMount, system: System) -> dict[str, Value]:
    """The authority is in a ConfigMap of its own: the Secret that has it here holds the key of all servers too."""
    if mount.target == CA_PATH:
        return {"configMap": {"name": authority_map(system)}}
    return {"secret": {"secretName": mount.secret.name}}


def authority_map(system: System) -> str:
    """The ConfigMap with the authority alone, in the namespaces of services that others run."""
    return f"{system.name}-ca"


def _replacements(service: Service, found: _Additions) -> Iterator[Value]:
    yield _check(service)
    for kind, entries in found.entries.items():
        for number, name in enumerate(entries):
            where = f"spec.{_containers(service)}.{kind}" if kind in _OF_CONTAINER else f"spec.{kind}"
            yield _replacement(service, f"{kind}.{number}", f"{where}.[name={name}]")
    for number, name in enumerate(found.annotations):
        escaped = name.replace(".", r"\.")
        yield _replacement(service, f"annotations.{number}.value", f"metadata.annotations.{escaped}")


def _check(service: Service) -> Value:
    """Takes a name of the container: kustomize fails where there is none, instead of changing nothing in silence."""
    kind = service.workload.kind if service.workload else ""
    source: dict[str, Value] = {"kind": kind} if kind else {"group": "apps"}
    path = f"{_TEMPLATE.get(kind, 'spec.template')}.spec.{_containers(service)}.name"
    target: Value = {
        "select": {"kind": _VALUES, "name": service.name},
        "fieldPaths": ["container"],
        "options": {"create": True},
    }
    source |= {"name": _name(service), "fieldPath": path}
    return Commented({"source": source, "targets": [target]}, "Fails where that container is not.")


def _name(service: Service) -> str:
    return service.workload.name if service.workload else service.name


def _containers(service: Service) -> str:
    """The container, as a path below the specification of pods."""
    named = service.workload.container if service.workload else ""
    return f"containers.[name={named}]" if named else "containers.0"


def _replacement(service: Service, source: str, target: str) -> Value:
    """A path below the template of pods; said of each kind that may be there."""
    targets: list[Value] = [
        {
            "select": {"kind": kind, "name": _name(service)},
            "fieldPaths": [f"{_TEMPLATE.get(kind, 'spec.template')}.{target}"],
            "options": {"create": True},
        }
        for kind in ([service.workload.kind] if service.workload else _KINDS)
    ]
    return {"source": {"kind": _VALUES, "name": service.name, "fieldPath": source}, "targets": targets}


def _values(service: Service, found: _Additions) -> Value:
    local: Value = {"config.kubernetes.io/local-config": Commented("true", "kustomize leaves it out.")}
    lists: dict[str, Value] = {kind: list(each.values()) for kind, each in found.entries.items() if each}
    if found.annotations:
        lists["annotations"] = [{"name": name, "value": value} for name, value in found.annotations.items()]
    return {
        "apiVersion": "tracegen/v1",
        "kind": _VALUES,
        "metadata": {"name": service.name, "annotations": local},
        **lists,
    }


def _config_map(component: Component, found: _Additions, system: System) -> Value:
    name = environment_map(component)
    named: Value = {"name": name, "labels": labels(component.name, SERVICE, system)}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": named, "data": dict(found.data)}


def _file(service: Service, name: str, value: Value, head: str) -> Structured:
    return Structured(f"{FOLDER}/components/{service.name}/{name}.yaml", value, head, "kubernetes")
