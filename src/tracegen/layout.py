"""Where services stand on the map: layers from callers to callees, with few crossings (fast-sugiyama)."""

from collections.abc import Collection, Iterable, Mapping, Sequence

Pair = tuple[str, str]
#: Where a service stands: its layer, counted from callers to callees, and its place across the layers.
Place = tuple[float, float]

_SPACING = 100
#: Services without any edge stand together, so many in a layer.
_ALONE_IN_A_LAYER = 8


def layout(services: Collection[str], edges: Iterable[Pair]) -> Mapping[str, Place]:
    """A place for each service; two are at least 1 apart in one of the directions."""
    names = sorted(services)
    numbers = {name: number for number, name in enumerate(names)}
    found: dict[str, Place] = {}
    across = 0.0
    for part, width in _parts([(numbers[caller], numbers[callee]) for caller, callee in sorted(set(edges))]):
        found.update({names[number]: (layer, across + place) for number, (layer, place) in part.items()})
        across += width + 1
    for number, name in enumerate(name for name in names if name not in found):
        found[name] = (number % _ALONE_IN_A_LAYER, across + number // _ALONE_IN_A_LAYER)
    return found


def _parts(edges: Sequence[tuple[int, int]]) -> list[tuple[dict[int, Place], float]]:
    """The parts of the graph that hang together, the largest first: places in each, and how wide it is."""
    downwards = without_circles(edges)
    if not downwards:
        return []
    from fast_sugiyama import from_edges

    # What it makes of vertices follows the order of a set: numbers from 0 on keep theirs, texts change it with each
    # process. Edges over several layers get vertices of their own: they keep room, and have higher numbers.
    ends = sorted({number for edge in downwards for number in edge})
    numbers = {number: index for index, number in enumerate(ends)}
    found = []
    for vertices, width, height, *_ in from_edges(
        [(numbers[caller], numbers[callee]) for caller, callee in downwards], vertex_spacing=_SPACING
    ):
        real = {ends[int(index)]: place for index, place in vertices if int(index) < len(ends)}
        lowest = min(x for x, _ in real.values())
        part = {number: ((height - y) / _SPACING, (x - lowest) / _SPACING) for number, (x, y) in sorted(real.items())}
        found.append((part, width / _SPACING))
    return sorted(found, key=lambda each: (-len(each[0]), min(each[0])))


def without_circles(edges: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """The edges with those turned round that would close a circle, and without those from a service to itself.

    The library takes any graph by its documentation, and ends the process on some circles.
    """
    callees: dict[int, list[int]] = {}
    for caller, callee in edges:
        if caller != callee:
            callees.setdefault(caller, []).append(callee)
    found: dict[tuple[int, int], None] = {}
    state: dict[int, int] = {}  # 1: on the way that is being walked, 2: done
    for start in [caller for caller, _ in edges]:
        steps = [(start, iter(callees.get(start, ())))] if start not in state else []
        state.setdefault(start, 1)
        while steps:
            caller, rest = steps[-1]
            callee = next(rest, -1)
            if callee < 0:
                state[caller] = 2
                steps.pop()
            elif state.get(callee) == 1:
                found[callee, caller] = None
            else:
                found[caller, callee] = None
                if callee not in state:
                    state[callee] = 1
                    steps.append((callee, iter(callees.get(callee, ()))))
    # A pair that call each other is one line.
    return [pair for pair in found if pair[::-1] not in found or pair[0] < pair[1]]
