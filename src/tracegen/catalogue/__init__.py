"""The packs as records: everything that is one language's, one backend's or one storage's own."""

from tracegen.catalogue.listing import Catalogue, catalogue
from tracegen.catalogue.pack import (
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
    Sizing,
    StoragePack,
)

__all__ = [
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
    "Sizing",
    "StoragePack",
    "catalogue",
]
