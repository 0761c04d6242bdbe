"""The service map: what is declared, with what was seen laid over it."""

from collections.abc import Iterable, Mapping
from typing import Any

from tracegen.layout import Pair, layout
from tracegen.traces import EdgeKind, Requests, Statistics
from tracegen.view.declared import Declared

#: What can be said of a service or an edge. `outside` sends no spans itself: a database, a queue, somebody else's.
SEEN, SILENT, UNDECLARED, OUTSIDE = "seen", "silent", "undeclared", "outside"


def service_state(name: str, declared: Declared, seen: Iterable[str]) -> str:
    """Declared and seen, declared and silent, seen and undeclared, or outside."""
    if name in seen:
        return UNDECLARED if declared.known and name not in declared.services else SEEN
    return SILENT if name in declared.services else OUTSIDE


def edge_states(declared: Declared, found: Statistics) -> dict[Pair, str]:
    """What can be said of each edge that is declared or was seen."""
    states = dict.fromkeys(declared.edges, SILENT)
    for pair, edge in found.edges.items():
        inside = edge.kind is not EdgeKind.OUTSIDE or edge.callee in declared.services
        if pair in states:
            states[pair] = SEEN
        elif not inside:
            states[pair] = OUTSIDE
        else:
            states[pair] = UNDECLARED if declared.known and pair[0] != pair[1] else SEEN
    return states


class Layouts:
    """Keeps the layout while services and edges stay the same: a map that jumps about cannot be read."""

    def __init__(self) -> None:
        self._of: tuple[frozenset[str], frozenset[Pair]] | None = None
        self._places: Mapping[str, tuple[float, float]] = {}

    def of(self, services: Iterable[str], edges: Iterable[Pair]) -> Mapping[str, tuple[float, float]]:
        """A place for each service."""
        wanted = frozenset(services), frozenset(edges)
        if wanted != self._of:
            self._places = layout(*wanted)
            self._of = wanted
        return self._places


def service_map(declared: Declared, found: Statistics, layouts: Layouts) -> dict[str, Any]:
    """The map as the page has it."""
    states = edge_states(declared, found)
    names = dict.fromkeys([*declared.services, *found.services, *(name for pair in states for name in pair)])
    places = layouts.of(names, states)
    return {
        "declared": declared.known,
        "services": [
            {
                "name": name,
                "state": service_state(name, declared, found.services),
                "requests": requests_data(found.services.get(name)),
                "layer": places[name][0],
                "place": places[name][1],
            }
            for name in names
        ],
        "edges": [
            {
                "caller": pair[0],
                "callee": pair[1],
                "state": state,
                "kind": found.edges[pair].kind.value if pair in found.edges else "",
                "requests": requests_data(found.edges[pair].requests if pair in found.edges else None),
            }
            for pair, state in states.items()
        ],
    }


def requests_data(requests: Requests | None) -> dict[str, Any] | None:
    """Requests as the page has them; durations in microseconds, so that they are exact numbers of JavaScript."""
    if requests is None:
        return None
    return {
        "count": requests.count,
        "errors": requests.errors,
        "rate": requests.rate,
        "p50": requests.p50 / 1_000,
        "p95": requests.p95 / 1_000,
        "p99": requests.p99 / 1_000,
        "longest": requests.longest / 1_000,
        "slowest": requests.slowest,
        "broken": requests.broken,
    }
