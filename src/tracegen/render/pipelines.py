"""The pipelines of a collector tier.

What counts spans comes before what drops traces, or rates would be those of what is kept; and a decision on a
trace comes before the tenants part, so that it is made once for the whole trace.
"""

from collections.abc import Iterator, Mapping

from tracegen.emit import Value
from tracegen.render.health_checks import health_filter
from tracegen.render.names import exporter_name
from tracegen.render.redaction import redaction
from tracegen.render.span_metrics import CONNECTOR
from tracegen.render.tail import AFTER, BEFORE, PROCESSOR
from tracegen.render.tenants import tenant_of
from tracegen.system import Tier

#: The pipeline that receives, where another decides.
_IN = "traces/in"


def pipelines(tier: Tier, counts: bool, asked: list[str]) -> dict[str, Value]:
    """All pipelines of traces; `counts`: one of them feeds the metrics that are made of spans.

    `asked` are the processors that need the connection by which a span came in.
    """
    intake = _intake(tier, asked)
    if tier.tail is None:
        return dict(_to_destinations(tier, list(tier.receivers), intake, [CONNECTOR] if counts else []))
    found: dict[str, Value] = {}
    receivers, processors = list(tier.receivers), [*intake, *redaction(tier.redaction)]
    if counts:
        found[_IN] = _pipeline(receivers, processors, [CONNECTOR, BEFORE])
        receivers, processors = [BEFORE], []
    processors = [*processors, PROCESSOR]
    if _tenants(tier):
        return found | {"traces": _pipeline(receivers, processors, [AFTER])} | dict(_kept_of_tenants(tier))
    return found | {"traces": _pipeline(receivers, processors, [exporter_name(each) for each in tier.destinations])}


def forwards(tier: Tier, counts: bool) -> dict[str, Value]:
    """The connectors between pipelines."""
    names = [BEFORE] * (counts and tier.tail is not None) + [AFTER] * bool(tier.tail and _tenants(tier))
    return {name: {} for name in names}


def _tenants(tier: Tier) -> list[str]:
    return list(dict.fromkeys(tenant_of(each) for each in tier.destinations if each.tenant))


def _intake(tier: Tier, asked: list[str]) -> list[str]:
    return ["memory_limiter", *asked, *health_filter(tier)]


def _to_destinations(
    tier: Tier, receivers: list[str], before: list[str], more: list[str]
) -> Iterator[tuple[str, Value]]:
    """One pipeline, or one a tenant; destinations without a tenant get the spans of all."""
    for tenant in _tenants(tier) or [""]:
        processors = [*before, *([f"filter/{tenant}"] if tenant else []), *redaction(tier.redaction)]
        yield _name(tenant), _pipeline(receivers, processors, [*_exporters(tier, tenant), *more])


def _kept_of_tenants(tier: Tier) -> Iterator[tuple[str, Value]]:
    for tenant in _tenants(tier):
        yield _name(tenant), _pipeline([AFTER], [f"filter/{tenant}"], _exporters(tier, tenant))


def _name(tenant: str) -> str:
    return f"traces/{tenant}" if tenant else "traces"


def _exporters(tier: Tier, tenant: str) -> list[str]:
    return [exporter_name(each) for each in tier.destinations if each.tenant in ("", tenant)]


def _pipeline(receivers: list[str], processors: list[str], exporters: list[str]) -> Mapping[str, Value]:
    return {"receivers": list(receivers), "processors": list(processors), "exporters": list(exporters)}
