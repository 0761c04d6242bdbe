"""Spec → Model: everything is decided here, and every decision is recorded."""

from tracegen.assemble import assemble
from tracegen.language.spec import Spec
from tracegen.model import Exposure, Model
from tracegen.packs import Catalogue
from tracegen.resolve.backend import resolve_backend
from tracegen.resolve.collector import backend_destination, entrance, resolve_tiers
from tracegen.resolve.decider import Decider
from tracegen.resolve.images import resolve_images
from tracegen.resolve.services import resolve_services
from tracegen.model.sizing import spans_per_second


def resolve(spec: Spec, packs: Catalogue) -> Model:
    """The model of a valid spec. Raises NameTaken when a service has the name of something tracegen runs."""
    decider = Decider(spec)
    rate = spans_per_second(_requests(spec), len(spec.services))
    backend = resolve_backend(decider, packs, rate)
    destination = backend_destination(backend)
    tiers = resolve_tiers(decider, destination, rate)
    services = resolve_services(decider, packs, entrance(tiers, destination))
    targets = decider.take(("targets",), ["compose", "kubernetes"], "both targets")
    exposure = _exposure(decider)
    images = resolve_images(decider, packs)
    decider.drops()
    model = Model(
        name=spec.value["name"],
        environment=spec.environment,
        targets=tuple(targets),
        backend=backend,
        tiers=tiers,
        services=services,
        components={},
        exposure=exposure,
        images=images,
        overrides=spec.get("overrides") or {},
        decisions=tuple(decider.decisions()),
    )
    return assemble(model, packs)


def _exposure(decider: Decider) -> Exposure:
    publish = decider.take(("compose", "publish"), ["ui"], "only what people open in a browser")
    bind = decider.take(("compose", "bind"), "127.0.0.1", "only this host; the user interface has no login")
    return Exposure(tuple(publish), bind)


def _requests(spec: Spec) -> float:
    rates = (service.get("traffic", {}).get("requests_per_second", 0) for service in spec.services.values())
    return float(sum(rates))
