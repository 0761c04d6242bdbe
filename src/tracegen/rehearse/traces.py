"""Traces from facts: the same seed gives the same traces, whenever and however long."""

import heapq
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from random import Random
from uuid import UUID

from tracegen import __version__
from tracegen.rehearse.conventions import Value, Words, client, exception, server, words
from tracegen.rehearse.facts import Asked, Caller, Facts
from tracegen.rehearse.head import HeadSampler

INTERNAL, SERVER, CLIENT = 1, 2, 3
MILLISECOND = 1_000_000
SECOND = 1_000_000_000

#: More spans than these are not made inside a service, whatever `spans_per_trace` says: no real one is so loud.
MOST_INTERNAL = 8
#: What is slow where no policy says it, in milliseconds.
SLOW = 1000
#: Calls behind one another that a trace follows: each is a call of ours too.
DEEPEST = 100


@dataclass(slots=True)
class Span:
    """A span; times are nanoseconds since the trace began."""

    service: str
    name: str
    kind: int
    span_id: bytes
    parent_id: bytes
    start: int = 0
    end: int = 0
    attributes: dict[str, Value] = field(default_factory=dict)
    error: bool = False
    event: Mapping[str, Value] | None = None


@dataclass(frozen=True, slots=True)
class Trace:
    """A trace and its truth.

    kind      its class, as `explain sampling` has it
    origin    the service in which it starts
    offset    nanoseconds from the begin of the rehearsal to the begin of the trace
    sampled   whether the head sampler keeps it; otherwise no SDK would send it
    delays    nanoseconds that each service takes to send its spans, from the end of the trace
    instances the process of each service that took part
    """

    trace_id: bytes
    kind: str
    origin: str
    offset: int
    sampled: bool
    spans: tuple[Span, ...]
    delays: Mapping[str, int]
    instances: Mapping[str, str]

    @property
    def duration(self) -> int:
        """Nanoseconds."""
        return max(span.end for span in self.spans)


class Rehearsal:
    """The traces of a system, as an endless stream in the order of their begin."""

    def __init__(self, facts: Facts, seed: int) -> None:
        self._facts, self._seed = facts, seed
        self._words: Words = words(facts.services, facts.asked)
        self._paths = {name: _path(facts, name) for name, each in facts.services.items() if each.rate}

    def resource(self, service: str, instance: str) -> dict[str, str]:
        """The attributes of a service's resource; the SDK that is named says that this is no real one."""
        caller = self._facts.services[service]
        return {
            **caller.resource,
            "service.instance.id": instance,
            "telemetry.sdk.name": "tracegen",
            "telemetry.sdk.language": caller.language,
            "telemetry.sdk.version": __version__,
        }

    def spans(self) -> dict[str, int]:
        """How many spans a trace has, by the service in which it starts."""
        return {name: 1 + 2 * len(path) + sum(self._inside(name)) for name, path in self._paths.items()}

    def traces(self, seconds: float) -> Iterator[Trace]:
        """Those that begin in so many seconds."""
        streams = [self._stream(name, seconds) for name in self._paths]
        return heapq.merge(*streams, key=lambda trace: trace.offset)

    def _stream(self, name: str, seconds: float) -> Iterator[Trace]:
        """A stream for each service: what one sends does not change with what others do."""
        chance = Random(f"{self._seed} {name}")
        caller = self._facts.services[name]
        head = HeadSampler(caller.sampler, caller.replicas)
        step = SECOND / caller.rate
        number = 0
        while (offset := round((number + chance.random()) * step)) < seconds * SECOND:
            yield self._trace(caller, chance, head, offset)
            number += 1

    def _trace(self, caller: Caller, chance: Random, head: HeadSampler, offset: int) -> Trace:
        trace_id = (chance.getrandbits(128) | 1).to_bytes(16, "big")
        error = chance.random() < caller.traffic.errors
        slow = chance.random() < caller.traffic.slow
        tagged = chance.random() < caller.traffic.tagged
        drawn = chance.choice(self._facts.asked or (Asked("", ()),))
        tag = drawn if tagged and drawn.key else None
        kind = "error" if error else "slow" if slow else "tagged" if tagged else "normal"
        spans = _Making(self._facts, self._words, caller, chance).spans(
            self._paths[caller.name], self._inside(caller.name), error=error, slow=slow
        )
        self._mark(spans, tag, chance)
        involved = dict.fromkeys(span.service for span in spans)
        return Trace(
            trace_id=trace_id,
            kind=kind,
            origin=caller.name,
            offset=offset,
            sampled=head.keeps(trace_id, offset / SECOND, chance.random()),
            spans=tuple(spans),
            delays={name: round(chance.random() * 0.3 * SECOND) for name in involved},
            instances={name: self._instance(name, chance) for name in involved},
        )

    def _mark(self, spans: list[Span], tag: Asked | None, chance: Random) -> None:
        """Baggage on all spans, and what a policy asks for on one, as an application sets it."""
        for key in self._facts.baggage:
            value = chance.choice(tag.values) if tag and tag.key == key else f"rehearsal-{chance.randrange(3)}"
            for span in spans:
                span.attributes[key] = value
        if tag and tag.key not in self._facts.baggage:
            value = chance.choice(tag.values)
            # A route stands on the span of a request, another attribute wherever it is known.
            fitting = [span for span in spans if tag.key in span.attributes] or spans
            number = tag.key == "http.response.status_code" and value.isdecimal()
            chance.choice(fitting).attributes[tag.key] = int(value) if number else value

    def _instance(self, name: str, chance: Random) -> str:
        number = chance.randrange(max(1, self._facts.services[name].replicas))
        return str(UUID(int=Random(f"{self._seed} {name} {number}").getrandbits(128), version=4))

    def _inside(self, name: str) -> list[int]:
        """Spans inside each service on the path, so that a trace has those that the spec states."""
        visits = 1 + len(self._paths[name])
        wanted = self._facts.services[name].traffic.spans - 1 - 2 * len(self._paths[name])
        each, rest = divmod(max(0, wanted), visits)
        return [min(MOST_INTERNAL, each + (number < rest)) for number in range(visits)]


def _path(facts: Facts, name: str) -> list[tuple[str, str]]:
    """The edges that a trace takes: each that can be reached, once, deep ones first."""
    taken: dict[tuple[str, str], None] = {}
    stack = [(name, callee, 1) for callee in reversed(facts.services[name].calls)]
    while stack:
        caller, callee, depth = stack.pop()
        if (caller, callee) not in taken and depth <= DEEPEST:
            taken[caller, callee] = None
            stack += [(callee, each, depth + 1) for each in reversed(facts.services[callee].calls)]
    return list(taken)


class _Making:
    """One trace in the making."""

    def __init__(self, facts: Facts, said: Words, caller: Caller, chance: Random) -> None:
        self._facts, self._words, self._caller, self._chance = facts, said, caller, chance
        self._spans: list[Span] = []

    def spans(self, path: list[tuple[str, str]], inside: list[int], *, error: bool, slow: bool) -> list[Span]:
        """All spans, the root first."""
        self._left, self._inside = list(path), iter(inside)
        self._item = self._chance.randrange(1, 10_000)
        visits = 1 + len(path)
        self._failing = self._chance.randrange(visits) if error else -1
        self._slow = self._chance.randrange(visits) if slow else -1
        self._visit = -1
        self._answer(self._caller, b"", 0)
        self._spans[0].attributes["user_agent.synthetic.type"] = "test"
        if self._facts.slower and not slow:
            self._squeeze()
        return self._spans

    def _answer(self, service: Caller, parent: bytes, start: int) -> Span:
        """A service answers a request: works, calls, works."""
        self._visit += 1
        visit = self._visit
        span = self._add(service, SERVER, parent, start)
        now = start + self._some(2, 6)
        for _ in range(next(self._inside)):
            now = self._work(service, span, now)
        if visit == self._slow:
            now += round(1.3 * MILLISECOND * (self._facts.slower[-1] if self._facts.slower else SLOW))
        failed = visit == self._failing
        while self._left and self._left[0][0] == service.name:
            callee = self._facts.services[self._left.pop(0)[1]]
            outward = self._call(service, callee, span, now)
            now = outward.end + self._some(1, 3)
            # Who called may have an answer of its own; some have none.
            failed = failed or (outward.error and self._chance.random() < 0.5)
        span.end = now + self._some(2, 6)
        span.error = failed
        span.name = f"{self._words.method} {self._words.routes[service.name]}"
        span.attributes = server(service, self._words, self._item, failed)
        span.event = exception(service) if visit == self._failing else None
        return span

    def _call(self, service: Caller, callee: Caller, parent: Span, start: int) -> Span:
        span = self._add(service, CLIENT, parent.span_id, start)
        answered = self._answer(callee, span.span_id, start + self._some(0.3, 1))
        span.end = answered.end + self._some(0.3, 1)
        span.error = answered.error
        span.name = self._words.method
        span.attributes = client(callee, self._words, self._item, answered.error)
        return span

    def _work(self, service: Caller, parent: Span, start: int) -> int:
        span = self._add(service, INTERNAL, parent.span_id, start)
        span.name = f"{service.name} work"
        span.end = start + self._some(5, 9)
        return span.end

    def _add(self, service: Caller, kind: int, parent: bytes, start: int) -> Span:
        span_id = (self._chance.getrandbits(64) | 1).to_bytes(8, "big")
        span = Span(service.name, "", kind, span_id, parent, start)
        self._spans.append(span)
        return span

    def _some(self, least: float, most: float) -> int:
        return round(self._chance.uniform(least, most) * MILLISECOND)

    def _squeeze(self) -> None:
        """What is not slow ends before any policy would call it so."""
        total = max(span.end for span in self._spans)
        most = self._facts.slower[0] * MILLISECOND * 0.7
        if total > most:
            for span in self._spans:
                span.start, span.end = round(span.start * most / total), round(span.end * most / total)
