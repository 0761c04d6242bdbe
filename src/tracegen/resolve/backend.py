"""The backend of the Model, with what it needs to keep spans as long as the spec says."""

from collections.abc import Mapping
from typing import Any

from tracegen.catalogue import BackendPack, Catalogue, StoragePack
from tracegen.resolve.decider import Decider
from tracegen.resolve.kafka import resolve_kafka
from tracegen.resolve.references import literal_or_secret
from tracegen.resolve.security import client_tls
from tracegen.rules._shared import storage_of
from tracegen.rules.retention import is_inherited
from tracegen.spec.said import Path
from tracegen.system import Backend, Resources, Role, Storage, Tenant
from tracegen.system.sizing import process_memory
from tracegen.system.units import milliseconds, size_in_bytes

SCALABLE = "scalable"

#: Options of storages that are a reference, or may be one.
_MAY_BE_SECRET = ("username", "password", "access_key", "secret_key", "credentials", "key")


def resolve_backend(decider: Decider, packs: Catalogue, spans_per_second: float) -> Backend:
    """The backend with its storage filled in, and its roles in mode scalable."""
    spec = decider.spec
    kind = spec.value["backend"]["type"]
    pack = packs.backends[kind]
    storage = storage_of(spec, packs)
    why = f"the default storage of {pack.title}"
    storage_type = decider.take(("backend", "storage", "type"), storage.get("type", ""), why) if storage else ""
    mode = decider.take(("backend", "mode"), pack.modes[0], "one process") if pack.modes else ""
    resources = resolve_resources(decider, ("backend",), *memory_of_rate(spans_per_second))
    kafka = resolve_kafka(decider) if mode == SCALABLE else None
    return Backend(
        type=kind,
        mode=mode,
        storage=_storage(decider, storage_type, storage),
        retention=_retention(decider, packs.storages[storage_type]) if storage else 0,
        resources=resources,
        spans_per_second=spans_per_second,
        roles=_roles(decider, pack, resources, kafka.partitions) if kafka else {},
        kafka=kafka,
        tenants=_tenants(spec.get("backend", "tenants") or []),
        archive=bool(spec.get("backend", "archive")),
    )


def _storage(decider: Decider, kind: str, said: Mapping[str, Any]) -> Storage:
    project = decider.spec.value["name"]
    return Storage(
        type=kind,
        options={key: value for key, value in said.items() if key != "type"},
        texts={key: literal_or_secret(said[key], project) for key in _MAY_BE_SECRET if key in said},
        tls=client_tls(said.get("tls"), project),
    )


def resolve_resources(decider: Decider, path: Path, memory: int, why: str) -> Resources:
    """Resources said at a path, or the memory that was derived."""
    said = decider.take((*path, "resources", "memory"), f"{memory // 2**20}Mi", why)
    cpu = decider.take((*path, "resources", "cpu"), 1.0, "the default")
    return Resources(float(cpu), size_in_bytes(said))


def memory_of_rate(spans_per_second: float) -> tuple[int, str]:
    """Bytes for a process through which so many spans pass, and why."""
    return process_memory(spans_per_second), f"derived from about {spans_per_second:,.0f} spans a second"


def _retention(decider: Decider, storage: StoragePack) -> int:
    if storage.no_retention:
        if is_inherited(decider.spec):
            why = f"storage {storage.name}, chosen by a layer above, {storage.no_retention.why}"
            decider.record("backend.retention", "dropped", why)
        return 0
    said = milliseconds(decider.take(("backend", "retention"), "7d", "the default"))
    # Whole hours, and never fewer than was said.
    return -(-said // milliseconds("1h"))


def _roles(decider: Decider, pack: BackendPack, resources: Resources, partitions: int) -> Mapping[str, Role]:
    most = dict.fromkeys(pack.partition_owners, partitions)
    return {
        name: _role(decider, name, min(replicas, most.get(name, replicas)), resources)
        for name, replicas in pack.roles.items()
    }


def _role(decider: Decider, name: str, replicas: int, resources: Resources) -> Role:
    path: Path = ("backend", "roles", name)
    said = decider.spec.get(*path, "resources") or {}
    memory = size_in_bytes(said["memory"]) if "memory" in said else resources.memory
    return Role(
        replicas=decider.take((*path, "replicas"), replicas, "the default of this role"),
        resources=Resources(float(said.get("cpu", resources.cpu)), memory),
    )


def _tenants(said: list[dict[str, Any]]) -> tuple[Tenant, ...]:
    return tuple(Tenant(tenant["name"], tenant.get("limits", {})) for tenant in said)
