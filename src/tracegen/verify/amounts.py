"""Too many spans in a trace, and failures that say too little."""

from collections import Counter
from collections.abc import Iterator

from tracegen.traces import Keep, Store, Trace
from tracegen.traces.waiting import STATUS
from tracegen.verify.check import Quiet
from tracegen.verify.expected import Expected
from tracegen.verify.finding import Finding, Tally

_INTERNAL, _CLIENT = 1, 3
_FAILED = 2
#: By the rules SPA-001 and SPA-005.
MOST_INTERNAL, MOST_TINY, TINY = 10, 20, 5_000_000


class Amounts(Quiet):
    """Counts internal spans of each service, and spans that are over at once."""

    def __init__(self, expected: Expected) -> None:
        self._tally = Tally()

    def trace(self, trace: Trace) -> None:
        """Count."""
        if len(trace.spans) <= MOST_INTERNAL:
            return
        internal = Counter(span.service for span in trace.spans if span.kind == _INTERNAL)
        for service, count in internal.items():
            if count > MOST_INTERNAL:
                message = f"{count} internal spans in one trace; more than {MOST_INTERNAL} are too many"
                self._tally.add("SPA-001", service, message, trace.trace_id)
        tiny = Counter(span.service for span in trace.spans if span.duration < TINY)
        if tiny.total() > MOST_TINY:
            service, most = tiny.most_common(1)[0]
            message = f"{tiny.total()} spans under 5 ms in one trace, {most} of them of {service}"
            self._tally.add("SPA-005", service, message, trace.trace_id)

    def found(self, store: Store) -> Iterator[Finding]:
        """What was counted."""
        return self._tally.found()


class Errors(Quiet):
    """Where a failure begins, an exception or the status says why. A client's may be the answer of who is silent."""

    def __init__(self, expected: Expected) -> None:
        self._tally = Tally()

    def wants(self) -> Keep:
        """What failed."""
        return lambda row, _: bool(row[STATUS] == _FAILED)

    def trace(self, trace: Trace) -> None:
        """Look at failed spans that have no failed child."""
        if not trace.errors:
            return
        passed_on = {span.parent for span in trace.spans if span.failed}
        for span in trace.spans:
            if not span.failed or span.span in passed_on or span.kind == _CLIENT or span.status_message:
                continue
            if not any(event.is_exception for event in span.events):
                message = f"{span.name!r} failed, without an exception and a message"
                self._tally.add("error-without-exception", span.service, message, span.trace_id)

    def found(self, store: Store) -> Iterator[Finding]:
        """What was counted."""
        return self._tally.found()
