"""A second place for traces that people put aside."""

from collections.abc import Iterator

from tracegen.catalogue import Catalogue
from tracegen.decide import Settings
from tracegen.problems import Code, Problem
from tracegen.rules._shared import at, storage_pack

NO_ARCHIVE = Code("TG330", "Storage has no archive")


def check(settings: Settings, packs: Catalogue) -> Iterator[Problem]:
    """`backend.archive` beside a storage that can hold a second set."""
    pack = storage_pack(settings, packs)
    if settings.backend.archive and pack and pack.no_archive:
        message = f"storage {pack.name} has no archive: {pack.no_archive.why}"
        yield at(settings, NO_ARCHIVE, ("backend", "archive"), message, pack.no_archive.instead)
