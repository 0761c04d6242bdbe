"""Traces in the memory of the Jaeger process."""

from tracegen.emit import Commented
from tracegen.packs.contract import Storage
from tracegen.system import Design
from tracegen.system.sizing import traces_in_memory
from tracegen.system.storage_part import StoragePart


class Memory:
    """Memory as a storage of Jaeger."""

    def part(self, design: Design) -> StoragePart:
        """As many traces as half of the process's memory holds; the oldest goes first."""
        spans = max(service.traffic.spans for service in design.services.values())
        traces = traces_in_memory(design.backend.process_resources.memory, spans)
        comment = "Traces are gone when Jaeger restarts, and the oldest goes when there are more than this."
        return StoragePart(config={"memory": {"max_traces": Commented(traces, comment)}})


STORAGE: Storage = Memory()
