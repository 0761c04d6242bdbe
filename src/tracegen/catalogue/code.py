"""The code of backend and storage packs: one `pack.py` of pure functions in the pack's folder.

A backend's:  components(model, packs) -> Iterable[Component]   configs(model, packs) -> Iterable[Structured]
A storage's:  one function for each backend that it serves, named so: jaeger(model, packs) -> StoragePart
"""

import sys
from functools import cache
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

from tracegen.catalogue.data import data_path
from tracegen.catalogue.pack import Pack


def code_of(pack: Pack) -> ModuleType | None:
    """The pack's module, or None when the pack is data only."""
    path = pack.folder / "pack.py"
    return _load(path) if path.is_file() else None


def observability_code() -> ModuleType:
    """What keeps metrics: components(model) and configs(model)."""
    return _load(data_path("templates", "observability", "pack.py"))


def kafka_code() -> ModuleType:
    """The broker that every scalable backend shares: components(model) and configs(model)."""
    return _load(data_path("templates", "kafka", "pack.py"))


@cache
def _load(path: Path) -> ModuleType:
    name = f"tracegen_pack_{path.parent.parent.name}_{path.parent.name}".replace("-", "_")
    # As a package, so that a pack may have more modules beside this one: `from .tenants import …`.
    spec = spec_from_file_location(name, path, submodule_search_locations=[str(path.parent)])
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} is no module")
    module = module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module
