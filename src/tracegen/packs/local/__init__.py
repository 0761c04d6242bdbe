"""Blocks on the volume of the one Tempo process."""

from tracegen.decide.records import LocalStorage
from tracegen.packs.contract import Storage
from tracegen.system import Design
from tracegen.system.storage_part import StoragePart


class LocalDisk:
    """The local disk as a storage of Tempo."""

    def part(self, design: Design) -> StoragePart:
        """A folder beside the write-ahead log."""
        options = design.backend.storage.options_as(LocalStorage)
        return StoragePart(config={"backend": "local", "local": {"path": "/var/tempo/blocks"}}, disk=options.size)


STORAGE: Storage = LocalDisk()
