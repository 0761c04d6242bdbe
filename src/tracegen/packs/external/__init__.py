"""Any OTLP endpoint that somebody else runs."""

from collections.abc import Iterable

from tracegen.packs.contract import Backend
from tracegen.system import Component, Design
from tracegen.system.file import PlannedFile


class External:
    """Nothing runs here, so there is nothing to describe."""

    look = "Open"

    def components(self, model: Design) -> Iterable[Component]:
        """None."""
        return ()

    def configs(self, model: Design) -> Iterable[PlannedFile]:
        """None."""
        return ()

    def hints(self, model: Design) -> Iterable[str]:
        """None: tracegen does not know what it looks like."""
        return ()


BACKEND: Backend = External()
