"""What every Collector-based program is told about its own memory and telemetry."""

from tracegen.emit import Commented, Value
from tracegen.parts.telemetry import METRICS_PORT
from tracegen.system import Resources
from tracegen.system.sizing import LIMITER_SHARE, SPIKE_SHARE
from tracegen.system.units import mebibytes


def own_telemetry() -> dict[str, Value]:
    """The program's own logs and metrics; the names of metrics are the same in Jaeger and the Collector so."""
    reader: Value = {
        "pull": {
            "exporter": {
                "prometheus": {
                    "host": "0.0.0.0",
                    "port": METRICS_PORT,
                    "without_type_suffix": False,
                    "without_units": False,
                    "without_scope_info": True,
                }
            }
        }
    }
    return {
        "logs": {"level": "info", "encoding": "json"},
        "metrics": {
            "level": "normal",
            "readers": Commented([reader], "Spelt out: the default keeps metrics on localhost."),
        },
    }


def memory_limiter(resources: Resources, refuse: float = LIMITER_SHARE - SPIKE_SHARE) -> Value:
    """Refuses spans, which senders repeat, above a share of the memory, before the kernel kills the process.

    https://github.com/open-telemetry/opentelemetry-collector/tree/main/processor/memorylimiterprocessor
    """
    share = LIMITER_SHARE if refuse < LIMITER_SHARE else (1 + refuse) / 2
    limit, spike = mebibytes(resources.memory, share), mebibytes(resources.memory, share - refuse)
    limiter: Value = {"check_interval": "1s", "limit_mib": limit, "spike_limit_mib": spike}
    why = (
        f"Above {limit - spike} of the container's {mebibytes(resources.memory)} MiB spans are refused, and senders "
        f"repeat them; above {limit} garbage is collected at once."
    )
    return Commented(limiter, why)
