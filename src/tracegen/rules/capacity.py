"""The traffic that a spec states against what its volumes hold and its processes carry."""

from collections.abc import Iterator, Mapping
from math import ceil

from tracegen.catalogue import Catalogue, Sizing, StoragePack
from tracegen.decide import Settings
from tracegen.decide.attributes import resource_attributes
from tracegen.decide.calls import callees
from tracegen.decide.tail import tail_of
from tracegen.decide.traffic import head_share, spans_per_second, traffic_of
from tracegen.problems import Code, Problem, Severity
from tracegen.rules._shared import at, cause, storage_pack
from tracegen.spec.said import Path
from tracegen.system.kept import Source, kept_of
from tracegen.system.sizing import BYTES_PER_SPAN, COLLECTOR, most_spans, stored_bytes
from tracegen.system.units import milliseconds, size_in_bytes

SMALL_VOLUME = Code("TG308", "Volume is full before spans are old", Severity.WARNING, acceptable=True)
TOO_MUCH_FOR_ONE = Code("TG309", "More traffic than one process carries", Severity.WARNING, acceptable=True)
ABOVE_A_LIMIT = Code("TG325", "Traffic above a tenant's limit", Severity.WARNING, acceptable=True)

_SIZE: Path = ("backend", "storage", "size")
_HOUR, _GIGABYTE, _GIBIBYTE = 3_600_000, 1e9, 2**30
#: A volume that is fuller than this is as good as full: work in progress needs room, and so do indices.
_FULL = 0.9


def check(settings: Settings, packs: Catalogue) -> Iterator[Problem]:
    """Only where traffic is said: else nothing is known."""
    spans = _kept(settings)
    pack = storage_pack(settings, packs)
    if not any(spans.values()):
        return
    if pack:
        yield from _volume(settings, pack, sum(spans.values()))
        yield from _backend(settings, pack, sum(spans.values()))
        yield from _tenants(settings, spans)
    yield from _gateways(settings)


def _kept(settings: Settings) -> Mapping[str, float]:
    """Spans a second of the traces that start in each service and are kept."""
    sources = {
        name: Source(traffic_of(each), head_share(each), callees(each), resource_attributes(settings, name, each))
        for name, each in settings.services.items()
    }
    return {name: sum(row.spans for row in rows) for name, rows in kept_of(sources, tail_of(settings)).items()}


def _volume(settings: Settings, pack: StoragePack, spans: float) -> Iterator[Problem]:
    size, retention = settings.option("size"), settings.backend.retention
    if not size or not retention or not settings.runs_server(pack):
        return
    hours = ceil(milliseconds(retention) / _HOUR)
    needed, room = stored_bytes(spans, hours), size_in_bytes(size)
    if needed > _FULL * room:
        days = f"{stored_bytes(spans, 24) / _GIGABYTE:,.1f} GB a day and {needed / _GIGABYTE:,.0f} GB in {retention}"
        full = _lasting(_FULL * room / stored_bytes(spans, 1))
        message = (
            f"about {spans:,.0f} spans a second are kept, of {BYTES_PER_SPAN:,} bytes: {days}, "
            f"and the volume has {size}, which is full after {full}"
        )
        wanted = f"{ceil(needed / _FULL / _GIBIBYTE)}Gi"
        hint = f"say size: {wanted}, or keep less of it or for less long (sampling, retention)"
        where = cause(settings, _SIZE, ("backend", "retention"), ("backend", "storage"), ("backend",))
        yield at(settings, SMALL_VOLUME, where, message, hint)


def _lasting(hours: float) -> str:
    if hours < 2:
        return f"{hours * 60:,.0f} minutes"
    return f"{hours:,.0f} hours" if hours < 48 else f"{hours / 24:,.0f} days"


def _backend(settings: Settings, pack: StoragePack, spans: float) -> Iterator[Problem]:
    """What is said of resources is somebody's own measure."""
    where: Path = ("backend", "storage") if settings.is_said("backend", "storage") else ("backend",)
    if settings.backend.mode == "single" and not settings.is_said("backend", "resources"):
        replicas = settings.backend.replicas
        several = "say mode: scalable with a storage that fits it, or keep less (sampling)"
        one, share = f"the one process with {pack.name}", spans
        if replicas and replicas > 1:
            one, share = f"each replica with {pack.name}", spans / replicas
        yield from _too_much(settings, where, (one, pack.process, share), several)
    server = settings.option("size") and pack.server
    if server and settings.runs_server(pack):
        several = f"run a cluster and name it ({pack.server_named_by[0]}), or keep less (sampling)"
        yield from _too_much(settings, where, (f"the one node of {pack.title}", server, spans), several)


def _gateways(settings: Settings) -> Iterator[Problem]:
    said, spans = settings.collector, spans_per_second(settings.services)
    if "gateway" in said.topology and not settings.is_said("collector", "resources"):
        many = f"say replicas: {ceil(spans / most_spans(COLLECTOR)) + 1}, of which one may be away"
        where = cause(settings, ("collector", "replicas"), ("collector",))
        yield from _too_much(settings, where, ("each gateway", COLLECTOR, spans / said.replicas), many)


def _too_much(settings: Settings, where: Path, what: tuple[str, Sizing, float], hint: str) -> Iterator[Problem]:
    name, sizing, spans = what
    if spans > most_spans(sizing):
        message = f"about {spans:,.0f} spans a second come to {name}, which carries about {most_spans(sizing):,}"
        yield at(settings, TOO_MUCH_FOR_ONE, where, message, hint)


def _tenants(settings: Settings, spans: Mapping[str, float]) -> Iterator[Problem]:
    for index, tenant in enumerate(settings.backend.tenants or ()):
        own = sum(spans[name] for name, each in settings.services.items() if each.tenant == tenant.name)
        bound = size_in_bytes(tenant.limits.bytes_per_second)
        if own * BYTES_PER_SPAN > bound:
            whole: Path = ("backend", "tenants", index)
            path = cause(settings, (*whole, "limits", "bytes_per_second"), (*whole, "limits"), whole)
            message = (
                f"about {own * BYTES_PER_SPAN:,.0f} bytes a second are kept of tenant {tenant.name}, and "
                f"{bound:,} are taken: the rest waits until the queue is full"
            )
            wanted = f"{ceil(2 * own * BYTES_PER_SPAN / 2**20)}Mi"
            yield at(
                settings, ABOVE_A_LIMIT, path, message, f"say limits: {{bytes_per_second: {wanted}}}, twice that"
            )
