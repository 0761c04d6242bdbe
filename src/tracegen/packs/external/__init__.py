"""Any OTLP endpoint that somebody else runs."""

from collections.abc import Iterable

from tracegen.packs.contract import Backend, Query
from tracegen.system import Component, Design, System
from tracegen.system.file import PlannedFile


class External:
    """Nothing runs here, so there is nothing to describe."""

    look = "Open"

    def components(self, design: Design) -> Iterable[Component]:
        """None."""
        return ()

    def configs(self, system: System) -> Iterable[PlannedFile]:
        """None."""
        return ()

    def hints(self, system: System) -> Iterable[str]:
        """None: tracegen does not know what it looks like."""
        return ()

    def queries(self, system: System) -> tuple[str, Iterable[Query]]:
        """None, likewise."""
        return "", ()


BACKEND: Backend = External()
