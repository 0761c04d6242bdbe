"""Tenants (ruling 4)."""

from collections.abc import Iterator

from tracegen.catalogue import Catalogue
from tracegen.decide import Settings
from tracegen.problems import Code, Problem, Severity
from tracegen.rules._shared import at, backend_pack, cause, storage_pack
from tracegen.source.words import Guesses, quoted
from tracegen.system.units import size_in_bytes

TENANTS_OF_JAEGER = Code("TG320", "Jaeger does not separate tenants")
UNKNOWN_TENANT = Code("TG321", "Tenant is not declared")
NO_TENANT = Code("TG322", "Service without a tenant", Severity.WARNING, acceptable=True)
TENANT_TWICE = Code("TG323", "Tenant declared twice")
SMALL_BURST = Code("TG324", "Burst smaller than a request")

_MEGABYTE = 1_000_000


def check(settings: Settings, packs: Catalogue) -> Iterator[Problem]:
    """Tenants are declared once, by a backend that has them, and services name one of them."""
    tenants = [tenant.name for tenant in settings.backend.tenants or ()]
    refusal = backend_pack(settings, packs).no_tenants
    if tenants and refusal:
        path = cause(settings, ("backend", "tenants"), ("backend", "type"))
        yield at(settings, TENANTS_OF_JAEGER, path, refusal.why, refusal.instead)
        return
    seen: set[str] = set()
    for index, name in enumerate(tenants):
        if name in seen:
            message = f"tenant {quoted(name)} is declared twice"
            yield at(settings, TENANT_TWICE, ("backend", "tenants", index), message, "keep one of them")
        seen.add(name)
    yield from _bursts(settings, packs)
    guesses = Guesses()
    for name in settings.services:
        yield from _service(settings, name, tenants, guesses)


def _bursts(settings: Settings, packs: Catalogue) -> Iterator[Problem]:
    pack = storage_pack(settings, packs)
    largest = pack.delivery.largest if pack else 0
    for index, tenant in enumerate(settings.backend.tenants or ()):
        burst = tenant.limits.burst
        if size_in_bytes(burst) < largest:
            path = ("backend", "tenants", index, "limits", "burst")
            megabytes = f"{largest / _MEGABYTE:g}"
            message = f"a burst of {burst} has no room for one request of a collector, which may have {megabytes} MB"
            yield at(settings, SMALL_BURST, path, message, f"say {megabytes}Mi or more; bytes_per_second may be less")


def _service(settings: Settings, name: str, tenants: list[str], guesses: Guesses) -> Iterator[Problem]:
    tenant = settings.services[name].tenant
    if tenants and not settings.is_said("services", name, "tenant"):
        message = f"service {name} names no tenant; its spans go to {quoted(tenants[0])}, the first"
        yield at(settings, NO_TENANT, ("services", name), message, f"say tenant: {tenants[0]}")
    elif tenant is not None and tenant not in tenants:
        message = f"tenant {quoted(tenant)} is not declared under backend.tenants"
        hint = guesses.near(tenant, tenants) or "declare it there"
        yield at(settings, UNKNOWN_TENANT, ("services", name, "tenant"), message, hint)
