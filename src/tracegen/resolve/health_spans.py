"""Health checks that become spans: agents of some languages cannot leave them out."""

from tracegen.catalogue import Catalogue
from tracegen.rules._shared import instrumentation_of
from tracegen.spec.said import Said


def health_spans(spec: Said, packs: Catalogue) -> tuple[tuple[str, str], ...]:
    """Service and health path of each whose instrumentation makes spans of health checks."""
    found = []
    for name, said in spec.services.items():
        path = said.get("health", "" if said.get("image") else "/healthz")
        if path and instrumentation_of(spec, packs, name) in packs.languages[said["language"]].health_spans:
            found.append((name, path))
    return tuple(found)
