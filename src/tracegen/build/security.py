"""Certificates and ingest authentication of the System."""

from dataclasses import replace

from tracegen.build.references import literal_or_secret, mounted, secret
from tracegen.decide import Settings
from tracegen.decide.records import Reference, Tls
from tracegen.system import Certificates, ClientTls, IngestAuth, Secret, text

#: Ends the name of the variable that holds base64 of `username:password`, which no file can compute.
BASIC_SUFFIX = "_BASIC"


def certificates_of(settings: Settings) -> Certificates | None:
    """The servers' certificates, or None when hops are not encrypted."""
    said, project = settings.security.tls, settings.name
    if not said.enabled:
        return None
    manager = said.cert_manager
    return Certificates(
        ca=_certificate(said.ca, "ca.crt", project, manager is not None),
        cert=_certificate(said.cert, "tls.crt", project, manager is not None),
        key=_certificate(said.key, "tls.key", project, manager is not None),
        issuer=manager.issuer if manager else "",
        issuer_kind=manager.kind if manager else "",
    )


def _certificate(said: Reference | None, file: str, project: str, is_made: bool) -> Secret:
    """As said; on Kubernetes what cert-manager makes wins, in a Secret of its own."""
    found = secret(said, project) if said else Secret(variable="", name="", key="")
    return replace(found, name=f"{project}-tls", key=file) if is_made else found


def ingest_of(settings: Settings) -> IngestAuth:
    """What services show to send spans."""
    said, project = settings.security.ingest_auth, settings.name
    if isinstance(said, str):
        return IngestAuth("none")
    if said.bearer:
        token = secret(said.bearer, project)
        return IngestAuth("bearer", secret=token, header=text("Bearer ", token))
    assert said.basic, "the schema demands one of the two"
    password = secret(said.basic.password, project)
    username = literal_or_secret(said.basic.username, project)
    encoded = Secret(f"{password.variable}{BASIC_SUFFIX}", password.name, f"{password.key}{BASIC_SUFFIX}")
    return IngestAuth("basic", username=username, secret=password, header=text("Basic ", encoded))


def client_tls(said: Tls | None, project: str) -> ClientTls | None:
    """How a server that somebody else runs is verified, from a `tls` of the spec."""
    if said is None:
        return None
    ca = mounted(said.ca, project) if isinstance(said.ca, str) else secret(said.ca, project) if said.ca else None
    return ClientTls(
        ca=ca,
        cert=secret(said.cert, project) if said.cert else None,
        key=secret(said.key, project) if said.key else None,
        server_name=said.server_name or "",
    )
