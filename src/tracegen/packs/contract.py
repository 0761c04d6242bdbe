"""What the code of a pack is: a Protocol for each kind, and how a pack's code is found by its name.

`tracegen.packs.<name>` ends in an instance that mypy holds to its kind's protocol: `BACKEND: Backend = Jaeger()`,
`STORAGE: Storage = Badger()`, `COMPANION: Companion = Kafka()`. The code describes what runs and what is written: it
knows no spec, and decides nothing.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Protocol

from tracegen.system import Component, Design, System
from tracegen.system.file import PlannedFile
from tracegen.system.storage_part import StoragePart


@dataclass(frozen=True, slots=True)
class Query:
    """A question that people ask, and what is asked of a program for its answer."""

    question: str
    text: str


class Backend(Protocol):
    """A tracing backend. `look` stands before the address in TRACING.md: how people look at traces."""

    look: str

    def components(self, design: Design) -> Iterable[Component]:
        """The processes, and what their storage runs beside them; nothing where somebody else runs it."""

    def configs(self, system: System) -> Iterable[PlannedFile]:
        """The configuration of the processes."""

    def hints(self, system: System) -> Iterable[str]:
        """Sentences that follow the address in TRACING.md."""

    def queries(self, system: System) -> tuple[str, Iterable[Query]]:
        """What is asked for the questions that come first, and what it is (words that follow `as`)."""


class Storage(Protocol):
    """A storage of one or more backends."""

    def part(self, design: Design) -> StoragePart:
        """What it adds to `design.backend`, whose storage it is."""


class Companion(Protocol):
    """What runs beside a backend where the spec asks for it, such as a broker."""

    def components(self, design: Design, others: Mapping[str, Component]) -> Iterable[Component]:
        """What runs beside `others`, those of backend and collectors; nothing where nobody asks for it."""

    def configs(self, system: System) -> Iterable[PlannedFile]:
        """Its configuration. Nothing where nobody asks for it."""


def backend(name: str) -> Backend:
    """The code of a backend's pack."""
    found: Backend = import_module(f"tracegen.packs.{name}").BACKEND
    return found


def storage(name: str) -> Storage:
    """The code of a storage's pack."""
    found: Storage = import_module(f"tracegen.packs.{name}").STORAGE
    return found


def companion(name: str) -> Companion:
    """The code of the pack of what runs beside a backend."""
    found: Companion = import_module(f"tracegen.packs.{name}").COMPANION
    return found
