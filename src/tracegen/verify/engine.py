"""All checks over a store, each trace looked at once."""

from collections.abc import Sequence
from dataclasses import dataclass

from opentelemetry.proto.trace.v1.trace_pb2 import Span as SpanMessage

from tracegen.traces import Keep, Store
from tracegen.traces.waiting import Row
from tracegen.verify.amounts import Amounts, Errors
from tracegen.verify.check import Check
from tracegen.verify.codes import SEVERITIES
from tracegen.verify.contents import Baggage, Redacted
from tracegen.verify.contracts import Contracts
from tracegen.verify.expected import Expected
from tracegen.verify.finding import Finding
from tracegen.verify.logs import Logs
from tracegen.verify.names import Conventions, SpanNames
from tracegen.verify.presence import Presence
from tracegen.verify.propagation import Propagation, Restarts
from tracegen.verify.resources import Resources
from tracegen.verify.score import Score, score
from tracegen.verify.shares import HeadShares, TailKept

CHECKS: tuple[type[Check], ...] = (
    Presence,
    Propagation,
    Restarts,
    Resources,
    Conventions,
    SpanNames,
    Amounts,
    Errors,
    Baggage,
    Redacted,
    Contracts,
    Logs,
    HeadShares,
    TailKept,
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found in so many spans and traces, errors first; what could not be told; and the score."""

    findings: Sequence[Finding]
    untold: Sequence[str]
    score: Score
    spans: int
    traces: int

    @property
    def failed(self) -> bool:
        """Whether there is more than notes."""
        return any(each.code.severity != "note" for each in self.findings)


def needed(expected: Expected) -> Keep:
    """What `verify` needs of spans, for a store that is made for it alone: `Store(keep=needed(expected))`."""
    wanted = [each for check in CHECKS if (each := check(expected).wants()) is not None]

    def keep(row: Row, span: SpanMessage) -> bool:
        for each in wanted:  # noqa: SIM110 - it is asked of every span, and a loop is twice as quick
            if each(row, span):
                return True
        return False

    return keep


def verify(store: Store, expected: Expected) -> Verdict:
    """Hold the traces of a store against what is expected."""
    checks = [check(expected) for check in CHECKS]
    spans = traces = 0
    services: set[str] = set()
    for trace in store.traces():
        traces += 1
        spans += len(trace.spans)
        services.update(trace.services)
        for check in checks:
            check.trace(trace)
    findings = [finding for check in checks for finding in check.found(store)]
    findings.sort(key=lambda each: (SEVERITIES.index(each.code.severity), each.code.id, each.subject, each.message))
    untold = [words for check in checks for words in check.untold()] if expected.known and spans else []
    return Verdict(findings, untold, score(findings, sorted(services)), spans, traces)
