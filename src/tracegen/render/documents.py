"""TRACING.md for the team."""

from tracegen.model import Model, Publish, Service, Tier
from tracegen.render.file import Written
from tracegen.render.template import render_template
from tracegen.resolve.services import url_variable


def tracing_guide(model: Model) -> Written:
    """TRACING.md: how to start, where to look, and what was decided."""
    values = {
        "model": model,
        "ui": _addresses(model),
        "endpoint": _endpoint,
        "sampler": _sampler,
        "spans": _spans,
        "retention": _retention(model.backend.retention),
        "url_variable": url_variable,
    }
    keys = ("name", "services", "service_defaults", "backend", "collector", "sampling", "compose")
    return Written("TRACING.md", render_template("documents/TRACING.md.j2", values), "documents", keys)


def _addresses(model: Model) -> list[str]:
    if not {"ui", "all"} & set(model.exposure.publish):
        return []
    host = "127.0.0.1" if model.exposure.bind == "0.0.0.0" else model.exposure.bind
    ports = [port for each in model.components.values() for port in each.ports if port.publish is Publish.UI]
    return [f"http://{f'[{host}]' if ':' in host else host}:{port.number}" for port in ports]


def _endpoint(service: Service) -> str:
    return "".join(str(part) for part in service.environment.get("OTEL_EXPORTER_OTLP_ENDPOINT", ()))


def _sampler(service: Service) -> str:
    ratio = f" {service.sampler.ratio:g}" if service.sampler.type == "ratio" else ""
    return service.sampler.type + ratio


def _spans(tier: Tier) -> str:
    return f"{tier.queue.spans:,}"


def _retention(hours: int) -> str:
    days, rest = divmod(hours, 24)
    return f"{days} days" if days > 1 and not rest else f"{hours} hours"
