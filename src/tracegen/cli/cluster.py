"""What a change of kubernetes/ leaves to a person: `kubectl apply` deletes nothing, and cannot change every field."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from shlex import quote
from typing import Any

from tracegen.write import Change

_FOLDER = "kubernetes/"
_LIST = f"{_FOLDER}kustomization.yaml"
#: In no cluster: copies of configurations, and what kustomizations of others include.
_NO_OBJECTS = tuple(f"{_FOLDER}{each}" for each in ("configuration/", "components/", "kustomization.yaml"))

#: What keeps data, or is made by hand: nobody is told to delete it.
_KEPT = ("Namespace", "PersistentVolumeClaim", "Secret")

_OF_NO_NAMESPACE = ("ClusterRole", "ClusterRoleBinding")

#: By kind, what stays for ever in the specification of an object.
_FIXED = {
    "Deployment": ("selector",),
    "DaemonSet": ("selector",),
    "StatefulSet": ("selector", "serviceName", "podManagementPolicy"),
}
#: The labels of everything that is rendered for one project, and of nothing else.
_MARKS = ("app.kubernetes.io/instance", "app.kubernetes.io/managed-by")
#: ConfigMaps that kustomize makes, not those of services that others run.
_GENERATED = "!app.kubernetes.io/component"


@dataclass(frozen=True, slots=True, order=True)
class _Object:
    kind: str
    name: str


def cluster_lines(changes: Iterable[Change]) -> list[str]:
    """The commands to take once the change is applied, each kind of them below a line that says why."""
    ours = [each for each in changes if each.path.startswith(_FOLDER)]
    before, after = (_objects(ours, side) for side in ("before", "after"))
    if not before or not any(each.writes for each in ours):
        return []  # the first render, which leaves nothing behind, or the same again
    old, new = (_namespace(ours, side) for side in ("before", "after"))
    if old != new:
        return _of_namespace(before, old, new)
    where = f" --namespace {quote(old)}" if old else ""
    gone = sorted(each for each in before.keys() - after.keys() if each.kind not in _KEPT)
    lines = [f"kubectl delete {each.kind.lower()} {quote(each.name)}{where}" for each in gone]
    if lines:
        lines = ["no longer rendered; once the rest is applied, unless Argo CD or Flux prune:", *lines]
    both = sorted(before.keys() & after.keys())
    fixed = [each for each in both if _fixed(before[each]) != _fixed(after[each])]
    if fixed:
        lines.append("made anew, since these cannot be changed; before the rest is applied:")
        lines += [f"kubectl delete {each.kind.lower()} {quote(each.name)}{where}" for each in fixed]
    resized = [each for each in both if _claims(before[each]) != _claims(after[each])]
    if resized:
        lines.append(
            "volumes that are claimed keep size and class until you change them; before the rest is applied:"
        )
        for each in resized:
            lines += _of_volumes(each, before[each], after[each], where)
    kept = sorted(set(_volumes(before)) - set(_volumes(after)))
    if kept:
        lines.append("volumes that nobody mounts any more stay, with what they hold; delete them when it is stored:")
        lines.append(f"# kubectl delete persistentvolumeclaim {' '.join(map(quote, kept))}{where}")
    return lines


def _of_namespace(before: "Mapping[_Object, Mapping[str, Any]]", old: str, new: str) -> list[str]:
    """Everything is made again in another namespace, or nowhere; what was there stays as it is."""
    alone = sorted(each for each in before if each.kind in _OF_NO_NAMESPACE)
    kinds = sorted({each.kind.lower() for each in before} - {each.lower() for each in (*_KEPT, *_OF_NO_NAMESPACE)})
    marks = next(each["metadata"].get("labels", {}) for each in before.values())
    ours = ",".join(f"{key}={marks[key]}" for key in _MARKS if key in marks)
    where = f" --namespace {quote(old)}"
    instead = f"namespace {new} takes the place of {old}" if new else "nothing is rendered for Kubernetes any more"
    return [
        f"{instead}; to be rid of what runs in {old}, once the rest is applied:",
        f"kubectl delete {','.join(kinds)}{where} --selector {quote(ours)}",
        f"kubectl delete configmap{where} --selector {quote(f'{ours},{_GENERATED}')}",
        *(f"kubectl delete {each.kind.lower()} {quote(each.name)}" for each in alone),
        f"# volumes and Secrets stay: kubectl get persistentvolumeclaim,secret{where}",
    ]


def _fixed(thing: Mapping[str, Any]) -> Any:
    """What the API server refuses to change in a workload, volumes aside."""
    spec = thing.get("spec") or {}
    keys = _FIXED.get(thing["kind"], ())
    return [spec.get(key) for key in keys]


def _volumes(things: "Mapping[_Object, Mapping[str, Any]]") -> Iterator[str]:
    """The names of all claims that StatefulSets make."""
    for each, thing in things.items():
        for claim in _claims(thing):
            yield from (f"{claim}-{each.name}-{number}" for number in range(thing["spec"].get("replicas", 1)))


def _of_volumes(set_: _Object, before: Mapping[str, Any], after: Mapping[str, Any], namespace: str) -> Iterator[str]:
    """A larger volume is asked for in its claim; another class means another volume, and moved data."""
    old, new = _claims(before), _claims(after)
    for name in sorted(old.keys() & new.keys()):
        if old[name] != new[name]:
            wanted = f"{new[name][0]} of class {new[name][1] or 'the default'}"
            yield f"# each claim {name}-{set_.name}-<number>: {wanted}; a volume can grow, and never change its class"
            yield f"kubectl edit persistentvolumeclaim {quote(f'{name}-{set_.name}-0')}{namespace}"
    yield f"kubectl delete statefulset {quote(set_.name)} --cascade=orphan{namespace}"


def _claims(thing: Mapping[str, Any]) -> dict[str, tuple[str, str]]:
    """Size and class of the volumes that a StatefulSet claims, by name."""
    templates = thing.get("spec", {}).get("volumeClaimTemplates", []) if thing["kind"] == "StatefulSet" else []
    return {
        each["metadata"]["name"]: (
            str(each["spec"]["resources"]["requests"]["storage"]),
            str(each["spec"].get("storageClassName", "")),
        )
        for each in templates
    }


def _objects(changes: Iterable[Change], side: str) -> dict[_Object, Mapping[str, Any]]:
    found: dict[_Object, Mapping[str, Any]] = {}
    for change in changes:
        text = getattr(change, side)
        if text is not None and change.path.endswith(".yaml") and not change.path.startswith(_NO_OBJECTS):
            thing = _read(text)
            if isinstance(thing, dict) and isinstance(thing.get("metadata"), dict) and "kind" in thing:
                found[_Object(str(thing["kind"]), str(thing["metadata"].get("name", "")))] = thing
    return found


def _namespace(changes: Iterable[Change], side: str) -> str:
    """The namespace of everything, which the kustomization says; empty without one."""
    text = next((getattr(each, side) for each in changes if each.path == _LIST), None)
    said = _read(text) if text else None
    return str(said.get("namespace", "")) if isinstance(said, dict) else ""


def _read(text: bytes) -> Any:
    """A file as data; None where a person made it unreadable."""
    import yaml  # seldom needed, and slow to load

    try:
        return yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except yaml.YAMLError:
        return None
