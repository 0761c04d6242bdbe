"""From an address to the receiver behind it: name, port, protocol, encryption, credentials."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import unquote

from tracegen.doctor import settings
from tracegen.doctor.certificates import handshake
from tracegen.doctor.context import Context
from tracegen.doctor.finding import Finding, Mark
from tracegen.doctor.program import first_hop
from tracegen.doctor.receivers import Listener, listeners
from tracegen.doctor.world import Unit


@dataclass(frozen=True, slots=True)
class Address:
    """What a sender is told: `hop` and `mark` are the sender's; `header` what it shows, None when that is not known.

    ca         path of the authority in the sender's container
    verified   whether the sender looks at the certificate
    path       where the sender's requests go over HTTP; empty when that is not known
    certified  whether the sender has a certificate of its own
    """

    source: Unit
    host: str
    port: int
    protocol: str
    secure: bool
    hop: str
    mark: Mark
    ca: str = ""
    server_name: str = ""
    verified: bool = True
    header: str | None = ""
    header_mark: Mark | None = None
    header_hop: str = "environment"
    path: str = ""
    certified: bool = False


@dataclass(frozen=True, slots=True)
class Arrival:
    """Where it leads: the program and receiver, None outside; or what is broken."""

    unit: Unit | None = None
    receiver: str = ""
    broken: tuple[Finding, ...] = ()


def arrive(context: Context, address: Address) -> Arrival:
    """Follow an address. The first thing that is broken is told."""
    route = context.world.route(address.source, address.host, address.port, address.hop, address.mark)
    if route.broken or route.unit is None:
        return Arrival(broken=(route.broken,) if route.broken else ())
    unit = route.unit
    if unit.config is None:
        words = f"{unit.name} takes no spans" if not unit.program else f"what {unit.name} reads is not known"
        broken = () if unit.program else (context.finding(address.hop, address.mark, words),)
        return Arrival(broken=broken)
    found = next((each for each in listeners(unit) if each.port == route.port), None)
    if found is None:
        return Arrival(broken=(_nobody(context, address, unit, route.port),))
    first = next(_problems(context, address, unit, found), None)
    return Arrival(unit, found.receiver, (first,) if first else ())


def _nobody(context: Context, address: Address, unit: Unit, port: int) -> Finding:
    known = list(listeners(unit))
    listed = ", ".join(f"{each.protocol} on {each.port}" for each in known) or "nothing of OTLP"
    words = f"nothing takes OTLP on port {port} of {unit.name}; there is {listed}"
    moved = next((each.mark for each in known if each.protocol == address.protocol), None)
    if unit.config and moved is None:
        moved = unit.config.mark("receivers")
    if moved and not context.edited(address.mark.file) and context.edited(moved.file):
        return context.finding(first_hop(unit.program), moved, words)
    return context.finding(address.hop, address.mark, words)


def _problems(context: Context, address: Address, unit: Unit, found: Listener) -> Iterator[Finding]:
    if found.protocol != address.protocol:
        words = f"{address.protocol} is spoken to port {found.port} of {unit.name}, which takes {found.protocol}"
        mark = context.blamed(address.mark, found.mark)
        yield context.finding(address.hop if mark == address.mark else first_hop(unit.program), mark, words)
    if found.only_itself and address.source.name != unit.name:
        words = f"{unit.name} listens on {found.host}:{found.port}: nobody outside its container reaches that"
        yield context.finding(first_hop(unit.program), found.mark, words)
    if unit.config:
        for mark, words in settings.of_receiver(unit.config, found.path, unit.name):
            yield context.finding(first_hop(unit.program), mark, words)
        yield from _path(context, address, unit, found)
    if found.secure != address.secure:
        yield _one_side(context, address, unit, found)
    elif found.secure and unit.config:
        if unit.config.at(*found.path, "tls", "client_ca_file") and not address.certified:
            words = f"{unit.name} asks for a certificate of who sends (client_ca_file), and none is shown"
            there = unit.config.mark(*found.path, "tls", "client_ca_file")
            mark = context.blamed(there, address.mark)
            yield context.finding(first_hop(unit.program), mark, words)
        yield from handshake(context, address, unit, found)
    yield from _credentials(context, address, unit, found)


def _path(context: Context, address: Address, unit: Unit, found: Listener) -> Iterator[Finding]:
    assert unit.config is not None
    taken = str(unit.config.at(*found.path, "traces_url_path") or "/v1/traces")
    if found.protocol == "http" and address.path and address.path != taken:
        words = f"spans are sent to {address.path}, and {unit.name} takes them at {taken}"
        mark = context.blamed(address.mark, unit.config.mark(*found.path, "traces_url_path"))
        yield context.finding(address.hop if mark == address.mark else first_hop(unit.program), mark, words)


def _one_side(context: Context, address: Address, unit: Unit, found: Listener) -> Finding:
    assert unit.config is not None
    sender, server = ("TLS", "plain text") if address.secure else ("plain text", "TLS")
    words = f"{address.source.name} speaks {sender}, port {found.port} of {unit.name} {server}"
    there = unit.config.mark(*found.path, "tls") if found.secure else found.mark
    mark = context.blamed(address.mark, there)
    return context.finding(address.hop if mark == address.mark else first_hop(unit.program), mark, words)


def _credentials(context: Context, address: Address, unit: Unit, found: Listener) -> Iterator[Finding]:
    if not found.auth or unit.config is None:
        return
    if found.auth not in (unit.config.at("service", "extensions") or []):
        words = f"{unit.name} does not start: {found.auth}, which guards its receiver, is no active extension"
        yield context.finding(first_hop(unit.program), unit.config.mark("service", "extensions"), words)
        return
    mark = address.header_mark or address.mark
    if address.header is None:
        return
    if not address.header:
        words = f"{unit.name} asks for credentials, and no authorization is shown"
        yield context.finding(address.header_hop, mark, words)
        return
    wanted, where = _wanted(unit, found.auth)
    shown = unquote(address.header)
    if wanted is not None and shown != wanted:
        words = f"the authorization that {address.source.name} shows is not the one that {unit.name} asks for"
        blamed = context.blamed(mark, where)
        yield context.finding(address.header_hop if blamed == mark else first_hop(unit.program), blamed, words)


def _wanted(unit: Unit, extension: str) -> tuple[str | None, Mark]:
    """The value of the header that an extension accepts; None when it is not known here."""
    assert unit.config is not None
    path = ("extensions", extension)
    token = unit.config.at(*path, "token")
    mark = unit.config.mark(*path, "token")
    if not isinstance(token, str):
        return None, mark
    value, where = known(unit, token)
    return (f"Bearer {value}" if value is not None else None), where or mark


def known(unit: Unit, text: str) -> tuple[str | None, Mark | None]:
    """A text of a Collector's configuration with the container's variables; None when one is not known."""
    mark = None
    missing = False

    def replaced(match: re.Match[str]) -> str:
        nonlocal mark, missing
        value, where = unit.environment.get(match[1], (None, unit.mark))
        mark, missing = where, missing or value is None
        return value or ""

    value = re.sub(r"\$\{env:(\w+)(?::-[^}]*)?\}", replaced, text)
    return (None if missing else value.replace("$$", "$")), mark
