"""Rate, errors and duration, counted from spans in the last tier of collectors.

https://github.com/open-telemetry/opentelemetry-collector-contrib/tree/main/connector/spanmetricsconnector
"""

from tracegen.emit import Commented, Value
from tracegen.parts.collectors import SPAN_METRICS_PORT
from tracegen.system import System, Tier

CONNECTOR = "span_metrics"

_EXPORTER = "prometheus"
_BUCKETS = ["5ms", "10ms", "25ms", "50ms", "100ms", "250ms", "500ms", "1s", "2500ms", "5s", "10s"]

#: Series in one collector: past it all further ones are counted as one, and memory stays where it is.
_SERIES = 20_000


def counts_spans(tier: Tier, system: System) -> bool:
    """Whether this tier makes metrics: the last one, where the traces of all services pass."""
    return system.metrics and tier is system.tiers[-1]


def connectors() -> dict[str, Value]:
    """The connector; names of metrics are those that Jaeger's page of service performance asks for."""
    limit = "A span name with an identifier in it would otherwise make a series for each: memory has an end."
    return {
        CONNECTOR: {
            "histogram": {"explicit": {"buckets": list(_BUCKETS)}},
            "dimensions": [{"name": "http.route"}, {"name": "http.response.status_code"}],
            "aggregation_cardinality_limit": Commented(_SERIES, limit),
            "metrics_flush_interval": "15s",
        }
    }


def exporters() -> dict[str, Value]:
    """Where Prometheus reads them."""
    return {_EXPORTER: {"endpoint": f"0.0.0.0:{SPAN_METRICS_PORT}"}}


def pipelines() -> dict[str, Value]:
    """From the connector to where Prometheus reads."""
    return {"metrics": {"receivers": [CONNECTOR], "processors": ["memory_limiter"], "exporters": [_EXPORTER]}}
