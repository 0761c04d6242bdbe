"""Strategies of remote samplers, served by Jaeger from a file.

Source: https://www.jaegertracing.io/docs/latest/sampling/#file-based-sampling-configuration
"""

from tracegen.emit import Commented, Value
from tracegen.parts.strategies import RELOAD_INTERVAL
from tracegen.system import SAMPLING_PORTS

#: The file in the container, in a folder of its own.
STRATEGIES_TARGET = "/etc/jaeger-strategies/sampling.json"


def remote_sampling() -> Value:
    """The extension, on both ports."""
    file: Value = {
        "path": STRATEGIES_TARGET,
        "reload_interval": Commented(RELOAD_INTERVAL, "Without a restart."),
        "default_sampling_probability": Commented(1, "Not asked for: the file has a default."),
    }
    ports: dict[str, Value] = {name: {"endpoint": f"0.0.0.0:{port}"} for name, port in SAMPLING_PORTS.items()}
    return {"file": file, **ports}
