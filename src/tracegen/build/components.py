"""What runs, whatever runs it: from packs, tiers and services."""

from collections.abc import Iterator

from tracegen.build.components_of_tiers import collector_components
from tracegen.build.services import service_component
from tracegen.catalogue import Catalogue
from tracegen.packs import contract
from tracegen.system import Component, Design


def components_of(design: Design, packs: Catalogue) -> Iterator[Component]:
    """All components: those of companions, the backend and the collectors, and services with `deploy: true`."""
    platform = [*contract.backend(design.backend.type).components(design), *collector_components(design)]
    others = {part.name: part for part in platform}
    for name in packs.companions:
        yield from contract.companion(name).components(design, others)
    yield from platform
    yield from (service_component(each, design, packs) for each in design.services.values() if each.deploy)


def components_elsewhere(design: Design, packs: Catalogue) -> Iterator[Component]:
    """What the services would be that others run."""
    yield from (service_component(each, design, packs) for each in design.services.values() if not each.deploy)
