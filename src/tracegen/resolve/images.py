"""Images: the pinned ones, moved by `versions` and `registry`."""

from collections.abc import Mapping
from dataclasses import replace

from tracegen.catalogue import Catalogue, Image
from tracegen.resolve.decider import Decider


def resolve_images(decider: Decider, packs: Catalogue) -> Mapping[str, Image]:
    """Every image that tracegen may run, by name, as it is to be pulled."""
    registry = decider.take(("registry",), "", "upstream")
    found = {}
    for name, image in packs.images.items():
        version = decider.spec.get("versions", name)
        if version is not None:
            decider.take(("versions", name), image.version, "the tested set")
            image = replace(image, version=version)
        if registry:
            image = replace(image, repository=f"{registry}/{image.repository}")
        found[name] = image
    return found
