"""A second place for traces that people put aside."""

from collections.abc import Iterator

from tracegen.catalogue import Catalogue
from tracegen.problems import Code, Problem
from tracegen.rules._shared import at, storage_of
from tracegen.spec.said import Said

NO_ARCHIVE = Code("TG330", "Storage has no archive")

_WITHOUT = {
    "memory": "an archive in memory is gone at the next restart",
    "clickhouse": "its tables have one place in a database, so both would share it",
}


def check(spec: Said, packs: Catalogue) -> Iterator[Problem]:
    """`backend.archive` beside a storage that can hold a second set."""
    storage = storage_of(spec, packs).get("type", "")
    if spec.get("backend", "archive") and storage in _WITHOUT:
        message = f"storage {storage} has no archive: {_WITHOUT[storage]}"
        hint = "use badger, opensearch, elasticsearch or cassandra, or delete archive"
        yield at(spec, NO_ARCHIVE, ("backend", "archive"), message, hint)
