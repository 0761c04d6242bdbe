"""Model → components: what runs, from the packs, the collector tiers and the services."""

from dataclasses import replace

from tracegen.assemble.collector import collector_components
from tracegen.assemble.services import service_components
from tracegen.catalogue import Catalogue
from tracegen.catalogue.code import code_of, kafka_code, observability_code
from tracegen.system import Component, Model


def assemble(model: Model, packs: Catalogue) -> Model:
    """The model with all its components: names unique, dependencies among them."""
    watched = [*_backend(model, packs), *collector_components(model)]
    parts = [
        *_broker(model),
        *_metrics(replace(model, components={part.name: part for part in watched})),
        *watched,
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


def _backend(model: Model, packs: Catalogue) -> list[Component]:
    code = code_of(packs.backends[model.backend.type])
    return list(code.components(model, packs)) if code else []


def _broker(model: Model) -> list[Component]:
    return list(kafka_code().components(model)) if model.backend.kafka else []


def _metrics(model: Model) -> list[Component]:
    return list(observability_code().components(model)) if model.metrics else []
