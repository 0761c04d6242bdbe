"""The backend of the system, with what it needs to keep spans as long as the settings say."""

from collections.abc import Mapping
from typing import Any

from tracegen.build.kafka import kafka_of
from tracegen.build.references import literal_or_secret
from tracegen.build.security import client_tls
from tracegen.catalogue import Catalogue, Sizing
from tracegen.decide import Settings
from tracegen.decide.records import ProcessResources as SaidOfProcess
from tracegen.decide.records import Resources as SaidOfRole
from tracegen.decide.records import Storage as SaidOfStorage
from tracegen.decide.traffic import spans_per_second
from tracegen.system import Backend, Resources, Role, Storage, Tenant
from tracegen.system.sizing import cores_for_rate, memory_for_rate
from tracegen.system.units import milliseconds, size_in_bytes

#: Options of storages that are a reference, or may be one.
_MAY_BE_SECRET = ("username", "password", "access_key", "secret_key", "credentials", "key")


def backend_of(settings: Settings, packs: Catalogue) -> Backend:
    """The backend with its storage, and its roles in mode scalable."""
    said = settings.backend
    rate = spans_per_second(settings.services)
    pack = packs.storages[said.storage.type] if said.storage else None
    return Backend(
        type=said.type,
        mode=said.mode or "",
        replicas=said.replicas,
        storage=_storage(settings, packs, said.storage),
        retention=whole_hours(said.retention),
        resources=resources_of(said.resources) if said.resources else None,
        spans_per_second=rate,
        roles={name: Role(role.replicas, resources_of(role.resources)) for name, role in (said.roles or {}).items()},
        kafka=kafka_of(settings.name, said.kafka) if said.kafka else None,
        tenants=tuple(Tenant(tenant.name, tenant.limits) for tenant in said.tenants or ()),
        archive=bool(said.archive),
        server=resources_for(pack.server, rate) if pack and pack.server else None,
        refuse=pack.process.refuse if pack else 0.0,
    )


def _storage(settings: Settings, packs: Catalogue, said: SaidOfStorage | None) -> Storage:
    if said is None:
        return Storage("", None)
    secrets: Mapping[str, Any] = {key: getattr(said, key, None) for key in _MAY_BE_SECRET}
    return Storage(
        type=said.type,
        options=said,
        inside=not any(getattr(said, key) for key in packs.storages[said.type].server_named_by),
        texts={key: literal_or_secret(value, settings.name) for key, value in secrets.items() if value is not None},
        tls=client_tls(getattr(said, "tls", None), settings.name),
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
