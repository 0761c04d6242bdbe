"""Images: the pinned ones, moved by `versions` and `registry`."""

from collections.abc import Mapping
from dataclasses import replace

from tracegen.catalogue import Catalogue, Image
from tracegen.decide import Settings


def images_of(settings: Settings, packs: Catalogue) -> Mapping[str, Image]:
    """Every image that tracegen may run, by name, as it is to be pulled."""
    return {name: _as_pulled(image, settings) for name, image in packs.images.items()}


def _as_pulled(image: Image, settings: Settings) -> Image:
    version = settings.versions.get(image.name, image.version)
    repository = f"{settings.registry}/{image.repository}" if settings.registry else image.repository
    return replace(image, version=version, repository=repository)
