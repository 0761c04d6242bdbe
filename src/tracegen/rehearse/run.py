"""A rehearsal from begin to end."""

from collections import Counter
from dataclasses import dataclass

from tracegen.rehearse.count import chosen, counted, source
from tracegen.rehearse.facts import Facts
from tracegen.rehearse.predict import expected
from tracegen.rehearse.report import Report
from tracegen.rehearse.send import send
from tracegen.rehearse.target import Target, sender
from tracegen.rehearse.traces import Rehearsal

#: Seconds until a collector has passed on what it decided: its batch, its queue, the backend.
_ON_THE_WAY = 2.0
_AT_MOST = 90.0


@dataclass(frozen=True, slots=True)
class Wanted:
    """How long and with which seed; where to (None: nowhere), and where arrival is counted (None: not)."""

    seconds: float
    seed: int
    target: Target | None = None
    counts: str | None = None


def run(facts: Facts, wanted: Wanted) -> Report:
    """Make, send, count. Raises Unreachable when nobody takes spans, CannotCount when nobody tells."""
    rehearsal = Rehearsal(facts, wanted.seed)
    ask = source(wanted.counts) if wanted.counts and wanted.target else None
    outcome = None
    if wanted.target:
        line = sender(wanted.target)
        try:
            outcome = send(rehearsal, rehearsal.traces(wanted.seconds), line, wanted.seconds)
        finally:
            line.close()
    # Made again rather than kept: a long rehearsal would fill the memory.
    sizes = Counter[str]()
    for trace in rehearsal.traces(wanted.seconds):
        sizes.update(made=1, made_spans=len(trace.spans))
        if trace.sampled:
            sizes.update(sent=1, sent_spans=len(trace.spans))
    looked_for = chosen(rehearsal.traces(wanted.seconds)) if ask else None
    found = counted(looked_for, ask, facts.wait + _ON_THE_WAY, _AT_MOST) if ask and looked_for is not None else None
    spans = rehearsal.spans()
    return Report(
        seconds=wanted.seconds,
        seed=wanted.seed,
        rates={name: each.rate for name, each in facts.services.items() if each.rate},
        spans=spans,
        assumed=facts.assumed,
        made=sizes["made"],
        made_spans=sizes["made_spans"],
        sent=sizes["sent"],
        sent_spans=sizes["sent_spans"],
        expected=expected(facts, looked_for or rehearsal.traces(wanted.seconds), spans),
        target=str(wanted.target or ""),
        outcome=outcome,
        counted=found,
    )
