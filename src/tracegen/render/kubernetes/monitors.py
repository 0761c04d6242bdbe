"""For the Prometheus Operator of a cluster: whom its Prometheus asks for metrics, and the alerts on them.

https://prometheus-operator.dev/docs/api-reference/api/
"""

from collections.abc import Mapping

from tracegen.emit import Commented, Value
from tracegen.render.kubernetes.labels import PLATFORM, labels, metadata, selector
from tracegen.system import Component, Port, System
from tracegen.system.file import PlannedFile, Structured

_API = "monitoring.coreos.com/v1"
_NAME = "app.kubernetes.io/name"

#: Ports of collectors that tell of themselves, and of the spans that passed.
_OF_COLLECTORS = ("metrics", "span-metrics")

#: The alerts, as the own Prometheus reads them.
_RULES = ("prometheus/pipeline.rules.yaml", "prometheus/sampling.rules.yaml")


def metric_ports(component: Component) -> list[Port]:
    """The ports that show metrics."""
    number = component.metrics.port if component.metrics else 0
    return [each for each in component.ports if each.name in _OF_COLLECTORS or each.number == number]


def service_monitor(component: Component, system: System) -> Value:
    """Every replica of a component, under the job that the alerts name; None where it shows nothing."""
    ports = metric_ports(component)
    if not ports:
        return None
    spec: dict[str, Value] = {
        "jobLabel": Commented(_NAME, "The alerts name jobs by component."),
        "selector": {"matchLabels": {**selector(component.name, system), **_of_ours(system)}},
        "endpoints": [_endpoint(each, component, system) for each in ports],
    }
    return {"apiVersion": _API, "kind": "ServiceMonitor", "metadata": metadata(component, system), "spec": spec}


def _of_ours(system: System) -> dict[str, Value]:
    """The Operator of collectors makes Services of its own; ours say whose they are.

    internal/manifests/collector/service.go, with the labels of the resource.
    """
    return {"app.kubernetes.io/component": PLATFORM, "app.kubernetes.io/instance": system.name}


def _endpoint(port: Port, component: Component, system: System) -> Value:
    endpoint: dict[str, Value] = {"port": port.name}
    if port.name == "span-metrics":
        endpoint["honorLabels"] = Commented(True, "The labels are those of the services, not of the collector.")
    if component.metrics and component.metrics.https and system.certificates:
        authority = system.certificates.ca
        endpoint |= {
            "scheme": "https",
            "tlsConfig": {
                "ca": {"secret": {"name": authority.name, "key": authority.key}},
                "serverName": component.name,
            },
        }
    if component.all_name:
        # Two Services lead to the same pods: those of one are enough.
        name: Value = ["__meta_kubernetes_service_name"]
        endpoint["relabelings"] = [{"action": "keep", "sourceLabels": name, "regex": component.all_name}]
    return endpoint


def prometheus_rule(system: System, files: Mapping[str, PlannedFile]) -> Value:
    """The alerts on the way of spans; None where nothing is to be told."""
    groups: list[Value] = []
    for path in _RULES:
        found = files.get(path)
        if isinstance(found, Structured) and isinstance(found.value, dict):
            groups += found.value["groups"]
    if not groups:
        return None
    named: Value = {"name": f"{system.name}-tracing", "labels": labels(f"{system.name}-tracing", PLATFORM, system)}
    return {"apiVersion": _API, "kind": "PrometheusRule", "metadata": named, "spec": {"groups": groups}}
