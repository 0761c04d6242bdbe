"""How long spans live (ruling 8)."""

from collections.abc import Iterator

from tracegen.catalogue import Catalogue
from tracegen.problems import Code, Problem
from tracegen.rules._shared import at, cause, storage_pack
from tracegen.spec.said import Spec
from tracegen.system.units import milliseconds

RETENTION_OF_MEMORY = Code("TG310", "Memory has no retention")
RETENTION_TOO_SHORT = Code("TG311", "Retention shorter than an index")


def check(spec: Spec, packs: Catalogue) -> Iterator[Problem]:
    """Some storages keep a number of traces; daily indices go a day at a time."""
    pack = storage_pack(spec, packs)
    retention = spec.get("backend", "retention")
    path = ("backend", "retention")
    if not retention or pack is None:
        return
    if pack.no_retention and not is_inherited(spec):
        message = f"{retention} has no meaning with storage {pack.name}, which {pack.no_retention.why}"
        yield at(spec, RETENTION_OF_MEMORY, path, message, pack.no_retention.instead)
    if pack.daily_indices and milliseconds(retention) < milliseconds("1d"):
        message = f"retention {retention} is shorter than the daily indices of {pack.name}"
        where = cause(spec, path, ("backend", "storage", "type"))
        yield at(spec, RETENTION_TOO_SHORT, where, message, "say at least 1d; an index is deleted as a whole")


def is_inherited(spec: Spec) -> bool:
    """Whether a retention comes from a lower layer than the storage beside it."""
    is_said = spec.get("backend", "retention") is not None
    of_the_layer = spec.said_by_layer("backend", "retention")
    return is_said and spec.said_by_layer("backend", "storage") and not of_the_layer
