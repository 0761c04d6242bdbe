"""Spans on one volume, written by the Jaeger process itself."""

from tracegen.decide.records import BadgerStorage
from tracegen.emit import Commented, Value
from tracegen.packs.contract import Storage
from tracegen.system import Design, Volume
from tracegen.system.storage_part import StoragePart

_FOLDER = "/badger"

#: Hours that archived traces live: a hundred years, since the key wants a number.
_FOREVER = 876_000


def _store(folder: str, hours: int) -> Value:
    return {
        "directories": {"keys": f"{folder}/keys", "values": f"{folder}/values"},
        "ephemeral": Commented(False, "The default is true: everything is lost at a restart."),
        "ttl": {"spans": f"{hours}h"},
    }


class Badger:
    """Badger as a storage of Jaeger."""

    def part(self, design: Design) -> StoragePart:
        """Badger in Jaeger: https://www.jaegertracing.io/docs/latest/storage/badger/."""
        options = design.backend.storage.options_as(BadgerStorage)
        return StoragePart(
            config={"badger": _store(_FOLDER, design.backend.retention)},
            archive={"badger": _store(f"{_FOLDER}/archive", _FOREVER)},
            volumes=(Volume("jaeger-badger", _FOLDER, options.size, "spans"),),
            # Closing the store takes time when it is busy.
            grace=60,
        )


STORAGE: Storage = Badger()
