"""Settings → System: what is built, for every target, whole before rendering starts."""

from collections.abc import Iterable, Mapping
from dataclasses import fields, replace

from tracegen.build.backend import backend_of
from tracegen.build.cluster import callers_of, reachable, workloads_of
from tracegen.build.code import WHOLE, CodePlaces
from tracegen.build.components import components_elsewhere, components_of
from tracegen.build.destinations import OTLP_PORTS, backend_destinations, further_destinations, tier_destination
from tracegen.build.images import images_of
from tracegen.build.kubernetes import kubernetes_of
from tracegen.build.names import check_names
from tracegen.build.sampling import strategy_server
from tracegen.build.security import certificates_of, ingest_of
from tracegen.build.services import services_of
from tracegen.build.tiers import tiers_of
from tracegen.build.units import units_of
from tracegen.catalogue import Catalogue
from tracegen.decide import Settings
from tracegen.decide.published import groups_of, ports_of
from tracegen.system import (
    Certificates,
    Cluster,
    Component,
    Compose,
    Design,
    Destination,
    Exposure,
    IngestAuth,
    System,
    Tier,
)


def build_system(settings: Settings, packs: Catalogue, code: CodePlaces = WHOLE) -> System:
    """The system of valid settings; `code` is where that of its services lies.

    Raises NameTaken when a service has the name of something tracegen runs.
    """
    design = _design(settings, packs, code)
    components = tuple(components_of(design, packs))
    elsewhere = tuple(components_elsewhere(design, packs))
    units, workloads = units_of(design, components), workloads_of(design, components)
    check_names(design, components, units, workloads)
    running = _by_name(workloads)
    return System(
        **{each.name: getattr(design, each.name) for each in fields(design)},
        components=_by_name(components),
        elsewhere=_by_name(elsewhere),
        compose=Compose(units),
        cluster=Cluster(running, _by_name(reachable(design, elsewhere, running)), callers_of(workloads)),
    )


def _by_name(components: Iterable[Component]) -> Mapping[str, Component]:
    return {each.name: each for each in components}


def _design(settings: Settings, packs: Catalogue, code: CodePlaces) -> Design:
    """Backend, tiers and services, and how they reach each other."""
    certificates, ingest = certificates_of(settings), ingest_of(settings)
    backend = backend_of(settings, packs)
    destinations = backend_destinations(settings, packs, backend, certificates)
    all_destinations = (*destinations, *further_destinations(settings))
    tiers = tiers_of(settings, packs, all_destinations, certificates, ingest)
    destination = _otlp_destination(tiers, destinations, certificates, ingest)
    strategies = strategy_server(settings, packs, backend, tiers)
    return Design(
        name=settings.name,
        environment=settings.said.environment,
        targets=settings.targets,
        backend=backend,
        tiers=tiers,
        otlp_destination=destination,
        certificates=certificates,
        ingest=ingest,
        metrics=settings.metrics,
        services=services_of(settings, packs, destination, strategies, code),
        exposure=_exposure(settings),
        kubernetes=kubernetes_of(settings),
        images=images_of(settings, packs),
        overrides=settings.overrides,
        strategies=strategies,
    )


def _exposure(settings: Settings) -> Exposure:
    said = settings.compose
    return Exposure(groups_of(said.publish), said.bind, said.folder, ports_of(said.publish, settings.said))


def _otlp_destination(
    tiers: tuple[Tier, ...],
    destinations: tuple[Destination, ...],
    certificates: Certificates | None,
    ingest: IngestAuth,
) -> Destination:
    """Where services send their spans: the first tier, or the backend when there is none."""
    return tier_destination(tiers[0], "http", certificates, ingest) if tiers else _over_http(destinations[0])


def _over_http(destination: Destination) -> Destination:
    """The backend as services reach it, over HTTP unless somebody else's endpoint says otherwise."""
    if not destination.inside:
        return destination
    return replace(destination, protocol="http", port=OTLP_PORTS["http"])
