"""Whether logs that are written while a request is served name its trace."""

from collections.abc import Iterator

from tracegen.traces import Resource, Store, Trace
from tracegen.verify.check import Quiet
from tracegen.verify.codes import CODES
from tracegen.verify.expected import Expected
from tracegen.verify.finding import Finding

#: A thread of the background may write while a request is served: this share of the records is nobody's fault.
ALLOWED = 0.1

#: A process: its service, and the instance where that is told.
_Process = tuple[str, str]


class Logs(Quiet):
    """Log records that lie within a request of the same process, and have no trace id."""

    def __init__(self, expected: Expected) -> None:
        pass

    def trace(self, trace: Trace) -> None:
        """Nothing: logs lie in no trace."""

    def found(self, store: Store) -> Iterator[Finding]:
        """Services of which more records than ALLOWED name no trace."""
        records = _records(store)
        if not records:
            return
        loose: dict[str, tuple[int, str]] = {}
        served: dict[str, int] = {}
        requests = _requests(store)
        for process, written in records.items():
            service = process[0]
            for trace_id, named in _within(written, requests.get(process, [])):
                served[service] = served.get(service, 0) + 1
                if not named:
                    count, first = loose.get(service, (0, trace_id))
                    loose[service] = count + 1, first
        for service, (count, trace_id) in sorted(loose.items()):
            if count > ALLOWED * served[service]:
                of = f"{count:,} of {served[service]:,} log records that {service} wrote during requests"
                message = f"{of} have no trace id"
                yield Finding(CODES["logs-without-trace"], service, message, trace_id, (service,), count)


def _process(resource: Resource) -> _Process:
    return resource.service, str(resource.attributes.get("service.instance.id") or "")


def _records(store: Store) -> dict[_Process, list[tuple[int, bool]]]:
    """When each process wrote, and whether the record names a trace; by time."""
    resources = store.resources()
    found: dict[_Process, list[tuple[int, bool]]] = {}
    for number, time, trace in store.logs():
        found.setdefault(_process(resources[number]), []).append((time, trace is not None))
    return found


def _requests(store: Store) -> dict[_Process, list[tuple[int, int, bytes]]]:
    """Begin, end and trace of the requests that each process served; by their begin."""
    resources = store.resources()
    found: dict[_Process, list[tuple[int, int, bytes]]] = {}
    asked = "select resource, start, start + duration, trace from spans where kind in (2, 5) order by start"
    for number, start, end, trace in store.stream(asked):
        found.setdefault(_process(resources[number]), []).append((start, end, trace))
    return found


def _within(written: list[tuple[int, bool]], requests: list[tuple[int, int, bytes]]) -> Iterator[tuple[str, bool]]:
    """Of the records during a request: a trace that was served meanwhile, and whether they name one."""
    place, until, trace = 0, -1, b""
    for time, named in written:
        while place < len(requests) and requests[place][0] <= time:
            if requests[place][1] > until:
                _, until, trace = requests[place]
            place += 1
        if time <= until:
            yield trace.hex(), named
