"""Where every program that is built on the Collector tells of itself, and how much memory it may take."""

from tracegen.system import Resources
from tracegen.system.sizing import GO_SHARE
from tracegen.system.units import mebibytes

HEALTH_PORT = 13133
METRICS_PORT = 8888


def go_memory_limit(resources: Resources) -> str:
    """GOMEMLIMIT for a container: the Go runtime collects harder before the limiter refuses."""
    return f"{mebibytes(resources.memory, GO_SHARE)}MiB"
