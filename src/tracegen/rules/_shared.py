"""What several rules need: problems at a path, and which of several paths to point at."""

from itertools import chain

from tracegen.catalogue import BackendPack, Catalogue, StoragePack
from tracegen.decide import Settings
from tracegen.problems import Code, Problem
from tracegen.spec.said import Path, dotted


def at(settings: Settings, code: Code, path: Path, message: str, hint: str = "") -> Problem:
    """A problem at a path of a spec."""
    return Problem.of(code, settings.said.place(*path), dotted(path), message, hint)


def cause(settings: Settings, *paths: Path) -> Path:
    """Which of several paths, that do not go together, to point at.

    The first that the environment's own layer says, since the base without it was right; else the first that
    is said at all.
    """
    of_the_layer = (path for path in paths if settings.said.said_by_layer(*path))
    said = (path for path in paths if settings.is_said(*path))
    return next(chain(of_the_layer, said, paths))


def storage_pack(settings: Settings, packs: Catalogue) -> StoragePack | None:
    """The pack of the storage; None for a backend that somebody else runs."""
    return packs.storages[settings.backend.storage.type] if settings.backend.storage else None


def backend_pack(settings: Settings, packs: Catalogue) -> BackendPack:
    """The pack of the backend."""
    return packs.backends[settings.backend.type]


def head_path(settings: Settings, service: str) -> Path:
    """Where the head sampler of a service is said."""
    own: Path = ("services", service, "sampling", "head")
    return own if settings.is_said(*own) else ("sampling", "head")
