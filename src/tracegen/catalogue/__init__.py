"""The packs as records: everything that is one language's, one backend's or one storage's own."""

from tracegen.catalogue.listing import Catalogue, catalogue
from tracegen.catalogue.pack import (
    BackendPack,
    ExampleImage,
    Image,
    KafkaClient,
    LanguagePack,
    Library,
    OperatorAgent,
    Pack,
    Refusal,
    StoragePack,
)

__all__ = [
    "BackendPack",
    "Catalogue",
    "ExampleImage",
    "Image",
    "KafkaClient",
    "LanguagePack",
    "Library",
    "OperatorAgent",
    "Pack",
    "Refusal",
    "StoragePack",
    "catalogue",
]
