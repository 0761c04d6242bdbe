"""Certificates in the files: a handshake between both sides, in memory."""

import shlex
import ssl
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from tracegen.doctor.finding import Finding
from tracegen.doctor.program import first_hop

if TYPE_CHECKING:
    from tracegen.doctor.address import Address
    from tracegen.doctor.context import Context
    from tracegen.doctor.receivers import Listener
    from tracegen.doctor.world import Unit

#: https://docs.openssl.org/master/man3/X509_STORE_CTX_get_error/
_WHY = {
    9: "is not valid yet",
    10: "has expired",
    18: "is signed by itself, and not by the authority that is trusted",
    19: "is signed by an authority that is not trusted",
    20: "is signed by an authority that is not trusted",
    21: "is signed by an authority that is not trusted",
    62: "is not for that name",
    64: "is not for that address",
}


def handshake(context: "Context", address: "Address", unit: "Unit", found: "Listener") -> Iterator[Finding]:
    """Whether the sender accepts what the receiver shows; silent where a file is not on this machine."""
    assert unit.config is not None
    cert = _here(context, unit, str(unit.config.at(*found.path, "tls", "cert_file") or ""))
    key = _here(context, unit, str(unit.config.at(*found.path, "tls", "key_file") or ""))
    authority = _here(context, address.source, address.ca)
    where = unit.config.mark(*found.path, "tls", "cert_file")
    for each in ("cert_file", "key_file"):
        if gone := _gone(context, unit, str(unit.config.at(*found.path, "tls", each) or "")):
            yield context.finding(first_hop(unit.program), where, f"{gone} is not there: {unit.name} does not start")
            return
    if gone := _gone(context, address.source, address.ca):
        words = f"{gone} is not there: {address.source.name} trusts no authority"
        yield context.finding(address.hop, address.mark, words)
    if not (cert and key and authority and address.verified):
        return
    name = address.server_name or address.host
    server, words = certificate_problem(cert, key, authority, name)
    if words:
        hop = first_hop(unit.program) if server else address.hop
        text = f"{_short(context, cert)} {words}" if server else words
        broken = context.finding(hop, where if server else address.mark, f"{text} (its name is {name})")
        shown = "openssl x509 -noout -subject -issuer -dates -ext subjectAltName -in"
        yield replace(broken, command=f"{shown} {shlex.quote(str(cert if server else authority))}")


def certificate_problem(cert: Path, key: Path, authority: Path, name: str) -> tuple[bool, str]:
    """Whether it is the server's certificate, and what is wrong with it; empty when nothing is."""
    try:
        server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        server.load_cert_chain(cert, key)
    except (ssl.SSLError, OSError) as error:
        return True, f"and {key.name} cannot be used: {getattr(error, 'reason', None) or error}"
    try:
        client = ssl.create_default_context(cafile=str(authority))
    except (ssl.SSLError, OSError) as error:
        return False, f"{authority.name} is no certificate of an authority: {getattr(error, 'reason', None) or error}"
    try:
        _shake(server, client, name)
    except ssl.SSLCertVerificationError as error:
        return True, _WHY.get(error.verify_code, f"is not accepted: {error.verify_message}")
    except ssl.SSLError as error:
        return True, f"is not accepted: {error.reason}"
    return True, ""


def why(error: ssl.SSLCertVerificationError) -> str:
    """What is wrong with a certificate, after the words "the certificate"."""
    return _WHY.get(error.verify_code, f"is not accepted: {error.verify_message}")


def _shake(server: ssl.SSLContext, client: ssl.SSLContext, name: str) -> None:
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    sides = [
        client.wrap_bio(to_client, to_server, server_hostname=name),
        server.wrap_bio(to_server, to_client, server_side=True),
    ]
    for _ in range(10):
        for side in list(sides):
            try:
                side.do_handshake()
                sides.remove(side)
            except ssl.SSLWantReadError:
                continue
        if not sides:
            return


def _here(context: "Context", unit: "Unit", path: str) -> Path | None:
    """The file of this machine that a container has at a path."""
    found = unit.mount_of(path) if path else None
    if found is None or found[1].kind not in ("bind", "secret") or not found[1].source:
        return None
    below = path[len(found[0]) :].lstrip("/")
    file = context.world.folder / found[1].source / below if below else context.world.folder / found[1].source
    return file if file.is_file() else None


def _gone(context: "Context", unit: "Unit", path: str) -> str:
    """A file that is missing among others that are there; a whole folder may be on another machine."""
    found = unit.mount_of(path) if path else None
    if found is None or found[1].kind not in ("bind", "secret") or not found[1].source:
        return ""
    below = path[len(found[0]) :].lstrip("/")
    file = context.world.folder / found[1].source / below if below else context.world.folder / found[1].source
    others = file.parent != context.world.folder and file.parent.is_dir() and any(file.parent.glob("*.*"))
    return _short(context, file) if others and not file.exists() else ""


def _short(context: "Context", file: Path) -> str:
    return (
        file.relative_to(context.world.folder).as_posix() if file.is_relative_to(context.world.folder) else file.name
    )
