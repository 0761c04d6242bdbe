"""Model → Plan → Tree: which files, and their bytes. Pure: same model, same bytes."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from tracegen.catalogue import Catalogue
from tracegen.emit import merge_patch
from tracegen.packs import contract
from tracegen.render.collector import collector_files
from tracegen.render.compose import compose_file
from tracegen.render.compose.fragment import fragments
from tracegen.render.documents import tracing_guide
from tracegen.render.kubernetes import kubernetes_files
from tracegen.render.services import environment_files
from tracegen.render.strategies import strategy_files
from tracegen.render.stubs import stubs
from tracegen.render.text import text_of
from tracegen.render.variables import variables_example
from tracegen.system import Model
from tracegen.system.file import PlannedFile, Structured


class UnknownOverride(Exception):
    """`overrides` name a file that is not rendered, or one that is not YAML or JSON."""

    def __init__(self, path: str, known: Iterable[str]) -> None:
        self.path, self.known = path, tuple(known)
        super().__init__(f"overrides: {path} is not a rendered YAML or JSON file")


def plan(model: Model, packs: Catalogue, *, for_people: bool = True) -> tuple[PlannedFile, ...]:
    """Every file of the output, by path; `overrides` are merged in. Raises UnknownOverride.

    Without `for_people` what is made from templates is left out, which is all that a check of the spec can spare.
    """
    files = _overridden(_files(model, packs), model)
    if for_people:
        files |= _overridden([*stubs(model, packs), tracing_guide(model, packs)], model)
    if "kubernetes" in model.targets:
        files |= _overridden(kubernetes_files(model, files), model)
    for path in model.overrides:
        if not isinstance(files.get(path), Structured):
            raise UnknownOverride(path, (name for name, each in files.items() if isinstance(each, Structured)))
    return tuple(files[path] for path in sorted(files))


def _overridden(files: Iterable[PlannedFile], model: Model) -> dict[str, PlannedFile]:
    """The files by path, with what the spec says of them merged in."""
    found: dict[str, PlannedFile] = {}
    for file in files:
        patch = model.overrides.get(file.path)
        if patch is not None and isinstance(file, Structured):
            value = merge_patch(file.value, dict(patch))
            file = replace(file, value=value, keys=(*file.keys, f"overrides.{file.path}"))
        found[file.path] = file
    return found


def render(files: Iterable[PlannedFile]) -> Mapping[str, bytes]:
    """The Tree: the bytes of every file by path."""
    return {file.path: text_of(file).encode() for file in files}


def _files(model: Model, packs: Catalogue) -> Iterable[PlannedFile]:
    if "compose" in model.targets:
        yield compose_file(model)
        yield variables_example(model)
        yield from fragments(model)
    for name in packs.companions:
        yield from contract.companion(name).configs(model)
    yield from contract.backend(model.backend.type).configs(model)
    yield from collector_files(model)
    yield from strategy_files(model)
    yield from environment_files(model)
