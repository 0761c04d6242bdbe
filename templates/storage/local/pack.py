"""Blocks on the volume of the one Tempo process."""

from tracegen.catalogue import Catalogue
from tracegen.system import Model
from tracegen.system.storage_part import StoragePart


def tempo(model: Model, packs: Catalogue) -> StoragePart:
    """A folder beside the write-ahead log."""
    return StoragePart(config={"backend": "local", "local": {"path": "/var/tempo/blocks"}})
