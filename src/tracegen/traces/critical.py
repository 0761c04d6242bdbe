"""The critical path of a trace: which spans made it take as long as it did."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tracegen.traces.records import Span, Trace


@dataclass(frozen=True, slots=True)
class Section:
    """A stretch of time, in nanoseconds since 1970, in which the trace waited for a span's own work."""

    span: Span
    start: int
    end: int

    @property
    def duration(self) -> int:
        """Nanoseconds."""
        return self.end - self.start


def critical_path(trace: Trace, below: Span | None = None) -> Sequence[Section]:
    """The sections on the way from the start to the end of a span (default: the root), in the order of time.

    From its end backwards: the child that ended last was waited for, then whoever ended last before that child
    began, and between them the span worked itself. A child is counted only while its parent runs: what goes on
    afterwards nobody waits for. Durations add up to the span's own.
    The same rule as Jaeger's pages have (Anderson et al., CRISP, USENIX ATC 2022).
    """
    found: list[Section] = []
    span = below or trace.root
    # A stack instead of recursion: traces may be thousands of spans deep.
    steps = [_backwards(trace, span, span.start, span.end)]
    seen = {span.span}
    while steps:
        step = next(steps[-1], None)
        if step is None:
            steps.pop()
        elif isinstance(step, Section):
            found.append(step)
        else:
            child, start, end = step
            if child.span in seen:  # a circle of parents, or an id used twice
                found.append(Section(child, start, end))
            else:
                seen.add(child.span)
                steps.append(_backwards(trace, child, start, end))
    return [section for section in reversed(found) if section.duration > 0]


def _backwards(trace: Trace, span: Span, start: int, end: int) -> Iterator[Section | tuple[Span, int, int]]:
    """What a span waited for between two times, from the end: its own sections, and (child, start, end)."""
    now = end
    children = sorted(trace.children.get(span.span, ()), key=lambda each: each.end, reverse=True)
    for child in children:
        began, ended = max(child.start, start), min(child.end, now)
        if child.start >= now or ended <= began:
            continue
        # Who ends within something that was waited for already was not waited for.
        if child.end > now and child.start < now and now != end:
            continue
        yield Section(span, ended, now)
        yield child, began, ended
        now = began
    yield Section(span, start, now)


def own_time(sections: Sequence[Section]) -> dict[bytes, int]:
    """Nanoseconds on a critical path, by the id of the span."""
    found: dict[bytes, int] = {}
    for section in sections:
        found[section.span.span] = found.get(section.span.span, 0) + section.duration
    return found
