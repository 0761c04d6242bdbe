"""The graph of calls: whom a trace that starts in a service can reach."""

from collections.abc import Iterator, Mapping, Sequence


def entries(calls: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """The services that no other calls; where everybody is called by somebody, the first."""
    called = {callee for name, callees in calls.items() for callee in callees if callee != name}
    return tuple(name for name in calls if name not in called) or tuple(calls)[:1]


def reached(calls: Mapping[str, Sequence[str]]) -> dict[str, int]:
    """How many services a trace passes that starts in each, itself among them; unknown names are left out.

    Each is looked at once, however long the paths: services in a cycle reach the same, and a set is the bits of a
    number.
    """
    return {name: bits.bit_count() for name, bits in reachable_bits(calls).items()}


def reachable_bits(calls: Mapping[str, Sequence[str]]) -> dict[str, int]:
    """For each service the set of those that it reaches, itself among them: bit i is the i-th service."""
    numbers = {name: number for number, name in enumerate(calls)}
    found: dict[str, int] = {}
    for circle in _circles(calls):
        bits = 0
        for name in circle:
            bits |= 1 << numbers[name]
        for name in circle:
            for callee in calls[name]:
                bits |= found.get(callee, 0)
        found.update(dict.fromkeys(circle, bits))
    return {name: found[name] for name in calls}


def _circles(calls: Mapping[str, Sequence[str]]) -> Iterator[list[str]]:
    """The services that reach each other, callees first (Tarjan's algorithm, without recursion)."""
    index: dict[str, int] = {}
    lowest: dict[str, int] = {}
    open_: list[str] = []
    is_open: set[str] = set()
    for start in calls:
        if start in index:
            continue
        work = [(start, iter(calls[start]))]
        index[start] = lowest[start] = len(index)
        open_.append(start)
        is_open.add(start)
        while work:
            name, callees = work[-1]
            new = next(
                (each for each in callees if each in calls and _is_new(each, name, index, lowest, is_open)), None
            )
            if new is not None:
                index[new] = lowest[new] = len(index)
                open_.append(new)
                is_open.add(new)
                work.append((new, iter(calls[new])))
                continue
            work.pop()
            if work:
                lowest[work[-1][0]] = min(lowest[work[-1][0]], lowest[name])
            if lowest[name] == index[name]:
                yield _closed(name, open_, is_open)


def _is_new(callee: str, caller: str, index: dict[str, int], lowest: dict[str, int], is_open: set[str]) -> bool:
    if callee not in index:
        return True
    if callee in is_open:
        lowest[caller] = min(lowest[caller], index[callee])
    return False


def _closed(name: str, open_: list[str], is_open: set[str]) -> list[str]:
    """The circle whose first service is `name`, taken from the open ones."""
    position = len(open_) - 1
    while open_[position] != name:
        position -= 1
    circle = open_[position:]
    del open_[position:]
    is_open.difference_update(circle)
    return circle
