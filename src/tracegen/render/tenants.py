"""One pipeline a tenant: a header would survive neither tail sampling nor the queue on disk (ruling 4)."""

from tracegen.emit import Commented, Value, collector_escape
from tracegen.system import TENANT_ATTRIBUTE, Destination, Tier


def tenant_of(destination: Destination) -> str:
    """The tenant whose spans a destination gets, empty for all."""
    return destination.tenant


def tenant_filters(tier: Tier) -> dict[str, Value]:
    """A filter a tenant: it drops what is somebody else's; the first also keeps what is nobody's."""
    tenants = [each.tenant for each in tier.destinations if each.tenant]
    return {f"filter/{tenant}": _filter(tenant, tenants) for tenant in tenants}


def _filter(tenant: str, tenants: list[str]) -> Value:
    attribute = f'attributes["{TENANT_ATTRIBUTE}"]'
    if tenant == tenants[0]:
        others = [f'{attribute} == "{collector_escape(each)}"' for each in tenants[1:]]
        comment = "Drops the spans of the others; what names no tenant stays with the first."
    else:
        others = [f'{attribute} != "{collector_escape(tenant)}"']
        comment = f"Keeps the spans of {tenant} only."
    return Commented({"error_mode": "propagate", "traces": {"resource": others}}, comment)
