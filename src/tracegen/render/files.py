"""System → Plan → Tree: which files, and their bytes. Pure: same system, same bytes."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from tracegen.catalogue import Catalogue
from tracegen.emit import merge_patch
from tracegen.packs import contract
from tracegen.render.collector import collector_files
from tracegen.render.compose import compose_file
from tracegen.render.compose.fragment import fragments
from tracegen.render.compose.overlay import overlays
from tracegen.render.documents import tracing_guide
from tracegen.render.kubernetes import kubernetes_files
from tracegen.render.service_map import service_map
from tracegen.render.services import environment_files
from tracegen.render.strategies import strategy_files
from tracegen.render.stubs import stubs
from tracegen.render.text import text_of
from tracegen.render.variables import variables_example
from tracegen.system import System
from tracegen.system.file import PlannedFile, Structured


class UnknownOverride(Exception):
    """`overrides` name a file that is not rendered, or one that is not YAML or JSON."""

    def __init__(self, path: str, known: Iterable[str]) -> None:
        self.path, self.known = path, tuple(known)
        super().__init__(f"overrides: {path} is not a rendered YAML or JSON file")


def planned_files(system: System, packs: Catalogue, *, for_people: bool = True) -> tuple[PlannedFile, ...]:
    """Every file of the output, by path; `overrides` are merged in. Raises UnknownOverride.

    Without `for_people` what is made from templates is left out, which is all that a check of the spec can spare.
    """
    files = _overridden(_files(system, packs), system)
    if for_people:
        files |= _overridden([*stubs(system, packs), tracing_guide(system, packs), *service_map(system)], system)
    if "compose" in system.targets:
        files |= _overridden(_compose_files(system, files), system)
    if "kubernetes" in system.targets:
        files |= _overridden(kubernetes_files(system, files), system)
    for path in system.overrides:
        if not isinstance(files.get(path), Structured):
            raise UnknownOverride(path, (name for name, each in files.items() if isinstance(each, Structured)))
    return tuple(files[path] for path in sorted(files))


def _overridden(files: Iterable[PlannedFile], system: System) -> dict[str, PlannedFile]:
    """The files by path, with what the spec says of them merged in."""
    found: dict[str, PlannedFile] = {}
    for file in files:
        patch = system.overrides.get(file.path)
        if patch is not None and isinstance(file, Structured):
            file = replace(file, value=merge_patch(file.value, dict(patch)))
        found[file.path] = file
    return found


def render(files: Iterable[PlannedFile]) -> Mapping[str, bytes]:
    """The Tree: the bytes of every file by path."""
    return {file.path: text_of(file).encode() for file in files}


def _compose_files(system: System, files: Mapping[str, PlannedFile]) -> Iterable[PlannedFile]:
    yield compose_file(system, files)
    yield variables_example(system)
    yield from fragments(system)
    yield from overlays(system)


def _files(system: System, packs: Catalogue) -> Iterable[PlannedFile]:
    for name in packs.companions:
        yield from contract.companion(name).configs(system)
    yield from contract.backend(system.backend.type).configs(system)
    yield from collector_files(system)
    yield from strategy_files(system)
    yield from environment_files(system)
