"""The backend of the system, with what it needs to keep spans as long as the settings say."""

from collections.abc import Mapping

from tracegen.build.kafka import kafka_of
from tracegen.build.references import literal_or_secret
from tracegen.build.security import client_tls
from tracegen.catalogue import Catalogue, Sizing, StoragePack
from tracegen.decide import Settings
from tracegen.decide.records import ProcessResources as SaidOfProcess
from tracegen.decide.records import Reference, TenantLimits
from tracegen.decide.records import Resources as SaidOfRole
from tracegen.decide.traffic import spans_per_second
from tracegen.system import Backend, Limits, Resources, Role, Storage, Tenant
from tracegen.system.sizing import cores_for_rate, memory_for_rate
from tracegen.system.units import milliseconds, size_in_bytes


def backend_of(settings: Settings, packs: Catalogue) -> Backend:
    """The backend with its storage, and its roles in mode scalable."""
    said = settings.backend
    rate = spans_per_second(settings.services)
    pack = packs.storages[said.storage.type] if said.storage else None
    return Backend(
        type=said.type,
        mode=said.mode or "",
        replicas=said.replicas,
        storage=_storage(settings, pack),
        retention=whole_hours(said.retention),
        resources=resources_of(said.resources) if said.resources else None,
        spans_per_second=rate,
        roles={name: Role(role.replicas, resources_of(role.resources)) for name, role in (said.roles or {}).items()},
        kafka=kafka_of(settings.name, said.kafka) if said.kafka else None,
        tenants=tuple(Tenant(tenant.name, _limits(tenant.limits)) for tenant in said.tenants or ()),
        archive=bool(said.archive),
        server=resources_for(pack.server, rate) if pack and pack.server else None,
        refuse=pack.process.refuse if pack else 0.0,
    )


def _storage(settings: Settings, pack: StoragePack | None) -> Storage:
    if pack is None:
        return Storage("", None)
    texts: Mapping[str, str | Reference | None] = {key: settings.option(key) for key in pack.references}
    return Storage(
        type=pack.name,
        options=settings.backend.storage,
        inside=settings.runs_server(pack),
        texts={key: literal_or_secret(value, settings.name) for key, value in texts.items() if value is not None},
        tls=client_tls(settings.option("tls"), settings.name),
    )


def _limits(said: TenantLimits) -> Limits:
    return Limits(
        bytes_per_second=size_in_bytes(said.bytes_per_second),
        burst=size_in_bytes(said.burst),
        trace_bytes=size_in_bytes(said.max_trace_size),
        live_traces=said.live_traces or 0,
        retention=milliseconds(said.retention),
    )


def resources_for(sizing: Sizing, rate: float) -> Resources:
    """What a process takes that handles this many spans a second."""
    return Resources(cores_for_rate(sizing, rate), memory_for_rate(sizing, rate))


def resources_of(said: SaidOfProcess | SaidOfRole) -> Resources:
    """Cores, and memory in bytes."""
    return Resources(said.cpu, size_in_bytes(said.memory))


def whole_hours(duration: str | None) -> int:
    """A retention in whole hours, and never fewer than was said; 0 where there is none."""
    return -(-milliseconds(duration) // milliseconds("1h")) if duration else 0
