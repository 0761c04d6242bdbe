"""Health checks that become spans: agents of some languages cannot leave them out."""

from tracegen.catalogue import Catalogue
from tracegen.rules._shared import instrumentation_of
from tracegen.spec.said import Spec


def health_spans(spec: Spec, packs: Catalogue) -> tuple[tuple[str, str], ...]:
    """Name in traces and health path of each service whose instrumentation makes spans of health checks."""
    found = []
    for name, said in spec.services.items():
        path = said.get("health", "" if said.get("image") else "/healthz")
        if path and instrumentation_of(spec, packs, name) in packs.languages[said["language"]].health_spans:
            traced = said.get("env", {}).get("OTEL_SERVICE_NAME")
            found.append((traced if isinstance(traced, str) else name, path))
    return tuple(found)
