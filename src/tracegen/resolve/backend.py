"""The backend of the Model, with what it needs to keep spans as long as the spec says."""

from tracegen.language.rules._shared import storage_of
from tracegen.language.rules.retention import is_inherited
from tracegen.model import Backend, Resources, Storage
from tracegen.model.units import milliseconds, size_in_bytes
from tracegen.packs import Catalogue
from tracegen.resolve.decider import Decider
from tracegen.model.sizing import process_memory


def resolve_backend(decider: Decider, packs: Catalogue, spans_per_second: float) -> Backend:
    """The backend with its storage filled in."""
    spec = decider.spec
    kind = spec.value["backend"]["type"]
    pack = packs.backends[kind]
    storage = storage_of(spec, packs)
    why = f"the default storage of {pack.title}"
    storage_type = decider.take(("backend", "storage", "type"), storage.get("type", ""), why)
    return Backend(
        type=kind,
        mode=decider.take(("backend", "mode"), pack.modes[0] if pack.modes else "", "one process"),
        storage=Storage(storage_type, {key: value for key, value in storage.items() if key != "type"}),
        retention=_retention(decider, storage_type),
        resources=_resources(decider, spans_per_second),
    )


def _retention(decider: Decider, storage: str) -> int:
    if storage == "memory" and is_inherited(decider.spec):
        decider.record("backend.retention", "dropped", "storage memory, chosen by a layer above, has none")
        return 0
    hours = milliseconds(decider.take(("backend", "retention"), "7d", "the default")) // milliseconds("1h")
    return max(1, hours)


def _resources(decider: Decider, spans_per_second: float) -> Resources:
    derived = f"{process_memory(spans_per_second) // 2**20}Mi"
    why = f"derived from about {spans_per_second:,.0f} spans a second"
    memory = decider.take(("backend", "resources", "memory"), derived, why)
    cpu = decider.take(("backend", "resources", "cpu"), 1.0, "the default")
    return Resources(float(cpu), size_in_bytes(memory))
