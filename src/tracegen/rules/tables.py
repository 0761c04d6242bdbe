"""What is said of tables that somebody else makes."""

from collections.abc import Iterator

from tracegen.catalogue import Catalogue
from tracegen.decide import Settings
from tracegen.problems import Code, Problem
from tracegen.rules._shared import at, cause, storage_pack
from tracegen.spec.said import Path

NOT_MADE_HERE = Code("TG345", "Setting of tables that somebody else makes")

_MANAGE: Path = ("backend", "storage", "manage")


def check(settings: Settings, packs: Catalogue) -> Iterator[Problem]:
    """With `manage: false`, nothing that only the making of tables needs."""
    pack = storage_pack(settings, packs)
    if pack is None or settings.option("manage") is not False:
        return
    for key in pack.made_with_tables:
        path: Path = tuple(key.split("."))
        if settings.is_said(*path):
            message = f"{key} is set when tables are made, and manage: false leaves that to somebody else"
            where = cause(settings, path, _MANAGE)
            yield at(settings, NOT_MADE_HERE, where, message, "delete it, or delete manage: false")
