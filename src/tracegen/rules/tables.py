"""What is said of tables that somebody else makes."""

from collections.abc import Iterator

from tracegen.catalogue import Catalogue
from tracegen.problems import Code, Problem
from tracegen.rules._shared import at, cause, storage_of
from tracegen.spec.said import Path, Said, dotted

NOT_MADE_HERE = Code("TG345", "Setting of tables that somebody else makes")

_MANAGE: Path = ("backend", "storage", "manage")
#: Settings that a table gets when it is made, by storage.
_OF_TABLES: dict[str, tuple[Path, ...]] = {
    "cassandra": (("backend", "storage", "replication_factor"), ("backend", "retention")),
    "clickhouse": (("backend", "retention"),),
}


def check(spec: Said, packs: Catalogue) -> Iterator[Problem]:
    """With `manage: false`, nothing that only the making of tables needs."""
    storage = storage_of(spec, packs)
    if storage.get("manage") is not False:
        return
    for path in _OF_TABLES.get(storage["type"], ()):
        if spec.get(*path) is not None:
            message = f"{dotted(path)} is set when tables are made, and manage: false leaves that to somebody else"
            yield at(spec, NOT_MADE_HERE, cause(spec, path, _MANAGE), message, "delete it, or delete manage: false")
