"""Where spans are sent: the backend of the rendered system, or endpoints that somebody else runs."""

from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple
from urllib.parse import urlsplit

from tracegen.build.references import literal_or_secret
from tracegen.build.security import client_tls
from tracegen.catalogue import Catalogue, Delivery
from tracegen.decide import Settings
from tracegen.decide.records import Reference, Tls
from tracegen.system import Backend, Certificates, ClientTls, Destination, IngestAuth, Text, Tier

OTLP_PORTS = {"grpc": 4317, "http": 4318}


def backend_destinations(
    settings: Settings, packs: Catalogue, backend: Backend, certificates: Certificates | None
) -> tuple[Destination, ...]:
    """Where the last collector sends spans: one destination, or one a tenant."""
    pack = packs.backends[backend.type]
    if pack.runs_elsewhere:
        said = settings.backend
        assert said.endpoint and said.protocol, "the schema wants them"
        where = _Outside("backend", said.endpoint, said.protocol, said.headers or {}, said.tls)
        return (_outside(settings.name, where),)
    names = [tenant.name for tenant in backend.tenants]
    # Behind Kafka the answer comes from the broker, whatever the storage takes.
    delivery = packs.storages[backend.storage.type].delivery if backend.mode != "scalable" else Delivery()
    return tuple(
        Destination(
            name=f"{backend.type}-{tenant}" if tenant else backend.type,
            protocol="grpc",
            host=pack.otlp_host[backend.mode],
            port=OTLP_PORTS["grpc"],
            secure=certificates is not None,
            headers={pack.tenant_header: (tenant,)} if tenant else {},
            tls=_inside_tls(certificates),
            balanced=backend.mode == "scalable" or (backend.replicas is not None and backend.replicas > 1),
            tenant=tenant,
            delivery=delivery,
        )
        for tenant in names or [""]
    )


def further_destinations(settings: Settings) -> tuple[Destination, ...]:
    """`collector.also`."""
    return tuple(
        _outside(settings.name, _Outside(each.name, each.endpoint, each.protocol, each.headers, each.tls))
        for each in settings.collector.also
    )


def tier_destination(tier: Tier, protocol: str, certificates: Certificates | None, auth: IngestAuth) -> Destination:
    """How a tier is reached by who sends to it; each of several that decide on whole traces by its own address."""
    headers: Mapping[str, Text] = {"authorization": auth.header} if auth.kind != "none" else {}
    by_trace = tier.tail is not None and tier.replicas > 1
    tls = _inside_tls(certificates)
    return Destination(
        name=tier.role,
        protocol=protocol,
        host=tier.component,
        port=OTLP_PORTS[protocol],
        secure=certificates is not None,
        headers=headers if tier.guarded else {},
        tls=replace(tls, server_name=tier.component) if tls and by_trace else tls,
        balanced=tier.replicas > 1 and not by_trace,
        by_trace=by_trace,
    )


def _inside_tls(certificates: Certificates | None) -> ClientTls | None:
    return ClientTls(ca=certificates.ca) if certificates else None


class _Outside(NamedTuple):
    """An endpoint that somebody else runs."""

    name: str
    endpoint: str
    protocol: str
    headers: Mapping[str, str | Reference]
    tls: Tls | None


def _outside(project: str, said: _Outside) -> Destination:
    url = urlsplit(said.endpoint if "://" in said.endpoint else f"https://{said.endpoint}")
    secure = url.scheme == "https"
    return Destination(
        name=said.name,
        protocol=said.protocol,
        host=url.hostname or "",
        port=url.port or {True: 443, False: 80}[secure],
        secure=secure,
        inside=False,
        path=url.path.rstrip("/"),
        headers={key: literal_or_secret(value, project) for key, value in said.headers.items()},
        tls=client_tls(said.tls, project),
    )
