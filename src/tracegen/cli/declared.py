"""What a spec declares, for commands that hold traces against it: the one place that asks the system for it."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from tracegen.cli.spec_argument import nearest_spec
from tracegen.view import Declared

if TYPE_CHECKING:
    from tracegen.decide import Settings
    from tracegen.system import Service, System
    from tracegen.verify import Contract, Expected, ExpectedService


def declared(spec: str | None, environment: str | None = None) -> Declared:
    """The services and edges of a spec; without one, of the nearest `tracegen.yaml`, or nothing where there is none.

    Raises ProblemsFound, CannotRead.
    """
    return shown(expected(spec, environment))


def shown(held: "Expected") -> Declared:
    """What the page and tables need of it; services have the names that their spans have."""
    return Declared(held.name, tuple(held.services), held.edges, held.known)


def expected(spec: str | None, environment: str | None = None, *, collected: bool = True) -> "Expected":
    """All that traces are held against; `collected`: they came through the collector. Raises as `declared` does."""
    from tracegen.verify import Expected

    found = _built(spec, environment)
    if found is None:
        return Expected(collected=collected)
    system, settings = found
    names = {name: service.traced_name for name, service in system.services.items()}
    redactions = [tier.redaction for tier in system.tiers]
    return Expected(
        name=system.name,
        services={service.traced_name: _expected(service) for service in system.services.values()},
        edges=tuple((names[caller], names[callee]) for caller, callee in system.edges()),
        contracts=dict(_contracts(settings, names)),
        baggage=settings.baggage.to_attributes,
        redacted=tuple(dict.fromkeys(key for each in redactions for key in each.keys)),
        masked=tuple(dict.fromkeys(pattern for each in redactions for pattern in each.patterns)),
        tail=system.tail,
        platform=tuple(name for name in system.components if name not in system.services),
        known=True,
        collected=collected,
    )


def _contracts(settings: "Settings", names: Mapping[str, str]) -> "Iterator[tuple[tuple[str, str], Contract]]":
    from tracegen.traces import duration
    from tracegen.verify import Contract

    for name, service in settings.services.items():
        for call in service.calls:
            if said := call.expect:
                limit = duration(said.max_latency) if said.max_latency else 0
                contract = Contract(
                    said.propagated, said.baggage or (), said.attributes or (), limit, said.max_errors
                )
                yield (names[name], names[call.service]), contract


def _expected(service: "Service") -> "ExpectedService":
    from tracegen.verify import ExpectedService

    sampler = service.sampler
    ratio = None if sampler.operations else sampler.strategy.ratio
    return ExpectedService(service.name, service.attributes, service.language, ratio)


def own_addresses(spec: str | None, environment: str | None) -> tuple[str, ...]:
    """Where the backend is that Compose runs on this machine; nothing where only the engine knows, or nobody."""
    from tracegen.render.first_trace import pages

    found = _built(spec, environment)
    if found is None or "compose" not in found[0].targets:
        return ()
    return tuple(address for address, _ in pages(found[0]) if address)


def _built(spec: str | None, environment: str | None) -> "tuple[System, Settings] | None":
    named, spec = spec, spec or nearest_spec()
    if named is None and not Path(spec).is_file():
        return None
    from tracegen.build import build_system
    from tracegen.catalogue import catalogue
    from tracegen.checking import check
    from tracegen.cli.pipeline import read

    checked = check(read(spec), catalogue(), [] if environment is None else [environment])
    settings = checked.settings[environment]
    return build_system(settings, catalogue()), settings
