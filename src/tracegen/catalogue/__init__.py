"""Packs: everything that is one language's, one backend's or one storage's own, as data."""

from tracegen.catalogue.listing import Catalogue, catalogue
from tracegen.catalogue.pack import BackendPack, ExampleImage, Image, LanguagePack, Library, Pack, StoragePack

__all__ = [
    "BackendPack",
    "Catalogue",
    "ExampleImage",
    "Image",
    "LanguagePack",
    "Library",
    "Pack",
    "StoragePack",
    "catalogue",
]
