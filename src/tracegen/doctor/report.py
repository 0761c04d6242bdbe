"""What the doctor says, for people and for programs."""

from collections.abc import Iterator, Sequence

from tracegen.doctor.finding import HOPS, Finding
from tracegen.doctor.path import Diagnosis


def as_text(diagnosis: Diagnosis, notes: Sequence[str] = ()) -> Iterator[str]:
    """A line for each service and target, and each finding with its place, evidence and command."""
    broken = {(each.target, name): each for each in diagnosis.findings for name in each.services}
    for target, service in diagnosis.looked_at:
        yield f"{target}: {service}: {_path(broken.get((target, service)))}"
    for each in diagnosis.findings:
        yield ""
        names = f" ({', '.join(each.services)})" if each.services else ""
        yield f"{each.mark}: {each.hop}{names}: {each.evidence}"
        yield f"  mend: {each.command}"
    for note in notes:
        yield f"not looked at: {note}"
    if not diagnosis.findings:
        yield "no broken hop"


def _path(finding: Finding | None) -> str:
    if finding is None:
        return " → ".join(HOPS)
    return " → ".join([*HOPS[: HOPS.index(finding.hop)], f"{finding.hop} BROKEN"])


def as_data(diagnosis: Diagnosis, notes: Sequence[str] = ()) -> dict[str, object]:
    """One object a finding."""
    return {
        "looked_at": [{"target": target, "service": service} for target, service in diagnosis.looked_at],
        "findings": [
            {
                "hop": each.hop,
                "file": each.mark.file,
                "line": each.mark.line,
                "evidence": each.evidence,
                "command": each.command,
                "target": each.target,
                "services": list(each.services),
            }
            for each in diagnosis.findings
        ],
        "not_looked_at": list(notes),
    }
