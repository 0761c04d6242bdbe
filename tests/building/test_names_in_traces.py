"""What is looked up by a service's name in traces follows the OTEL_SERVICE_NAME that is in force."""

import json
from pathlib import Path

from support import compiled

SPEC = """\
tracegen: 1
name: shop
targets: [compose]
backend: {type: jaeger}
sampling: {head: {type: remote, default: {ratio: 0.1}}}
services:
  order-service:
    language: java
    image: "registry.example.com/acme/orders:1.0"
    env: {OTEL_SERVICE_NAME: Order_Service}
    sampling: {operations: {"GET /health": {ratio: 0}}}
  stock: {language: java, env: {OTEL_SERVICE_NAME: {env: STOCK_NAME}}}
  payment: {language: java}
accept: {TG511: "dashboards know the service under this name"}
"""
HEALTH = """\
tracegen: 1
name: shop
targets: [compose]
backend: {type: jaeger}
services:
  orders:
    language: dotnet
    instrumentation: auto
    env: {OTEL_SERVICE_NAME: Order_Service}
accept: {TG511: "dashboards know the service under this name"}
"""


def test_strategies_are_found_under_it(tmp_path: Path) -> None:
    strategies = json.loads(compiled(tmp_path, SPEC).tree["jaeger/sampling.json"])["service_strategies"]
    # What only the machine knows cannot be written: the spec's name is the best there is.
    assert [each["service"] for each in strategies] == ["Order_Service", "stock", "payment"]
    assert strategies[0]["operation_strategies"] == [
        {"operation": "GET /health", "type": "probabilistic", "param": 0}
    ]


def test_health_checks_are_dropped_under_it(tmp_path: Path) -> None:
    tree = compiled(tmp_path, HEALTH).tree
    conditions = [text.decode() for path, text in tree.items() if "filter/health" in text.decode()]
    assert conditions
    assert all("Order_Service" in text for text in conditions)
