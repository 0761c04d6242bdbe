"""Kustomizations: built by `kubectl kustomize` where it is there and nothing is remote, else read file by file."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tracegen.importing.documents import documents, mapping, read_text, sequence, text_of
from tracegen.importing.facts import CannotImport
from tracegen.importing.kubernetes import Manifest, objects

NAMES = ("kustomization.yaml", "kustomization.yml", "Kustomization")
_SECONDS = 30
_DEEPEST = 20


def kustomization_of(folder: Path) -> Path | None:
    """The kustomization of a folder."""
    return next((folder / name for name in NAMES if (folder / name).is_file()), None)


def built(path: Path, notes: list[str]) -> list[Manifest]:
    """The objects of a kustomization's file. Raises CannotImport."""
    read = list(_read(path, notes, set(), 0))
    program = shutil.which("kubectl")
    if program and not any("is remote" in note for note in notes):
        text = _run(program, path.parent)
        if text is not None:
            try:
                return objects(documents(text, str(path)), str(path), path.parent) or read
            except CannotImport:
                return read
    notes.append(f"{path}: read file by file, so patches, name prefixes and images of kustomize are not in it")
    return read


def _run(program: str, folder: Path) -> str | None:
    try:
        done = subprocess.run(
            [program, "kustomize", str(folder)], capture_output=True, timeout=_SECONDS, check=False, text=True,
            errors="replace",
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout if done.returncode == 0 else None


def _read(path: Path, notes: list[str], seen: set[Path], depth: int) -> Iterator[Manifest]:
    if path in seen or depth > _DEEPEST:
        return
    seen.add(path)
    found = documents(read_text(path), str(path))
    top: dict[str, Any] = mapping(found[0]) if found else {}
    for key in ("resources", "bases", "components"):
        for each in sequence(top.get(key)):
            yield from _resource(text_of(each), path, notes, seen, depth)
    for generator in sequence(top.get("configMapGenerator")):
        yield _config_map(mapping(generator), path), str(path), path.parent
    if top.get("helmCharts") or top.get("helmChartInflationGenerator"):
        notes.append(f"{path}: its Helm charts are not in what was read; give their rendered output too")


def _resource(name: str, path: Path, notes: list[str], seen: set[Path], depth: int) -> Iterator[Manifest]:
    if "://" in name or name.startswith(("github.com", "git@")) or "?ref=" in name:
        notes.append(f"{path}: {name} is remote, and was not read")
        return
    target = path.parent / name
    if target.is_dir():
        below = kustomization_of(target)
        if below:
            yield from _read(below, notes, seen, depth + 1)
        return
    try:
        yield from objects(documents(read_text(target), str(target)), str(target), target.parent)
    except CannotImport as error:
        notes.append(error.message)


def _config_map(said: dict[str, Any], path: Path) -> dict[str, Any]:
    """What a generator makes, under the name that manifests have for it."""
    data: dict[str, str] = {}
    for each in sequence(said.get("literals")):
        key, _, value = text_of(each).partition("=")
        data[key] = value.strip("\"'")
    for each in sequence(said.get("files")):
        key, equals, name = text_of(each).rpartition("=")
        try:
            data[key if equals else Path(name).name] = read_text(path.parent / name)
        except CannotImport:
            continue
    for each in [*sequence(said.get("envs")), text_of(said.get("env"))]:
        if text_of(each):
            from tracegen.importing.variables import variables_of

            data |= variables_of(path.parent / text_of(each), {})
    return {"kind": "ConfigMap", "metadata": {"name": text_of(said.get("name"))}, "data": data}
