"""How long spans live (ruling 8)."""

from collections.abc import Iterator

from tracegen.catalogue import Catalogue
from tracegen.problems import Code, Problem
from tracegen.rules._shared import at, cause, storage_of
from tracegen.spec.said import Said
from tracegen.system.units import milliseconds

RETENTION_OF_MEMORY = Code("TG310", "Memory has no retention")
RETENTION_TOO_SHORT = Code("TG311", "Retention shorter than an index")

_DAILY = ("elasticsearch", "opensearch")


def check(spec: Said, packs: Catalogue) -> Iterator[Problem]:
    """Memory keeps a number of traces; daily indices go a day at a time."""
    storage = storage_of(spec, packs).get("type")
    retention = spec.get("backend", "retention")
    path = ("backend", "retention")
    if retention and storage == "memory" and not is_inherited(spec):
        message = f"{retention} has no meaning with storage memory, which keeps a number of traces and not days"
        yield at(spec, RETENTION_OF_MEMORY, path, message, "delete it, or use badger, which keeps spans on disk")
    if retention and storage in _DAILY and milliseconds(retention) < milliseconds("1d"):
        message = f"retention {retention} is shorter than the daily indices of {storage}"
        where = cause(spec, path, ("backend", "storage", "type"))
        yield at(spec, RETENTION_TOO_SHORT, where, message, "say at least 1d; an index is deleted as a whole")


def is_inherited(spec: Said) -> bool:
    """Whether a retention comes from a lower layer than the storage beside it."""
    is_said = spec.get("backend", "retention") is not None
    of_the_layer = spec.said_by_layer("backend", "retention")
    return is_said and spec.said_by_layer("backend", "storage") and not of_the_layer
