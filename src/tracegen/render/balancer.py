"""The exporter that sends all spans of a trace to the same collector.

https://github.com/open-telemetry/opentelemetry-collector-contrib/tree/main/exporter/loadbalancingexporter
"""

from tracegen.emit import Commented, Value
from tracegen.system import Destination

#: How long one collector may be away before its share goes to the others. What comes later than the rest of its
#: trace by more than the wait is decided without it, so this is short; and shorter still, whatever went to the others
#: would be sent again more often.
_PATIENCE = "3s"
_ASK_EVERY = "1s"
_TIMEOUT, _ONE_TIMEOUT = "20s", "5s"


def load_balancing(destination: Destination, connection: dict[str, Value], retry: Value, queue: Value) -> Value:
    """The exporter: one connection to each address behind the name, chosen by the trace's identifier."""
    patience = (
        "Then the share of a collector that is away goes to the others, before their part is decided without it."
    )
    again: Value = {
        "enabled": True,
        "initial_interval": "500ms",
        "max_interval": "1s",
        "max_elapsed_time": Commented(_PATIENCE, patience),
    }
    resolver: Value = {
        "dns": {"hostname": destination.host, "port": str(destination.port), "interval": _ASK_EVERY},
    }
    names = "All addresses behind the name."
    own = "No queue for each collector: it would be in memory, and lost with the collector it is for."
    return {
        "routing_key": Commented("traceID", "A trace is decided as a whole, so one collector gets all of it."),
        "resolver": Commented(resolver, names),
        "protocol": {
            "otlp": {
                **connection,
                "timeout": _ONE_TIMEOUT,
                "retry_on_failure": again,
                "sending_queue": Commented({"enabled": False}, own),
            }
        },
        "timeout": Commented(_TIMEOUT, "Longer than the repetitions to one collector take."),
        "retry_on_failure": retry,
        "sending_queue": queue,
    }
