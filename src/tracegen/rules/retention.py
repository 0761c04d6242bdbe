"""How long spans live (ruling 8)."""

from collections.abc import Iterator

from tracegen.catalogue import Catalogue
from tracegen.decide import Settings
from tracegen.problems import Code, Problem
from tracegen.rules._shared import at, cause
from tracegen.system.units import milliseconds

RETENTION_OF_MEMORY = Code("TG310", "Memory has no retention")
RETENTION_TOO_SHORT = Code("TG311", "Retention shorter than an index")

_DAILY = ("elasticsearch", "opensearch")


def check(settings: Settings, packs: Catalogue) -> Iterator[Problem]:
    """Memory keeps a number of traces; daily indices go a day at a time."""
    storage = settings.backend.storage.type if settings.backend.storage else ""
    retention = settings.said.get("backend", "retention")
    path = ("backend", "retention")
    if retention and storage == "memory" and not _is_inherited(settings):
        message = f"{retention} has no meaning with storage memory, which keeps a number of traces and not days"
        yield at(settings, RETENTION_OF_MEMORY, path, message, "delete it, or use badger, which keeps spans on disk")
    if retention and storage in _DAILY and milliseconds(retention) < milliseconds("1d"):
        message = f"retention {retention} is shorter than the daily indices of {storage}"
        where = cause(settings, path, ("backend", "storage", "type"))
        yield at(settings, RETENTION_TOO_SHORT, where, message, "say at least 1d; an index is deleted as a whole")


def _is_inherited(settings: Settings) -> bool:
    """Whether a retention comes from a lower layer than the storage beside it."""
    of_the_layer = settings.said.said_by_layer("backend", "retention")
    return settings.said.said_by_layer("backend", "storage") and not of_the_layer
