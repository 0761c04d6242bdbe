"""Volumes of a pod and where its container mounts them."""

from collections.abc import Iterator
from itertools import groupby
from posixpath import basename, dirname

from tracegen.emit import Commented, Value
from tracegen.parts.certificates import FOLDER
from tracegen.render.kubernetes.configuration import key_of, map_name
from tracegen.system import Component, FileMount, SecretMount, System, Volume
from tracegen.system.units import MEBIBYTE, mebibytes, size_in_bytes

#: What a folder for work in progress may hold.
SCRATCH = 512 * MEBIBYTE


def mounts(component: Component) -> dict[str, Value]:
    """`volumeMounts` of the container."""
    found: list[Value] = [_mount(each) for each in component.files]
    for folder, secrets in _by_folder(component):
        if folder.startswith(FOLDER):
            found.append({"name": _secret_volume(folder), "mountPath": folder, "readOnly": True})
        else:
            found += [
                {
                    "name": _secret_volume(folder),
                    "mountPath": each.target,
                    "subPath": basename(each.target),
                    "readOnly": True,
                }
                for each in secrets
            ]
    found += [{"name": each.name, "mountPath": each.path} for each in component.volumes]
    found += [{"name": _scratch_volume(each), "mountPath": each} for each in component.writable]
    return {"volumeMounts": found} if found else {}


def _mount(file: FileMount) -> Value:
    """A file alone, so that what the image has beside it stays; the folder where new content must arrive."""
    if file.live:
        return {"name": map_name(file.source), "mountPath": dirname(file.target), "readOnly": True}
    return {"name": map_name(file.source), "mountPath": file.target, "subPath": key_of(file), "readOnly": True}


def _place(file: FileMount) -> dict[str, Value]:
    return {"items": [{"key": key_of(file), "path": basename(file.target)}]} if file.live else {}


def volumes(component: Component, system: System) -> dict[str, Value]:
    """`volumes` of the pod; those that outlive it are claimed by a StatefulSet."""
    found: list[Value] = [
        {"name": map_name(each.source), "configMap": {"name": map_name(each.source), **_place(each)}}
        for each in component.files
    ]
    found += [
        {
            "name": _secret_volume(folder),
            "projected": {"defaultMode": _mode(component, system), "sources": _sources(secrets)},
        }
        for folder, secrets in _by_folder(component)
    ]
    if component.per_node:
        found += [_node_volume(each) for each in component.volumes]
    limit = f"{mebibytes(SCRATCH)}Mi"
    found += [{"name": _scratch_volume(each), "emptyDir": {"sizeLimit": limit}} for each in component.writable]
    return {"volumes": found} if found else {}


def claims(component: Component, system: System) -> list[Value]:
    """`volumeClaimTemplates`: a volume for each replica."""
    return [Commented(_claim(each, system), f"Holds {each.why}.") for each in component.volumes]


def scratch_bytes(component: Component) -> int:
    """The bytes that the pod may write to disks of the node, its own root aside."""
    kept = sum(size_in_bytes(each.size) for each in component.volumes) if component.per_node else 0
    return kept + SCRATCH * len(component.writable)


def _claim(volume: Volume, system: System) -> dict[str, Value]:
    spec: dict[str, Value] = {"accessModes": ["ReadWriteOnce"]}
    if system.kubernetes.storage_class:
        spec["storageClassName"] = system.kubernetes.storage_class
    return {
        # The API server adds them, and Argo CD would see a difference for ever.
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": volume.name},
        "spec": {**spec, "resources": {"requests": {"storage": volume.size}}},
    }


def _node_volume(volume: Volume) -> Value:
    why = "Lives as long as the pod, and outlives its container: host paths are not allowed at restricted."
    return Commented({"name": volume.name, "emptyDir": {"sizeLimit": volume.size}}, why)


def _by_folder(component: Component) -> Iterator[tuple[str, list[SecretMount]]]:
    """Secrets in folders of ours are mounted as folders, so that new certificates arrive without a restart."""
    ordered = sorted(component.secret_files, key=lambda each: each.target)
    for folder, secrets in groupby(ordered, key=lambda each: dirname(each.target)):
        yield folder, list(secrets)


def _sources(secrets: list[SecretMount]) -> list[Value]:
    ordered = sorted(secrets, key=lambda each: (each.secret.name, each.target))
    return [
        {"secret": {"name": name, "items": [_item(each) for each in group]}}
        for name, group in groupby(ordered, key=lambda each: each.secret.name)
    ]


def _mode(component: Component, system: System) -> Value:
    """Readable by the group that the pod's volumes are given, or by whatever user is not known here."""
    is_known = component.user is not None and system.kubernetes.fixed_ids
    return Commented(0o440, "0440") if is_known else Commented(0o444, "0444")


def _item(mount: SecretMount) -> Value:
    return {"key": mount.secret.key, "path": basename(mount.target)}


def _secret_volume(folder: str) -> str:
    return f"secrets{folder.removeprefix(FOLDER).replace('/', '-')}"


def _scratch_volume(path: str) -> str:
    return f"scratch{path.replace('/', '-')}"
