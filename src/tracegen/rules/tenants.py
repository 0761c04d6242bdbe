"""Tenants (ruling 4)."""

from collections.abc import Iterator

from tracegen.catalogue import Catalogue
from tracegen.problems import Code, Problem, Severity
from tracegen.rules._shared import at, cause
from tracegen.source.words import quoted
from tracegen.spec.said import Said
from tracegen.spec.suggest import did_you_mean
from tracegen.system.units import size_in_bytes

TENANTS_OF_JAEGER = Code("TG320", "Jaeger does not separate tenants")
UNKNOWN_TENANT = Code("TG321", "Tenant is not declared")
NO_TENANT = Code("TG322", "Service without a tenant", Severity.WARNING, acceptable=True)
TENANT_TWICE = Code("TG323", "Tenant declared twice")
SMALL_BURST = Code("TG324", "Burst smaller than a request")

#: The largest request that a collector sends to a backend.
LARGEST_REQUEST = 3_000_000


def check(spec: Said, packs: Catalogue) -> Iterator[Problem]:
    """Tenants are declared once, by a backend that has them, and services name one of them."""
    tenants = [tenant["name"] for tenant in spec.get("backend", "tenants") or []]
    if tenants and spec.get("backend", "type") == "jaeger":
        message = "Jaeger separates tenants on reading only: all spans that come in over OTLP are stored under none"
        path = cause(spec, ("backend", "tenants"), ("backend", "type"))
        yield at(spec, TENANTS_OF_JAEGER, path, message, "use Tempo, or one Jaeger a tenant")
        return
    for index, name in enumerate(tenants):
        if name in tenants[:index]:
            message = f"tenant {quoted(name)} is declared twice"
            yield at(spec, TENANT_TWICE, ("backend", "tenants", index), message, "keep one of them")
    yield from _bursts(spec)
    for name in spec.services:
        yield from _service(spec, name, tenants)


def _bursts(spec: Said) -> Iterator[Problem]:
    for index, tenant in enumerate(spec.get("backend", "tenants") or []):
        burst = tenant.get("limits", {}).get("burst")
        if burst and size_in_bytes(burst) < LARGEST_REQUEST:
            path = ("backend", "tenants", index, "limits", "burst")
            message = f"a burst of {burst} has no room for one request of a collector, which may have 3 MB"
            yield at(spec, SMALL_BURST, path, message, "say 3Mi or more; bytes_per_second may be less")


def _service(spec: Said, name: str, tenants: list[str]) -> Iterator[Problem]:
    tenant = spec.get("services", name, "tenant")
    if tenant is None and tenants:
        message = f"service {name} names no tenant; its spans go to {quoted(tenants[0])}, the first"
        yield at(spec, NO_TENANT, ("services", name), message, f"say tenant: {tenants[0]}")
    elif tenant is not None and tenant not in tenants:
        message = f"tenant {quoted(tenant)} is not declared under backend.tenants"
        hint = did_you_mean(tenant, tenants) or "declare it there"
        yield at(spec, UNKNOWN_TENANT, ("services", name, "tenant"), message, hint)
