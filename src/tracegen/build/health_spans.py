"""Health checks that become spans: agents of some languages cannot leave them out."""

from tracegen.catalogue import Catalogue
from tracegen.decide import Settings


def health_spans(settings: Settings, packs: Catalogue) -> tuple[tuple[str, str], ...]:
    """Service and health path of each whose instrumentation makes spans of health checks."""
    return tuple(
        (name, service.health)
        for name, service in settings.services.items()
        if service.health and service.instrumentation in packs.languages[service.language].health_spans
    )
