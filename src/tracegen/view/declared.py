"""What the spec declares, as far as traces can be held against it; the page needs no more of it."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Declared:
    """The name of the system, its services, and who calls whom as (caller, callee).

    `known` is False where there is no spec: then nothing is declared, silent or undeclared.
    """

    name: str = ""
    services: Sequence[str] = ()
    edges: Sequence[tuple[str, str]] = ()
    known: bool = False


@dataclass(frozen=True, slots=True)
class Finding:
    """Something to look at: a stable id, severity (error, warning, note), words, a trace to open ('' for none)."""

    code: str
    severity: str
    message: str
    hint: str = ""
    trace_id: str = ""
