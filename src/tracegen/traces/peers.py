"""What a client talks with, where that sends no spans itself: a database, a queue, somebody else's service."""

from opentelemetry.proto.trace.v1.trace_pb2 import Span

#: Attributes that name it, the best first; names of today and of before they were stable.
_NAMES = (
    "peer.service",
    "service.peer.name",
    "db.system.name",
    "db.system",
    "messaging.system",
    "server.address",
    "net.peer.name",
)
_RANK = {name: rank for rank, name in enumerate(_NAMES)}


def peer_of(span: Span) -> str | None:
    """The name of what a span calls, None when its attributes name nothing."""
    best, found = len(_NAMES), None
    for each in span.attributes:
        rank = _RANK.get(each.key)
        if rank is not None and rank < best and each.value.string_value:
            best, found = rank, each.value.string_value
    return found
