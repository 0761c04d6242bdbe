"""What is found, and how the same is counted once."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from tracegen.verify.codes import CODES, Code


@dataclass(frozen=True, slots=True)
class Finding:
    """One broken rule: `subject` is the service, or caller → callee; `trace_id` the evidence, '' where there is none.

    `services` are those whose instrumentation it is about; `count` is how often it was seen.
    """

    code: Code
    subject: str
    message: str
    trace_id: str = ""
    services: tuple[str, ...] = ()
    count: int = 1


@dataclass(slots=True)
class _Seen:
    message: str
    trace_id: str
    services: tuple[str, ...]
    count: int = 0


@dataclass(slots=True)
class Tally:
    """Findings of a check, the same once: the first is the evidence."""

    _seen: dict[tuple[str, str, str], _Seen] = field(default_factory=dict)

    def add(
        self,
        code: str,
        subject: str,
        message: str,
        trace_id: str = "",
        *,
        services: tuple[str, ...] = (),
        key: str = "",
    ) -> None:
        """Count it; of findings with one code, subject and key only the first message is kept."""
        place = code, subject, key
        if place not in self._seen:
            self._seen[place] = _Seen(message, trace_id, services or (subject,))
        self._seen[place].count += 1

    def found(self) -> Iterator[Finding]:
        """What was counted."""
        for (code, subject, _), each in self._seen.items():
            yield Finding(CODES[code], subject, each.message, each.trace_id, each.services, each.count)
