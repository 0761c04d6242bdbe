"""Certificates and ingest authentication of the Model."""

from dataclasses import replace
from typing import Any

from tracegen.resolve.decider import Decider
from tracegen.resolve.references import literal_or_secret, secret
from tracegen.system import Certificates, ClientTls, IngestAuth, Secret, text

#: Ends the name of the variable that holds base64 of `username:password`, which no file can compute.
BASIC_SUFFIX = "_BASIC"


def resolve_certificates(decider: Decider) -> Certificates | None:
    """The servers' certificates, or None when hops are not encrypted."""
    project = decider.spec.value["name"]
    if not decider.take(("security", "tls", "enabled"), False, "the network between the parts is trusted"):
        return None
    said: dict[str, Any] = decider.spec.get("security", "tls")
    manager = said.get("cert_manager", {})
    files = {"ca": "ca.crt", "cert": "tls.crt", "key": "tls.key"}
    found = {key: _certificate(said.get(key), file, project, bool(manager)) for key, file in files.items()}
    return Certificates(
        ca=found["ca"],
        cert=found["cert"],
        key=found["key"],
        issuer=manager.get("issuer", ""),
        issuer_kind=manager.get("kind", "ClusterIssuer"),
    )


def _certificate(said: Any, file: str, project: str, is_made: bool) -> Secret:
    """As said; on Kubernetes what cert-manager makes wins, in a Secret of its own."""
    found = secret(said, project) if said else Secret(variable="", name="", key="")
    return replace(found, name=f"{project}-tls", key=file) if is_made else found


def resolve_ingest(decider: Decider) -> IngestAuth:
    """What services show to send spans."""
    project = decider.spec.value["name"]
    said = decider.take(("security", "ingest_auth"), "none", "only what is in the network can send")
    if said == "none" or not isinstance(said, dict):
        return IngestAuth("none")
    if "bearer" in said:
        token = secret(said["bearer"], project)
        return IngestAuth("bearer", secret=token, header=text("Bearer ", token))
    password = secret(said["basic"]["password"], project)
    username = literal_or_secret(said["basic"]["username"], project)
    encoded = Secret(f"{password.variable}{BASIC_SUFFIX}", password.name, f"{password.key}{BASIC_SUFFIX}")
    return IngestAuth("basic", username=username, secret=password, header=text("Basic ", encoded))


def client_tls(said: dict[str, Any] | None, project: str) -> ClientTls | None:
    """How a server that somebody else runs is verified, from a `tls` of the spec."""
    if said is None:
        return None
    ca = said.get("ca")
    return ClientTls(
        ca=secret({"file": ca} if isinstance(ca, str) else ca, project) if ca else None,
        cert=secret(said["cert"], project) if "cert" in said else None,
        key=secret(said["key"], project) if "key" in said else None,
        server_name=said.get("server_name", ""),
    )
