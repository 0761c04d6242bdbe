"""A second place for traces that people put aside."""

from collections.abc import Iterator

from tracegen.catalogue import Catalogue
from tracegen.decide import Settings
from tracegen.problems import Code, Problem
from tracegen.rules._shared import at

NO_ARCHIVE = Code("TG330", "Storage has no archive")

_WITHOUT = {
    "memory": "an archive in memory is gone at the next restart",
    "clickhouse": "its tables have one place in a database, so both would share it",
}


def check(settings: Settings, packs: Catalogue) -> Iterator[Problem]:
    """`backend.archive` beside a storage that can hold a second set."""
    storage = settings.backend.storage
    if settings.backend.archive and storage and storage.type in _WITHOUT:
        message = f"storage {storage.type} has no archive: {_WITHOUT[storage.type]}"
        hint = "use badger, opensearch, elasticsearch or cassandra, or delete archive"
        yield at(settings, NO_ARCHIVE, ("backend", "archive"), message, hint)
