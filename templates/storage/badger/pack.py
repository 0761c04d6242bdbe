"""Spans on one volume, written by the Jaeger process itself."""

from tracegen.emit import Commented
from tracegen.model import Model, Volume
from tracegen.model.storage_part import StoragePart
from tracegen.packs import Catalogue

_FOLDER = "/badger"


def jaeger(model: Model, packs: Catalogue) -> StoragePart:
    """Badger in Jaeger: https://www.jaegertracing.io/docs/latest/storage/badger/."""
    size = model.backend.storage.options.get("size", "10Gi")
    return StoragePart(
        config={
            "badger": {
                "directories": {"keys": f"{_FOLDER}/keys", "values": f"{_FOLDER}/values"},
                "ephemeral": Commented(False, "The default is true: everything is lost at a restart."),
                "ttl": {"spans": f"{model.backend.retention}h"},
            }
        },
        volumes=(Volume("jaeger-badger", _FOLDER, size, "spans"),),
        # Closing the store takes 10 seconds, and more when it is busy.
        grace=60,
    )
