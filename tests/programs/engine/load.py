"""Spans that come while containers are killed, as a service sends them: what is not acknowledged is sent again."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.client import HTTPException

from programs.engine.project import Project
from programs.running import NotInTime, Refused, Span, send_spans, wait_until

BETWEEN_SECONDS = 0.05
ACKNOWLEDGED_SECONDS = 60.0
READ_SECONDS = 240.0
_RESOURCE = {"service.name": "load"}


@dataclass
class Load:
    """Traces of one span that collectors acknowledged, by identifier; `repeated`: how often one was sent again."""

    acknowledged: list[str] = field(default_factory=list)
    repeated: int = 0


@contextmanager
def load(
    project: Project,
    service: str,
    *,
    scheme: str = "http",
    headers: Mapping[str, str] | None = None,
    context: ssl.SSLContext | None = None,
    status: int = 0,
) -> Iterator[Load]:
    """Twenty spans a second to port 4318 of a collector, from one sender, to the end of the block."""
    sent, stopped = Load(), threading.Event()

    def one(span: Span, address: str) -> bool:
        try:
            send_spans(f"{scheme}://{address}:4318", _RESOURCE, [span], headers=headers, context=context)
        except (OSError, HTTPException, Refused):
            sent.repeated += 1
            return False
        sent.acknowledged.append(span.trace_id)
        return True

    def all_of_them() -> None:
        address = project.address(service)
        while not stopped.wait(BETWEEN_SECONDS):
            span = Span("load", kind=2, status=status)
            while not one(span, address) and not stopped.is_set():
                address = project.address(service)

    sender = threading.Thread(target=lambda: project.engine.within(all_of_them))
    sender.start()
    try:
        yield sent
    finally:
        stopped.set()
        sender.join(ACKNOWLEDGED_SECONDS)


def more(sent: Load, spans: int = 20) -> None:
    """Wait until so many more are acknowledged: the system works again."""
    enough = len(sent.acknowledged) + spans
    wait_until(lambda: len(sent.acknowledged) >= enough, ACKNOWLEDGED_SECONDS)


def missing(project: Project, sent: Load, context: ssl.SSLContext | None = None) -> list[str]:
    """What was acknowledged and is not in Jaeger, once its queues had the time to empty."""
    lacking = list(sent.acknowledged)

    def none_left() -> bool:
        found = zip(lacking, project.stored(lacking, context), strict=True)
        lacking[:] = [identifier for identifier, spans in found if not spans]
        return not lacking

    with suppress(NotInTime):
        wait_until(none_left, READ_SECONDS)
    return lacking
