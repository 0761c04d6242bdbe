"""Health checks that become spans: agents of some languages cannot leave them out."""

from tracegen.catalogue import Catalogue
from tracegen.decide import Settings
from tracegen.decide.records import Service


def health_spans(settings: Settings, packs: Catalogue) -> tuple[tuple[str, str], ...]:
    """Name in traces and health path of each service whose instrumentation makes spans of health checks."""
    return tuple(
        (_traced_name(name, service), service.health)
        for name, service in settings.services.items()
        if service.health and service.instrumentation in packs.languages[service.language].health_spans
    )


def _traced_name(name: str, service: Service) -> str:
    """The name that the spec's own variable gives its spans, where it is no secret."""
    own = service.env.get("OTEL_SERVICE_NAME")
    return own if isinstance(own, str) else name
