"""Model → components: what runs, from the packs, the collector tiers and the services."""

from dataclasses import replace

from tracegen.assemble.collector import collector_components
from tracegen.assemble.services import service_components
from tracegen.catalogue import Catalogue
from tracegen.packs import contract
from tracegen.system import Component, Model


def assemble(model: Model, packs: Catalogue) -> Model:
    """The model with all its components: names unique, dependencies among them."""
    platform = [*contract.backend(model.backend.type).components(model), *collector_components(model)]
    beside = replace(model, components={part.name: part for part in platform})
    parts = [
        *(part for name in packs.companions for part in contract.companion(name).components(beside)),
        *platform,
        *service_components(model, packs),
    ]
    components: dict[str, Component] = {}
    for part in parts:
        if part.name in components:
            raise NameTaken(part.name)
        components[part.name] = part
    return replace(model, components=components)


class NameTaken(Exception):
    """Two components want one name; usually a service has the name of something that tracegen runs."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(f"two components are called {name}")
