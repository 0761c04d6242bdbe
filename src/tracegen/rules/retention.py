"""How long spans live (ruling 8)."""

from collections.abc import Iterator

from tracegen.catalogue import Catalogue
from tracegen.decide import Settings
from tracegen.problems import Code, Problem
from tracegen.rules._shared import at, cause, storage_pack
from tracegen.system.units import milliseconds

RETENTION_OF_MEMORY = Code("TG310", "Memory has no retention")
RETENTION_TOO_SHORT = Code("TG311", "Retention shorter than an index")


def check(settings: Settings, packs: Catalogue) -> Iterator[Problem]:
    """Some storages keep a number of traces; daily indices go a day at a time."""
    pack, path = storage_pack(settings, packs), ("backend", "retention")
    if pack is None:
        return
    retention = settings.backend.retention
    if pack.no_retention and settings.is_said(*path) and not _is_inherited(settings):
        message = f"{settings.as_said(*path)} has no meaning with storage {pack.name}, which {pack.no_retention.why}"
        yield at(settings, RETENTION_OF_MEMORY, path, message, pack.no_retention.instead)
    if pack.daily_indices and retention and milliseconds(retention) < milliseconds("1d"):
        message = f"retention {retention} is shorter than the daily indices of {pack.name}"
        where = cause(settings, path, ("backend", "storage", "type"))
        yield at(settings, RETENTION_TOO_SHORT, where, message, "say at least 1d; an index is deleted as a whole")


def _is_inherited(settings: Settings) -> bool:
    """Whether a retention comes from a lower layer than the storage beside it."""
    of_the_layer = settings.said.said_by_layer("backend", "retention")
    return settings.said.said_by_layer("backend", "storage") and not of_the_layer
