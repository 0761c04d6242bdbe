"""What attributes hold: baggage that should be there, and what should have been taken out."""

import re
from collections.abc import Iterator, Mapping

from opentelemetry.proto.trace.v1.trace_pb2 import Span as SpanMessage

from tracegen.traces import Keep, Span, Store, Trace, Value
from tracegen.traces.waiting import DATA
from tracegen.verify.check import Quiet, mark, with_any
from tracegen.verify.expected import Expected
from tracegen.verify.finding import Finding, Tally

_REMEMBERED = 50_000


class Baggage(Quiet):
    """A key of `baggage.to_attributes` that the caller's span has, its callee's has too."""

    def __init__(self, expected: Expected) -> None:
        self._keys = [(key, mark(key)) for key in expected.baggage]
        self._contracts = expected.contracts
        self._tally = Tally()

    def wants(self) -> Keep | None:
        """What has such a key."""
        return with_any(key for key, _ in self._keys)

    def trace(self, trace: Trace) -> None:
        """Look at spans whose parent is in another service."""
        if not self._keys:
            return
        for span in trace.spans:
            parent = trace.by_id.get(span.parent) if span.parent else None
            if parent is None or parent.service == span.service:
                continue
            for key, marked in self._keys:
                contract = self._contracts.get((parent.service, span.service))
                if contract and key in contract.baggage:
                    continue  # expected of every call, and looked at there
                if marked in parent.data and marked not in span.data:
                    there = f"{key} is on {parent.name!r} of {parent.service}"
                    message = f"{there}, and not on {span.name!r} of {span.service}"
                    subject = f"{parent.service} → {span.service}"
                    both = parent.service, span.service
                    self._tally.add("lost-baggage", subject, message, span.trace_id, services=both, key=key)

    def found(self, store: Store) -> Iterator[Finding]:
        """What was counted."""
        return self._tally.found()


class Redacted(Quiet):
    """Keys and patterns of `collector.redact`, in names, attributes, events and resources; no value is told."""

    def __init__(self, expected: Expected) -> None:
        self._expected = expected
        keys, patterns = (expected.redacted, expected.masked) if expected.collected else ((), ())
        self._keys = [(key, mark(key)) for key in keys]
        self._patterns: list[tuple[str, re.Pattern[str]]] = []
        #: Texts that were looked at and hold nothing: most come again and again.
        self._clean: set[str] = set()
        self._unknown: list[str] = []
        for name, pattern in patterns:
            try:
                self._patterns.append((name, re.compile(as_python(pattern))))
            except re.error:
                self._unknown.append(name)
        self._tally = Tally()
        self._resources: set[int] = set()

    def wants(self) -> Keep | None:
        """What may hold such a key, or text."""
        if not self._patterns:
            return with_any(key for key, _ in self._keys)
        return lambda row, said: self._suspicious(row[DATA], said if said.attributes else None)

    def trace(self, trace: Trace) -> None:
        """Look at all of its spans."""
        if not self._keys and not self._patterns:
            return
        for span in trace.spans:
            if id(span.resource) not in self._resources:
                self._resources.add(id(span.resource))
                self._values(span, span.resource.attributes, "its resource")
            if span.data and self._suspicious(span.data, None):
                self._values(span, span.attributes, "a span" if self._matches(span.name) else repr(span.name))
                for event in span.events:
                    self._values(span, event.attributes, "an event")
                for text in (span.name, span.status_message, *(event.name for event in span.events)):
                    self._text(span, text, "a name or message")

    def _suspicious(self, data: bytes, said: SpanMessage | None) -> bool:
        if any(marked in data for _, marked in self._keys):
            return True
        if not self._patterns:
            return False
        said = said or SpanMessage.FromString(data)
        if said.events or self._matches(said.name) or self._matches(said.status.message):
            return True
        for each in said.attributes:
            value = each.value
            text = value.string_value or str(value.int_value or "")
            if self._matches(text) or value.HasField("array_value") or value.HasField("kvlist_value"):
                return True
        return False

    def _matches(self, text: str) -> bool:
        if not text or text in self._clean:
            return False
        if any(pattern.search(text) for _, pattern in self._patterns):
            return True
        if len(self._clean) < _REMEMBERED:
            self._clean.add(text)
        return False

    def _values(self, span: Span, said: Mapping[str, Value], where: str) -> None:
        for key, value in said.items():
            if any(key == wanted for wanted, _ in self._keys):
                self._tally.add("not-redacted", span.service, f"the key {key} is on {where}", span.trace_id, key=key)
            self._text(span, str(value), f"{key} of {where}")

    def _text(self, span: Span, text: str, where: str) -> None:
        for name, pattern in self._patterns:
            if pattern.search(text):
                message = f"the pattern {name} matches {where}"
                self._tally.add("not-redacted", span.service, message, span.trace_id, key=f"pattern {name}")

    def found(self, store: Store) -> Iterator[Finding]:
        """What was counted."""
        return self._tally.found()

    def untold(self) -> Iterator[str]:
        """Patterns that only RE2 knows, and spans that did not pass the collector."""
        for name in self._unknown:
            yield f"not-redacted: the pattern {name} is one that only RE2 knows"
        if not self._expected.collected and (self._expected.redacted or self._expected.masked):
            yield "not-redacted: these spans did not pass the collector"


_CLASSES = {r"\p{L}": ("a-zA-Z\u00aa-\uffff", r"[^\W\d_]"), r"\p{N}": ("0-9", r"\d"), r"\z": (r"\Z", r"\Z")}


def as_python(pattern: str) -> str:
    """A pattern of RE2 as Python has it: classes of letters and numbers are written otherwise."""
    found, inside, place = "", False, 0
    while place < len(pattern):
        step = next((each for each in _CLASSES if pattern.startswith(each, place)), "")
        if step:
            found += _CLASSES[step][0 if inside else 1]
        else:
            step = pattern[place : place + 2] if pattern[place] == "\\" else pattern[place]
            inside = (inside or step == "[") and step != "]"
            found += step
        place += len(step)
    return found
