"""Images: the pinned ones, moved by `versions` and `registry`."""

from collections.abc import Mapping
from dataclasses import replace

from tracegen.catalogue import Catalogue, Image
from tracegen.decide import Settings

#: How many independent public files have to give the same digest, and none another, before it is rendered.
_AGREE = 3


def images_of(settings: Settings, packs: Catalogue) -> Mapping[str, Image]:
    """Every image that tracegen may run, by name, as it is to be pulled."""
    return {name: _as_pulled(image, settings) for name, image in packs.images.items()}


def _as_pulled(image: Image, settings: Settings) -> Image:
    version = settings.versions.get(image.name, image.version)
    known = image.seen is not None and image.seen.agree >= _AGREE and version == image.version
    repository = f"{settings.registry}/{image.repository}" if settings.registry else image.repository
    digest = image.seen.digest if settings.digests and known and image.seen else ""
    return replace(image, version=version, repository=repository, digest=digest)
