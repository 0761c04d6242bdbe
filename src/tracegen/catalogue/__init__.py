"""The packs as records: everything that is one language's, one backend's or one storage's own."""

from tracegen.catalogue.listing import Catalogue, catalogue
from tracegen.catalogue.pack import (
    Added,
    BackendPack,
    Delivery,
    ExampleImage,
    Here,
    Image,
    KafkaClient,
    LanguagePack,
    Library,
    OperatorAgent,
    Pack,
    Refusal,
    Renamed,
    Seen,
    Sizing,
    StoragePack,
    numbers_of,
)

__all__ = [
    "Added",
    "BackendPack",
    "Catalogue",
    "Delivery",
    "ExampleImage",
    "Here",
    "Image",
    "KafkaClient",
    "LanguagePack",
    "Library",
    "OperatorAgent",
    "Pack",
    "Refusal",
    "Renamed",
    "Seen",
    "Sizing",
    "StoragePack",
    "catalogue",
    "numbers_of",
]
