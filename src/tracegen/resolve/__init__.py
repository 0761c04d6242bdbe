"""Said → Model: everything is decided here, and every decision is recorded."""

from dataclasses import replace

from tracegen.assemble import assemble
from tracegen.catalogue import Catalogue
from tracegen.resolve.backend import resolve_backend
from tracegen.resolve.collector import resolve_tiers
from tracegen.resolve.decider import Decider
from tracegen.resolve.destinations import OTLP_PORTS, backend_destinations, further_destinations, tier_destination
from tracegen.resolve.head import resolve_strategies
from tracegen.resolve.images import resolve_images
from tracegen.resolve.kubernetes import resolve_kubernetes
from tracegen.resolve.security import resolve_certificates, resolve_ingest
from tracegen.resolve.services import resolve_services
from tracegen.spec.said import Said
from tracegen.spec.traffic import spans_per_second
from tracegen.system import Certificates, Destination, Exposure, IngestAuth, Model, Tier


def resolve(spec: Said, packs: Catalogue) -> Model:
    """The model of a valid spec. Raises NameTaken when a service has the name of something tracegen runs."""
    decider = Decider(spec)
    rate = spans_per_second(spec)
    certificates, ingest = resolve_certificates(decider), resolve_ingest(decider)
    backend = resolve_backend(decider, packs, rate)
    destinations = backend_destinations(decider, packs, backend, certificates)
    all_destinations = (*destinations, *further_destinations(decider))
    tiers = resolve_tiers(decider, packs, all_destinations, certificates, ingest, rate)
    entrance = _entrance(tiers, destinations, certificates, ingest)
    strategies = resolve_strategies(decider, packs, backend, tiers)
    tenants = [tenant.name for tenant in backend.tenants]
    services = resolve_services(decider, packs, entrance, tenants, strategies)
    targets = decider.take(("targets",), ["compose", "kubernetes"], "both targets")
    exposure, images = _exposure(decider), resolve_images(decider, packs)
    kubernetes = resolve_kubernetes(decider)
    decider.drops()
    model = Model(
        name=spec.value["name"],
        environment=spec.environment,
        targets=tuple(targets),
        backend=backend,
        tiers=tiers,
        entrance=entrance,
        certificates=certificates,
        ingest=ingest,
        metrics=decider.take(("metrics",), False, "traces only"),
        services=services,
        components={},
        exposure=exposure,
        kubernetes=kubernetes,
        images=images,
        overrides=spec.get("overrides") or {},
        decisions=tuple(decider.decisions()),
        strategies=strategies,
    )
    return assemble(model, packs)


def _entrance(
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


def _exposure(decider: Decider) -> Exposure:
    publish = decider.take(("compose", "publish"), ["ui"], "only what people open in a browser")
    bind = decider.take(("compose", "bind"), "127.0.0.1", "only this host; the user interface has no login")
    return Exposure(tuple(publish), bind)
