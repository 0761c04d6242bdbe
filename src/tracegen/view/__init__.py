"""A receiver and viewer of traces: OTLP comes in, a page in the browser shows it beside what is declared.

    with Store(most=200_000) as store, Viewer(store, Declared("shop", ["web"], [], known=True)) as viewer:
        viewer.page, viewer.http, viewer.grpc     # addresses

Nothing here knows the spec: `Declared` is all that is needed of it. Nothing is downloaded, and no address but this
machine's is asked.
"""

from tracegen.view.declared import Declared, Finding
from tracegen.view.grpc_server import CannotListen
from tracegen.view.service_map import edge_states, service_state
from tracegen.view.viewer import GRPC_PORT, HTTP_PORT, LOOPBACK, Viewer

__all__ = [
    "GRPC_PORT",
    "HTTP_PORT",
    "LOOPBACK",
    "CannotListen",
    "Declared",
    "Finding",
    "Viewer",
    "edge_states",
    "service_state",
]
