"""Files and folders that people name → units → what is found."""

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from tracegen.importing import kustomize
from tracegen.importing.compose import Project
from tracegen.importing.documents import documents, mapping, read_text, text_of
from tracegen.importing.facts import CannotImport, Found, Unit
from tracegen.importing.judging import judged
from tracegen.importing.kubernetes import Manifest, objects, units
from tracegen.source.kinds import Kind, kind_of_mapping

#: In the order in which Compose looks for them.
_COMPOSE_NAMES = ("compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml")
_MOST_FILES = 5_000
_SAYS_NOTHING = re.compile(
    r"k8s|kube(?:rnetes)?|kubernetes-manifests|manifests?|deploy(?:ment)?s?|base|overlays?|dev|prod|release|compose|docker|"
    r"docker-compose|infra|local|app",
    re.I,
)


def from_files(paths: Sequence[Path], *, profiles: Iterable[str] = ()) -> Found:
    """What Compose files, manifests, kustomizations and folders of them describe. Raises CannotImport.

    Compose files are merged in the order in which they are named; a compose.override.yaml beside a single
    compose.yaml is read too, as Compose does. `profiles`: only these and services
    without one; none: all.
    """
    notes: list[str] = []
    compose, manifests = _sorted(list(_expanded(paths)), notes)
    if not compose and not manifests:
        listed = ", ".join(str(path) for path in paths)
        raise CannotImport(f"{listed}: there is nothing in it that runs", "name a Compose file or manifests")
    found_units: list[Unit] = []
    found = Found(notes=notes)
    if compose:
        project = Project(_with_override(compose))
        wanted = set(profiles)
        every = project.units()
        found_units += [each for each in every if not (wanted and each.profiles) or wanted & set(each.profiles)]
        notes += project.notes
        found.project, found.compose_folder = project.name or _called(project.folder), project.folder
        found.targets.append("compose")
        found.sources += [str(path) for path in _with_override(compose)]
    if manifests:
        found_units += units(manifests)
        found.targets.append("kubernetes")
        found.sources += sorted({file for _, file, _ in manifests})
        found.project = found.project or _namespace(manifests) or _called(manifests[0][2])
    return judged(found, found_units)


def _expanded(paths: Iterable[Path]) -> Iterator[Path]:
    """A folder stands for its Compose file, its kustomization, or all manifests below it."""
    for path in paths:
        if not path.is_dir():
            yield path
            continue
        compose = next((path / name for name in _COMPOSE_NAMES if (path / name).is_file()), None)
        kustomization = kustomize.kustomization_of(path)
        if compose or kustomization:
            yield from filter(None, [compose, kustomization])
        else:
            below = [each for each in sorted(path.rglob("*.y*ml")) if ".git" not in each.parts][:_MOST_FILES]
            yield from (each for each in below if _kind_of_file(each) is Kind.MANIFEST)


def _kind_of_file(path: Path) -> Kind:
    try:
        return _kind(documents(read_text(path), str(path)))
    except CannotImport:
        return Kind.UNKNOWN


def _kind(found: Sequence[Any]) -> Kind:
    for each in found:
        top = mapping(each)
        services = top.get("services")
        inside = {name: list(mapping(one)) for name, one in mapping(services).items()}
        kind = kind_of_mapping(top, inside if isinstance(services, dict) else None)
        if kind is Kind.UNKNOWN and top and all({"image", "build"} & set(mapping(one)) for one in top.values()):
            kind = Kind.COMPOSE
        if kind is not Kind.UNKNOWN:
            return kind
    return Kind.UNKNOWN


def _sorted(paths: list[Path], notes: list[str]) -> tuple[list[Path], list[Manifest]]:
    """Compose files, and the objects of all others."""
    compose: list[Path] = []
    manifests: list[Manifest] = []
    for path in paths:
        if path.name in kustomize.NAMES:
            manifests += kustomize.built(path, notes)
            continue
        found = documents(read_text(path), str(path))
        kind = _kind(found)
        if kind is Kind.COMPOSE or (kind is Kind.UNKNOWN and "compose" in path.name.lower()):
            compose.append(path)
        elif kind is Kind.MANIFEST:
            manifests += objects(found, str(path), path.parent)
        elif kind is Kind.KUSTOMIZATION:
            manifests += kustomize.built(path, notes)
        else:
            raise CannotImport(f"{path} is {kind.value}", _hint(kind))
    return compose, manifests


def _hint(kind: Kind) -> str:
    if kind is Kind.COLLECTOR:
        return "services are not in it: name the Compose file or the manifests that run them"
    if kind is Kind.SPEC:
        return "it is imported already: tracegen validate, tracegen render"
    return "Compose files, manifests, kustomizations, rendered Helm output, spans and addresses of backends can be"


def _with_override(paths: list[Path]) -> list[Path]:
    if len(paths) == 1 and paths[0].name in _COMPOSE_NAMES:
        stem = paths[0].stem
        for suffix in (".yaml", ".yml"):
            override = paths[0].with_name(f"{stem}.override{suffix}")
            if override.is_file():
                return [*paths, override]
    return paths


def _namespace(manifests: Iterable[Manifest]) -> str:
    """The namespace of all workloads; '' where they have several or none."""
    names = {text_of(mapping(value.get("metadata")).get("namespace")) for value, _, _ in manifests} - {""}
    return names.pop() if len(names) == 1 and names != {"default"} else ""


def _called(folder: Path) -> str:
    """The name of the nearest folder that says more than that manifests are in it."""
    above = [folder.resolve(), *folder.resolve().parents]
    return next((each.name for each in above if each.name and not _SAYS_NOTHING.fullmatch(each.name)), "system")
