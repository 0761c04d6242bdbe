"""Spans of health checks that a service's agent cannot leave out, dropped before anything counts or keeps them.

Source: https://github.com/open-telemetry/opentelemetry-collector-contrib/tree/main/processor/filterprocessor
"""

from tracegen.emit import Commented, Value
from tracegen.render.redaction import literal
from tracegen.system import Tier


def health_filter(tier: Tier) -> dict[str, Value]:
    """The processor by name; none when every service leaves them out itself."""
    if not tier.health_spans:
        return {}
    conditions: list[Value] = [
        f'span.kind == SPAN_KIND_SERVER and span.attributes["url.path"] == {literal(path)}'
        f' and resource.attributes["service.name"] == {literal(service)}'
        for service, path in tier.health_spans
    ]
    why = "Health checks: the agents of these services have no setting that leaves them out."
    return {"filter/health": Commented({"error_mode": "ignore", "traces": {"span": conditions}}, why)}
