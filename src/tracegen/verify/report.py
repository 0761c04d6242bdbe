"""A verdict as text and as data."""

from collections.abc import Iterator

from tracegen.verify.codes import NOT_SCORED, SCORED
from tracegen.verify.engine import Verdict
from tracegen.verify.finding import Finding


def as_text(verdict: Verdict) -> Iterator[str]:
    """A paragraph for each finding, then what could not be told, and the score."""
    for each in verdict.findings:
        yield f"{each.code.severity}: {each.code.id}: {line(each.subject)}: {line(said(each))}"
        if each.trace_id:
            yield f"  trace: {each.trace_id}"
        yield f"  hint: {each.code.hint}"
    for words in verdict.untold:
        yield f"not told: {line(words)}"
    yield summary(verdict)
    yield scored(verdict)


def as_data(verdict: Verdict) -> dict[str, object]:
    """For programs."""
    return {
        "spans": verdict.spans,
        "traces": verdict.traces,
        "findings": [
            {
                "code": each.code.id,
                "severity": each.code.severity,
                "title": each.code.title,
                "subject": each.subject,
                "services": list(each.services),
                "message": each.message,
                "count": each.count,
                "trace_id": each.trace_id,
                "hint": each.code.hint,
            }
            for each in verdict.findings
        ],
        "not_told": list(verdict.untold),
        "score": {
            "value": verdict.score.value,
            "category": verdict.score.category,
            "rules": [code.id for code in SCORED],
            "complete": False,
            "services": verdict.score.services,
        },
    }


def said(finding: Finding) -> str:
    """Its message, with how often it was seen."""
    return finding.message if finding.count == 1 else f"{finding.message} ({finding.count:,} times)"


def summary(verdict: Verdict) -> str:
    """What was looked at, and how much was found."""
    number = len(verdict.findings)
    found = "nothing found" if not number else "1 finding" if number == 1 else f"{number:,} findings"
    return f"{verdict.spans:,} spans in {verdict.traces:,} traces: {found}"


def scored(verdict: Verdict) -> str:
    """The score, and that it is not complete."""
    without = ", ".join(NOT_SCORED)
    score = verdict.score
    return f"Instrumentation Score: {score.value:g} of 100, {score.category} ({len(SCORED)} rules; without {without})"


def line(text: str) -> str:
    """A text of somebody else on one line of a terminal: nothing in it moves the cursor."""
    return "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in text)
