"""Names of parts of a collector's configuration that several of its builders write."""

from tracegen.system import Destination


def exporter_name(destination: Destination) -> str:
    """The exporter of a destination."""
    kind = "load_balancing" if destination.by_trace else f"otlp_{destination.protocol}"
    return f"{kind}/{destination.name}"
