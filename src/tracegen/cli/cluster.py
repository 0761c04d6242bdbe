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


@dataclass(frozen=True, slots=True, order=True)
class _Object:
    kind: str
    name: str


def cluster_lines(changes: Iterable[Change]) -> list[str]:
    """The commands to take once the change is applied, each kind of them below a line that says why."""
    changed = [each for each in changes if each.before != each.after and each.path.startswith(_FOLDER)]
    if not any(each.before for each in changed):
        return []  # the first render, which leaves nothing behind
    before, after = (_objects(changed, side) for side in ("before", "after"))
    namespace = _namespace(changes)
    gone = sorted(each for each in before.keys() - after.keys() if each.kind not in _KEPT)
    lines = [f"kubectl delete {each.kind.lower()} {quote(each.name)}{namespace}" for each in gone]
    if lines:
        lines = ["no longer rendered; once the rest is applied, unless Argo CD or Flux prune:", *lines]
    resized = sorted(each for each in before.keys() & after.keys() if _claims(before[each]) != _claims(after[each]))
    if resized:
        lines.append(
            "volumes that are claimed keep size and class until you change them; before the rest is applied:"
        )
        for each in resized:
            lines += _of_volumes(each, before[each], after[each], namespace)
    return lines


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


def _namespace(changes: Iterable[Change]) -> str:
    text = next((each.before for each in changes if each.path == _LIST and each.before), b"")
    said = _read(text)
    return f" --namespace {quote(str(said['namespace']))}" if isinstance(said, dict) and "namespace" in said else ""


def _read(text: bytes) -> Any:
    """A file as data; None where a person made it unreadable."""
    import yaml  # seldom needed, and slow to load

    try:
        return yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except yaml.YAMLError:
        return None
