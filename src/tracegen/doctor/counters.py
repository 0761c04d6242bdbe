"""What a Collector or Jaeger counts of itself, on its metrics port.

https://opentelemetry.io/docs/collector/internal-telemetry/
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

#: Series of which a few are a fault, by what they say.
REFUSED = ("otelcol_receiver_refused_spans", "otelcol_receiver_refused_spans_total")
ACCEPTED = ("otelcol_receiver_accepted_spans", "otelcol_receiver_accepted_spans_total")
FAILED = ("otelcol_exporter_send_failed_spans", "otelcol_exporter_send_failed_spans_total")
NOT_QUEUED = ("otelcol_exporter_enqueue_failed_spans", "otelcol_exporter_enqueue_failed_spans_total")
SENT = ("otelcol_exporter_sent_spans", "otelcol_exporter_sent_spans_total")
TOO_EARLY = (
    "otelcol_processor_tail_sampling_sampling_trace_dropped_too_early",
    "otelcol_processor_tail_sampling_sampling_trace_dropped_too_early_total",
)
QUEUE, CAPACITY = "otelcol_exporter_queue_size", "otelcol_exporter_queue_capacity"
_LINE = re.compile(r"(?P<name>\w+)(?:\{(?P<labels>.*)\})? (?P<value>\S+)")


@dataclass(frozen=True, slots=True)
class Counters:
    """One page of metrics."""

    text: str

    def total(self, names: tuple[str, ...]) -> float:
        """The sum over all series of these names: one and the same, with and without its unit."""
        return sum(value for name, _, value in self._series() if name in names)

    def queues(self) -> Iterator[tuple[str, float, float]]:
        """Exporter, what waits in its queue, and how much it holds."""
        waiting = {labels.get("exporter", ""): value for name, labels, value in self._series() if name == QUEUE}
        room = {labels.get("exporter", ""): value for name, labels, value in self._series() if name == CAPACITY}
        for exporter, size in waiting.items():
            yield exporter, size, room.get(exporter, 0.0)

    def _series(self) -> Iterator[tuple[str, dict[str, str], float]]:
        for line in self.text.splitlines():
            found = _LINE.fullmatch(line)
            if found:
                labels = dict(re.findall(r'(\w+)="([^"]*)"', found["labels"] or ""))
                try:
                    yield found["name"], labels, float(found["value"])
                except ValueError:
                    continue
