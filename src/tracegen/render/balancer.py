"""The exporter that sends all spans of a trace to the same collector.

https://github.com/open-telemetry/opentelemetry-collector-contrib/tree/main/exporter/loadbalancingexporter
"""

from tracegen.emit import Commented, Value
from tracegen.model import Destination

#: How long one collector may be away before its share goes to the others: two questions to the name server, which
#: is asked every five seconds.
_PATIENCE = "10s"
_TIMEOUT = "30s"


def load_balancing(destination: Destination, connection: dict[str, Value], retry: Value, queue: Value) -> Value:
    """The exporter: one connection to each address behind the name, chosen by the trace's identifier."""
    again: Value = {"enabled": True, "initial_interval": "1s", "max_interval": "5s", "max_elapsed_time": _PATIENCE}
    resolver: Value = {"dns": {"hostname": destination.host, "port": str(destination.port)}}
    names = "All addresses behind the name, asked for every five seconds."
    own = "No queue for each collector: it would be in memory, and lost with the collector it is for."
    return {
        "routing_key": Commented("traceID", "A trace is decided as a whole, so one collector gets all of it."),
        "resolver": Commented(resolver, names),
        "protocol": {
            "otlp": {
                **connection,
                "retry_on_failure": again,
                "sending_queue": Commented({"enabled": False}, own),
            }
        },
        "timeout": Commented(_TIMEOUT, "Longer than the repetitions to one collector take."),
        "retry_on_failure": retry,
        "sending_queue": queue,
    }
