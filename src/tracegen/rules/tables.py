"""What is said of tables that somebody else makes."""

from collections.abc import Iterator

from tracegen.catalogue import Catalogue
from tracegen.problems import Code, Problem
from tracegen.rules._shared import at, cause, storage_pack
from tracegen.spec.said import Path, Spec

NOT_MADE_HERE = Code("TG345", "Setting of tables that somebody else makes")

_MANAGE: Path = ("backend", "storage", "manage")


def check(spec: Spec, packs: Catalogue) -> Iterator[Problem]:
    """With `manage: false`, nothing that only the making of tables needs."""
    pack = storage_pack(spec, packs)
    if pack is None or spec.get(*_MANAGE) is not False:
        return
    for key in pack.made_with_tables:
        path: Path = tuple(key.split("."))
        if spec.get(*path) is not None:
            message = f"{key} is set when tables are made, and manage: false leaves that to somebody else"
            yield at(spec, NOT_MADE_HERE, cause(spec, path, _MANAGE), message, "delete it, or delete manage: false")
