"""What answers at an address, and in which protocol."""

import http.client
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

from tracegen.doctor.certificates import why

SECONDS = 3.0
#: The begin of HTTP/2, with an empty frame of settings: https://www.rfc-editor.org/rfc/rfc9113#section-3.4
_HTTP2 = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes([0, 0, 0, 4, 0, 0, 0, 0, 0])
_SETTINGS = 4


class BadAt(ValueError):
    """A text that does not say where something is reached."""


@dataclass(frozen=True, slots=True)
class Answer:
    """`protocol` is http, grpc, tls or something else; empty when nobody listens, and `words` say why."""

    protocol: str
    words: str = ""


def parse_at(texts: tuple[str, ...]) -> dict[tuple[str, int], str]:
    """`NAME:PORT=HOST:PORT` each. Raises BadAt."""
    found = {}
    for text in texts:
        there, sign, here = text.partition("=")
        name, _, port = there.rpartition(":")
        if not (sign and name and port.isdecimal() and here.rpartition(":")[2].isdecimal()):
            raise BadAt(f"{text!r}: write it as otel-gateway:4318=127.0.0.1:14318")
        found[name, int(port)] = here
    return found


def asked(address: str) -> Answer:
    """Who answers there: HTTP/1.1 is tried first, then HTTP/2 without TLS, then TLS."""
    try:
        first = _exchange(address, b"GET / HTTP/1.1\r\nHost: doctor\r\nConnection: close\r\n\r\n")
    except OSError as error:
        return Answer("", error.strerror or str(error))
    if first.startswith(b"HTTP/1.") and b"HTTP request to an HTTPS server" not in first:
        return Answer("http")
    if first[:1] == b"\x15" or b"HTTP request to an HTTPS server" in first:
        return Answer("tls")
    try:
        second = _exchange(address, _HTTP2)
    except OSError as error:
        return Answer("other", str(error))
    if len(second) > _SETTINGS - 1 and second[3:4] == bytes([_SETTINGS]):
        return Answer("grpc")
    return Answer("tls" if _speaks_tls(address) else "other")


def certificate(address: str, authority: str, name: str) -> str:
    """What is wrong with the certificate that is shown there; empty when nothing is. Raises OSError."""
    context = ssl.create_default_context(cafile=authority or None)
    try:
        with _connected(address) as plain, context.wrap_socket(plain, server_hostname=name):
            return ""
    except ssl.SSLCertVerificationError as error:
        return why(error)
    except ssl.SSLError as error:
        return f"cannot be looked at: {error.reason}"


def clock(address: str, now: float) -> float:
    """Seconds by which the clock of an HTTP server is ahead of ours; 0 when it does not tell."""
    host, port = _parts(address)
    connection = http.client.HTTPConnection(host, port, timeout=SECONDS)
    try:
        connection.request("GET", "/")
        date = connection.getresponse().getheader("Date")
        return parsedate_to_datetime(date).timestamp() - now if date else 0.0
    except (OSError, http.client.HTTPException, ValueError):
        return 0.0
    finally:
        connection.close()


def open_port(address: str) -> str:
    """Empty when somebody listens there, else why not."""
    try:
        _connected(address).close()
    except OSError as error:
        return error.strerror or str(error)
    return ""


def get(address: str, path: str, headers: Mapping[str, str] | None = None) -> tuple[int, bytes]:
    """A page. Raises OSError or http.client.HTTPException."""
    host, port = _parts(address)
    connection = http.client.HTTPConnection(host, port, timeout=SECONDS)
    try:
        connection.request("GET", path, headers=dict(headers or {}))
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def _speaks_tls(address: str) -> bool:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    try:
        with _connected(address) as plain, context.wrap_socket(plain):
            return True
    except OSError:
        return False


def _exchange(address: str, sent: bytes) -> bytes:
    with _connected(address) as connection:
        connection.sendall(sent)
        try:
            return connection.recv(512)
        except (TimeoutError, ConnectionResetError):
            return b""


def _connected(address: str) -> socket.socket:
    return socket.create_connection(_parts(address), timeout=SECONDS)


def _parts(address: str) -> tuple[str, int]:
    host, _, port = address.rpartition(":")
    return host.strip("[]"), int(port)
