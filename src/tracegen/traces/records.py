"""The records that are read: Span, Event, Link, Resource, Trace. They know no file format, store or page."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from opentelemetry.proto.trace.v1.trace_pb2 import Span as SpanMessage

from tracegen.traces.values import Value, pairs

#: Kinds and statuses in the order of their numbers in OTLP.
KINDS = ("unspecified", "internal", "server", "client", "producer", "consumer")
STATUSES = ("unset", "ok", "error")


@dataclass(frozen=True, slots=True)
class Resource:
    """What sent spans: its attributes, and of these the service's name ('' when it is missing) and version."""

    service: str
    version: str
    attributes: Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened in a span at `time` (nanoseconds since 1970)."""

    time: int
    name: str
    attributes: Mapping[str, Value]

    @property
    def is_exception(self) -> bool:
        """Whether it tells of an exception, as the semantic conventions have it."""
        return self.name == "exception"


@dataclass(frozen=True, slots=True)
class Link:
    """Another span that a span refers to, as a consumer does to what it received."""

    trace_id: str
    span_id: str
    attributes: Mapping[str, Value]


class Span:
    """A span; times in nanoseconds since 1970, durations in nanoseconds, ids in lower-case hexadecimal.

    What is seldom asked for (attributes, events, links, status message, trace state) is decoded when it is.
    `parent_id` is '' for a root. `order` is its place in the order of arrival.
    """

    __slots__ = ("_data", "_message", "duration", "kind", "name", "order", "parent", "peer", "resource", "scope",
                 "span", "start", "status", "trace")  # fmt: skip

    def __init__(self, row: Sequence[object], resource: Resource, scope: str) -> None:
        """A span from a row of the store: (order, trace, span, parent, name, kind, start, duration, status, peer,
        message); ids as bytes, the message as protobuf.
        """
        (self.order, self.trace, self.span, self.parent, self.name, self.kind, self.start, self.duration,
         self.status, self.peer, self._data) = row  # type: ignore[assignment]  # fmt: skip
        self.resource = resource
        self.scope = scope
        self._message: SpanMessage | None = None

    order: int
    trace: bytes
    span: bytes
    parent: bytes | None
    name: str
    kind: int
    start: int
    duration: int
    status: int
    peer: str | None
    resource: Resource
    scope: str
    _data: bytes

    @property
    def service(self) -> str:
        """The name of its service, '' when its resource has none."""
        return self.resource.service

    @property
    def trace_id(self) -> str:
        """32 hexadecimal digits."""
        return self.trace.hex()

    @property
    def span_id(self) -> str:
        """16 hexadecimal digits."""
        return self.span.hex()

    @property
    def parent_id(self) -> str:
        """16 hexadecimal digits, or '' for a root."""
        return self.parent.hex() if self.parent else ""

    @property
    def end(self) -> int:
        """When it ended, nanoseconds since 1970."""
        return self.start + self.duration

    @property
    def kind_name(self) -> str:
        """One of KINDS; a number that OTLP does not know is 'unspecified'."""
        return KINDS[self.kind] if 0 <= self.kind < len(KINDS) else KINDS[0]

    @property
    def failed(self) -> bool:
        """Whether its status is an error."""
        return self.status == 2

    @property
    def status_name(self) -> str:
        """One of STATUSES."""
        return STATUSES[self.status] if 0 <= self.status < len(STATUSES) else STATUSES[0]

    @property
    def data(self) -> bytes:
        """The span as OTLP has it, not decoded: a quick look tells whether decoding is worth it."""
        return self._data

    @property
    def message(self) -> SpanMessage:
        """The span as OTLP has it, decoded once."""
        if self._message is None:
            self._message = SpanMessage.FromString(self._data)
        return self._message

    @property
    def attributes(self) -> dict[str, Value]:
        """Its own attributes, without those of its resource."""
        return pairs(self.message.attributes)

    @property
    def events(self) -> list[Event]:
        """Its events in the order in which they were recorded."""
        return [Event(each.time_unix_nano, each.name, pairs(each.attributes)) for each in self.message.events]

    @property
    def links(self) -> list[Link]:
        """Its links."""
        return [Link(each.trace_id.hex(), each.span_id.hex(), pairs(each.attributes)) for each in self.message.links]

    @property
    def status_message(self) -> str:
        """What is said of its status, mostly of an error."""
        return self.message.status.message

    @property
    def dropped(self) -> dict[str, int]:
        """How many attributes, events and links its SDK dropped; nothing for none."""
        said = self.message
        counts = {
            "attributes": said.dropped_attributes_count,
            "events": said.dropped_events_count,
            "links": said.dropped_links_count,
        }
        return {name: count for name, count in counts.items() if count}

    def __repr__(self) -> str:
        return f"Span({self.service}: {self.name!r}, {self.kind_name}, {self.trace_id}/{self.span_id})"


@dataclass(frozen=True)
class Trace:
    """The spans of one trace that were received, by their start."""

    trace_id: str
    spans: Sequence[Span] = field(repr=False)

    @cached_property
    def by_id(self) -> Mapping[bytes, Span]:
        """The spans by their id; of two with one id (a span sent twice) the first."""
        found: dict[bytes, Span] = {}
        for span in self.spans:
            found.setdefault(span.span, span)
        return found

    @cached_property
    def children(self) -> Mapping[bytes, Sequence[Span]]:
        """The children of a span, by its id, each by their start."""
        found: dict[bytes, list[Span]] = {}
        for span in self.spans:
            if span.parent:
                found.setdefault(span.parent, []).append(span)
        return found

    @cached_property
    def roots(self) -> Sequence[Span]:
        """The spans without a parent: one in a whole trace."""
        return [span for span in self.spans if not span.parent]

    @cached_property
    def orphans(self) -> Sequence[Span]:
        """The spans whose parent was not received."""
        return [span for span in self.spans if span.parent and span.parent not in self.by_id]

    @cached_property
    def root(self) -> Span:
        """The root, or what comes nearest: the first of the orphans, else the first span of a circle."""
        return next(iter(self.roots or self.orphans or self.spans))

    @cached_property
    def start(self) -> int:
        """When its first span began."""
        return min(span.start for span in self.spans)

    @cached_property
    def end(self) -> int:
        """When its last span ended."""
        return max(span.end for span in self.spans)

    @cached_property
    def duration(self) -> int:
        """From its first start to its last end."""
        return self.end - self.start

    @cached_property
    def services(self) -> Sequence[str]:
        """The services in it, in the order of their first span."""
        return list(dict.fromkeys(span.service for span in self.spans))

    @cached_property
    def errors(self) -> int:
        """How many of its spans have the status error."""
        return sum(span.failed for span in self.spans)

    def parent_of(self, span: Span) -> Span | None:
        """The parent of a span, if it was received."""
        return self.by_id.get(span.parent) if span.parent else None


def trace_of(spans: Iterable[Span]) -> Trace:
    """The trace that spans of one id make, sorted; spans that were received twice are there once."""
    # Zipkin gave both ends of a call one id: these are two spans.
    found = list(spans)
    if len({span.span for span in found}) < len(found):
        once: dict[tuple[bytes, int, str], Span] = {}
        for span in found:
            once.setdefault((span.span, span.kind, span.service), span)
        found = list(once.values())
    found.sort(key=lambda span: (span.start, -span.duration, span.order))
    return Trace(found[0].trace_id, found)
