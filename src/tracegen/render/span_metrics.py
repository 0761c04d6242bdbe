"""Rate, errors and duration, counted from spans in the last tier of collectors.

https://github.com/open-telemetry/opentelemetry-collector-contrib/tree/main/connector/spanmetricsconnector
"""

from collections.abc import Iterator

from tracegen.emit import Commented, Value
from tracegen.packs.contract import Query
from tracegen.parts.collectors import SPAN_METRICS_PORT
from tracegen.system import System, Tier

CONNECTOR = "span_metrics"

_EXPORTER = "prometheus"
_BUCKETS = ["5ms", "10ms", "25ms", "50ms", "100ms", "250ms", "500ms", "1s", "2500ms", "5s", "10s"]

#: What tells one service from another. An identifier of a process, which SDKs make anew at each start, is not among
#: it: every start of a service would add all its series again, and the collector would end by refusing all spans.
_SERVICE = ["service.namespace", "service.name", "deployment.environment.name"]
_ONLY_SERVICE = "transform/span_metrics"

#: Bytes of one series, its buckets and the exporter's copy of it among them, and the share of the memory for all.
_SERIES_BYTES, _SERIES_SHARE = 2_000, 8
_FEWEST_SERIES, _MOST_SERIES = 100, 20_000


def counts_spans(tier: Tier, system: System) -> bool:
    """Whether this tier makes metrics: the last one, where the traces of all services pass."""
    return system.metrics and tier is system.tiers[-1]


def series_of_a_service(tier: Tier, system: System) -> int:
    """Series that one service may have: an eighth of the memory holds those of all."""
    room = tier.resources.memory // _SERIES_SHARE // _SERIES_BYTES // len(system.services)
    return max(_FEWEST_SERIES, min(_MOST_SERIES, room))


def processors() -> dict[str, Value]:
    """What is not a service's own goes: the attributes that a resource is counted without would stay at the first."""
    keys = ", ".join(f'"{each}"' for each in _SERVICE)
    statement = f"keep_keys(resource.attributes, [{keys}])"
    first = "Counted together, so nothing is said of the one process that came first."
    return {
        _ONLY_SERVICE: {"metric_statements": Commented([{"context": "resource", "statements": [statement]}], first)}
    }


def connectors(tier: Tier, system: System) -> dict[str, Value]:
    """The connector; names of metrics are those that Jaeger's page of service performance asks for."""
    limit = "Of each service. A span name with an identifier in it would otherwise make a series for each."
    process = "By service. Each start of a process would otherwise add all its series again."
    gone = "What is not counted any more is forgotten: the default is to keep it for ever."
    return {
        CONNECTOR: {
            "histogram": {"explicit": {"buckets": list(_BUCKETS)}},
            "dimensions": [{"name": "http.route"}, {"name": "http.response.status_code"}],
            "aggregation_cardinality_limit": Commented(series_of_a_service(tier, system), limit),
            "resource_metrics_key_attributes": Commented(list(_SERVICE), process),
            "metrics_expiration": Commented("15m", gone),
            "series_expiration": "15m",
            "metrics_flush_interval": "15s",
        }
    }


def exporters() -> dict[str, Value]:
    """Where Prometheus reads them."""
    return {_EXPORTER: {"endpoint": f"0.0.0.0:{SPAN_METRICS_PORT}"}}


def pipelines() -> dict[str, Value]:
    """From the connector to where Prometheus reads."""
    return {
        "metrics": {
            "receivers": [CONNECTOR],
            "processors": ["memory_limiter", _ONLY_SERVICE],
            "exporters": [_EXPORTER],
        }
    }


#: What the connector's metrics are called where Prometheus reads them.
CALLS, DURATION = "traces_span_metrics_calls_total", "traces_span_metrics_duration_milliseconds_bucket"
_SERVER, _CLIENT, _ERROR = (
    'span_kind="SPAN_KIND_SERVER"',
    'span_kind="SPAN_KIND_CLIENT"',
    'status_code="STATUS_CODE_ERROR"',
)


def queries() -> Iterator[Query]:
    """PromQL for the questions that come first."""
    slow = f"sum by (service_name, span_name, le) (rate({DURATION}{{{_SERVER}}}[5m]))"
    yield Query("slow requests", f"topk(10, histogram_quantile(0.95, {slow}))")
    by = "sum by (service_name, http_response_status_code)"
    yield Query("errors by status", f"{by} (rate({CALLS}{{{_SERVER}, {_ERROR}}}[5m]))")
    failed, all_ = f"rate({CALLS}{{{_SERVER}, {_ERROR}}}[5m])", f"rate({CALLS}{{{_SERVER}}}[5m])"
    yield Query("share of errors", f"sum by (service_name) ({failed}) / sum by (service_name) ({all_})")
    yield Query("rates of dependencies", f"sum by (service_name, span_name) (rate({CALLS}{{{_CLIENT}}}[5m]))")
    calls = f"sum by (service_name, span_name, le) (rate({DURATION}{{{_CLIENT}}}[5m]))"
    yield Query("percentiles of dependencies", f"histogram_quantile(0.99, {calls})")
