"""Blocks on the volume of the one Tempo process."""

from tracegen.model import Model
from tracegen.model.storage_part import StoragePart
from tracegen.packs import Catalogue


def tempo(model: Model, packs: Catalogue) -> StoragePart:
    """A folder beside the write-ahead log."""
    return StoragePart(config={"backend": "local", "local": {"path": "/var/tempo/blocks"}})
