"""What should be kept of traces that were sent, with the interval in which a count lies."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import exp, lgamma, log, log1p

from tracegen.rehearse.facts import CLASSES, Facts, Row
from tracegen.rehearse.traces import Trace
from tracegen.system.sampling import CHANCE


@dataclass(frozen=True, slots=True)
class Expected:
    """Of the traces of one class: how many were made and sent, and how many should be kept.

    share    of those sent that the tail sampler keeps
    low, high counts between which the kept ones lie; both None where a rate limit decides, since then the order of
             arrival does
    """

    kind: str
    made: int
    sent: int
    share: float
    low: int | None
    high: int | None


def expected(facts: Facts, traces: Iterable[Trace], spans: Mapping[str, int]) -> list[Expected]:
    """By class, over all services in which traces start."""
    rows = {name: {row.kind: row for row in found} for name, found in facts.predicted(spans).items()}
    made: Counter[tuple[str, str]] = Counter()
    sent: Counter[tuple[str, str]] = Counter()
    for trace in traces:
        made[trace.kind, trace.origin] += 1
        sent[trace.kind, trace.origin] += trace.sampled
    return [_of_class(kind, rows, made, sent) for kind in CLASSES]


def _of_class(
    kind: str,
    rows: Mapping[str, Mapping[str, Row]],
    made: Mapping[tuple[str, str], int],
    sent: Mapping[tuple[str, str], int],
) -> Expected:
    counts = {name: sent.get((kind, name), 0) for name in rows}
    total = sum(counts.values())
    of_class = {name: rows[name][kind] for name in rows}
    kept = sum(counts[name] * row.tail * row.limits for name, row in of_class.items())
    limited = any(row.limits < 1 and counts[name] for name, row in of_class.items())
    share = kept / total if total else 1.0
    low, high = (None, None) if limited else interval(total, share)
    return Expected(kind, sum(made.get((kind, name), 0) for name in rows), total, share, low, high)


def interval(count: int, share: float, chance: float = CHANCE) -> tuple[int, int]:
    """The numbers between which a binomial count lies, each end missed with half of this chance."""
    if share <= 0 or share >= 1:
        return round(count * share), round(count * share)
    low, below = 0, _probability(count, share, 0)
    while below < chance / 2:
        low += 1
        below += _probability(count, share, low)
    high, above = count, _probability(count, share, count)
    while above < chance / 2:
        high -= 1
        above += _probability(count, share, high)
    return low, high


def _probability(count: int, share: float, number: int) -> float:
    ways = lgamma(count + 1) - lgamma(number + 1) - lgamma(count - number + 1)
    return exp(ways + number * log(share) + (count - number) * log1p(-share))
