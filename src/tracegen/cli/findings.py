"""What `tracegen verify` finds, for the page of `tracegen view`."""

import threading
import time
from collections.abc import Sequence

from tracegen.traces import Store
from tracegen.verify import Expected, verify
from tracegen.verify.report import said
from tracegen.view import Finding

#: While spans come in, looking at all of them takes at most this part of the time.
_PART = 0.1


class Findings:
    """Findings in a store, looked for again when there are other spans, but not all the time."""

    def __init__(self, expected: Expected) -> None:
        self._expected = expected
        self._lock = threading.Lock()
        self._version = -1
        self._next = 0.0
        self._found: Sequence[Finding] = ()

    def __call__(self, store: Store) -> Sequence[Finding]:
        """What was found last; nothing before the first span."""
        with self._lock:
            began = time.monotonic()
            if store.version != self._version and began >= self._next:
                self._version = store.version
                self._found = self._look(store) if store.counts().held else ()
                ended = time.monotonic()
                self._next = ended + (ended - began) / _PART
            return self._found

    def _look(self, store: Store) -> Sequence[Finding]:
        return [
            Finding(each.code.id, each.code.severity, f"{each.subject}: {said(each)}", each.code.hint, each.trace_id)
            for each in verify(store, self._expected).findings
        ]
