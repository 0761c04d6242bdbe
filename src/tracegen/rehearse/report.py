"""What a rehearsal says: what was made and sent, what should be kept of it, and what was counted."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from tracegen.columns import columns
from tracegen.rehearse.count import Counted
from tracegen.rehearse.predict import Expected
from tracegen.rehearse.send import Outcome
from tracegen.system.sampling import CHANCE


@dataclass(frozen=True, slots=True)
class Report:
    """All of it. `expected` is of the traces that were looked for, when there is a count; else of all."""

    seconds: float
    seed: int
    rates: Mapping[str, float]
    spans: Mapping[str, int]
    assumed: bool
    made: int
    made_spans: int
    sent: int
    sent_spans: int
    expected: Sequence[Expected]
    target: str = ""
    outcome: Outcome | None = None
    counted: Mapping[str, Counted] | None = None

    @property
    def wrong(self) -> list[str]:
        """What is not as it should be, a sentence each."""
        return [*self._lost(), *self._outside()]

    def _lost(self) -> Iterator[str]:
        if self.outcome and self.outcome.rejected:
            yield f"{self.outcome.rejected:,} spans were rejected"
        if self.outcome and self.outcome.not_taken:
            yield f"{self.outcome.not_taken:,} spans were refused until the time was over"

    def _outside(self) -> Iterator[str]:
        for each in self.expected if self.counted is not None else ():
            found = self.found(each.kind)
            if each.low is not None and each.high is not None and not each.low <= found.whole <= each.high:
                wanted = f"{each.low:,} to {each.high:,}" if each.low != each.high else f"{each.low:,}"
                yield f"class {each.kind}: {found.whole:,} traces of {each.sent:,} whole, expected {wanted}"
            if found.partial:
                yield (
                    f"class {each.kind}: {found.partial:,} traces came in part, {found.missing_spans:,} spans lost"
                )

    def found(self, kind: str) -> Counted:
        """What was counted of a class."""
        return (self.counted or {}).get(kind, Counted(0, 0, 0))


def as_text(report: Report) -> Iterator[str]:
    """As lines."""
    for name, rate in report.rates.items():
        assumed = " (assumed: no traffic is said)" if report.assumed else ""
        yield f"traces that start in {name}: {rate:,.4g} a second{assumed}, {report.spans[name]:,} spans each"
    yield f"made in {report.seconds:,g} s, seed {report.seed}: {report.made:,} traces, {report.made_spans:,} spans"
    if report.sent < report.made:
        yield f"kept by head samplers: {report.sent:,} traces, {report.sent_spans:,} spans"
    yield from _sent(report)
    yield ""
    yield from _table(report)
    yield ""
    yield f"of: those that head samplers keep. A count lies outside its interval once in {round(1 / CHANCE):,} times."
    if any(each.low is None for each in report.expected):
        yield "Where a rate limit decides there is no interval: the order of arrival does."
    if report.counted is not None:
        yield from report.wrong or ["all as predicted"]
    else:
        yield from report.wrong


def as_data(report: Report) -> dict[str, object]:
    """For programs; shares from 0 to 1."""
    outcome = report.outcome
    return {
        "seconds": report.seconds,
        "seed": report.seed,
        "traces_per_second": dict(report.rates),
        "spans_per_trace": dict(report.spans),
        "traffic_assumed": report.assumed,
        "made": {"traces": report.made, "spans": report.made_spans},
        "head_sampled": {"traces": report.sent, "spans": report.sent_spans},
        "sent": None
        if outcome is None
        else {
            "to": report.target,
            "acknowledged": outcome.acknowledged,
            "rejected": outcome.rejected,
            "not_taken": outcome.not_taken,
            "refusals": outcome.refusals,
            "behind_seconds": round(outcome.behind, 3),
        },
        "classes": {each.kind: _class(report, each) for each in report.expected},
        "wrong": report.wrong,
    }


def _class(report: Report, each: Expected) -> dict[str, object]:
    found = report.found(each.kind)
    return {
        "made": each.made,
        "sent": each.sent,
        "predicted": each.share,
        "interval": None if each.low is None else [each.low, each.high],
        "counted": None
        if report.counted is None
        else {"whole": found.whole, "partial": found.partial, "missing_spans": found.missing_spans},
    }


def _sent(report: Report) -> Iterator[str]:
    outcome = report.outcome
    if outcome is None:
        return
    words = f"sent to {report.target}: {outcome.acknowledged:,} spans acknowledged"
    words += f", {outcome.rejected + outcome.not_taken:,} lost" if outcome.rejected + outcome.not_taken else ""
    words += f"; {outcome.refusals:,} requests refused at first" if outcome.refusals else ""
    yield words
    if outcome.behind > 1:
        yield f"the sender was up to {outcome.behind:.1f} s late: the rate was not reached"


def _table(report: Report) -> Iterator[str]:
    head = ["class", "of", "predicted", "interval", *(["counted", "in part"] if report.counted is not None else [])]
    rows = [head, *(_row(report, each) for each in report.expected)]
    yield from columns(rows, [False, *([True] * (len(head) - 1))])


def _row(report: Report, each: Expected) -> list[str]:
    interval = "-" if each.low is None else f"{each.low:,} to {each.high:,}"
    row = [each.kind, f"{each.sent:,}", f"{each.share * 100:.3g} %", interval]
    if report.counted is not None:
        found = report.found(each.kind)
        share = f" ({found.whole / each.sent * 100:.3g} %)" if each.sent else ""
        row += [f"{found.whole:,}{share}", f"{found.partial:,}"]
    return row
