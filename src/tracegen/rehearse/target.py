"""Where spans are sent: an address, and one that takes a request there."""

import contextlib
import http.client
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlsplit

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)

if TYPE_CHECKING:
    import grpc

SECONDS = 10
METHOD = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"
_PORTS = {"http": 4318, "https": 4318, "grpc": 4317, "grpcs": 4317}
#: "Try again": https://opentelemetry.io/docs/specs/otlp/#retryable-response-codes
_AGAIN = (429, 502, 503, 504)
_AGAIN_GRPC = ("UNAVAILABLE", "RESOURCE_EXHAUSTED", "ABORTED", "DEADLINE_EXCEEDED", "CANCELLED", "DATA_LOSS")


class BadAddress(ValueError):
    """A text that is no address of a receiver."""


class Unreachable(Exception):
    """Nobody can take spans there, now or later; the text says why, `hint` what helps."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class TryAgain(Exception):
    """The receiver has no room now."""


@dataclass(frozen=True, slots=True)
class Target:
    """An address of a receiver, and what is shown there.

    `ca` is the file of an authority, empty for the system's; `name` is in the certificate if the host is not.
    """

    scheme: str
    host: str
    port: int
    path: str = "/v1/traces"
    headers: Mapping[str, str] = field(default_factory=dict)
    ca: str = ""
    name: str = ""

    @property
    def secure(self) -> bool:
        """Whether the connection is encrypted."""
        return self.scheme in ("https", "grpcs")

    def __str__(self) -> str:
        return f"{self.scheme}://{self.host}:{self.port}{self.path if self.scheme.startswith('http') else ''}"


class Sender(Protocol):
    """Takes requests to one target."""

    def send(self, message: ExportTraceServiceRequest) -> int:
        """Send, and return how many spans were rejected. Raises Unreachable or TryAgain."""

    def close(self) -> None:
        """Hang up."""


def parse(text: str) -> Target:
    """`host:port`, or a URL with http, https, grpc or grpcs. Raises BadAddress."""
    parts = urlsplit(text if "://" in text else f"http://{text}")
    if parts.scheme not in _PORTS:
        raise BadAddress(f"{text!r} begins with none of {', '.join(f'{each}://' for each in _PORTS)}")
    try:
        port = parts.port
    except ValueError:
        raise BadAddress(f"{text!r} has no port that exists") from None
    if not parts.hostname:
        raise BadAddress(f"{text!r} names no host")
    path = parts.path.rstrip("/")
    path = path if path.endswith("/v1/traces") else f"{path}/v1/traces"
    return Target(parts.scheme, parts.hostname, port or _PORTS[parts.scheme], path)


def sender(target: Target) -> Sender:
    """Who speaks the target's protocol."""
    return _Grpc(target) if target.scheme.startswith("grpc") else _Http(target)


class _Http:
    def __init__(self, target: Target) -> None:
        self._target = target
        self._connection: http.client.HTTPConnection | None = None

    def send(self, message: ExportTraceServiceRequest) -> int:
        status, body = self._answer(message.SerializeToString())
        if status in _AGAIN:
            raise TryAgain(f"{self._target} answers {status}")
        if status in (401, 403):
            hint = "its credentials are those of security.ingest_auth; set their variables, or give --header"
            raise Unreachable(f"{self._target} refuses these credentials ({status})", hint)
        if status // 100 != 2:
            words = body[:200].decode(errors="replace").strip()
            hint = "is it a receiver of OTLP over HTTP? its port is 4318 by default"
            raise Unreachable(f"{self._target} answers {status}: {words}", hint)
        answer = ExportTraceServiceResponse()
        with contextlib.suppress(Exception):  # a receiver that says nothing took all of it
            answer.ParseFromString(body)
        return answer.partial_success.rejected_spans

    def close(self) -> None:
        if self._connection:
            self._connection.close()

    def _answer(self, body: bytes) -> tuple[int, bytes]:
        headers = {"Content-Type": "application/x-protobuf", **self._target.headers}
        for attempt in (1, 2):
            fresh = self._connection is None
            try:
                self._connection = self._connection or self._connect()
                self._connection.request("POST", self._target.path, body, headers)
                answer = self._connection.getresponse()
                return answer.status, answer.read()
            except (OSError, http.client.HTTPException) as error:
                self.close()
                self._connection = None
                # The other side may hang up between two requests: once more then.
                if fresh or attempt == 2:
                    raise self._why(error) from error
        raise AssertionError("unreachable")

    def _connect(self) -> http.client.HTTPConnection:
        if not self._target.secure:
            return http.client.HTTPConnection(self._target.host, self._target.port, timeout=SECONDS)
        context = ssl.create_default_context(cafile=self._target.ca or None)
        return _Named(self._target, context)

    def _why(self, error: Exception) -> Exception:
        if isinstance(error, ConnectionRefusedError):
            return _nobody(self._target)
        if isinstance(error, ssl.SSLCertVerificationError):
            return Unreachable(f"the certificate of {self._target} is not accepted: {error.verify_message}")
        if isinstance(error, ssl.SSLError):
            return Unreachable(f"{self._target} does not speak TLS", "try http:// instead of https://")
        if isinstance(error, (http.client.BadStatusLine, http.client.RemoteDisconnected, ConnectionResetError)):
            hint = "a gRPC port takes --to grpc://…, one with TLS --to https://…"
            return Unreachable(f"{self._target} does not answer in HTTP/1.1", hint)
        if isinstance(error, TimeoutError):
            return TryAgain(f"{self._target} does not answer within {SECONDS} s")
        return Unreachable(f"{self._target}: {error}")


class _Named(http.client.HTTPSConnection):
    """A connection whose certificate may be for another name than the host."""

    def __init__(self, target: Target, context: ssl.SSLContext) -> None:
        super().__init__(target.host, target.port, timeout=SECONDS, context=context)
        self._name, self._tls = target.name or target.host, context

    def connect(self) -> None:
        http.client.HTTPConnection.connect(self)
        self.sock = self._tls.wrap_socket(self.sock, server_hostname=self._name)


class _Grpc:
    def __init__(self, target: Target) -> None:
        import grpc

        self._target = target
        address = f"{target.host}:{target.port}"
        # Proxies of the environment have no business here, and a large answer is none.
        options: list[tuple[str, int | str]] = [("grpc.enable_http_proxy", 0)]
        options += [("grpc.ssl_target_name_override", target.name)] if target.name and target.secure else []
        if target.secure:
            authority = None
            if target.ca:
                with open(target.ca, "rb") as file:  # noqa: PTH123 # a path of the command line
                    authority = file.read()
            self._channel: grpc.Channel = grpc.secure_channel(
                address, grpc.ssl_channel_credentials(authority), options
            )
        else:
            self._channel = grpc.insecure_channel(address, options)
        self._export = self._channel.unary_unary(
            METHOD,
            request_serializer=ExportTraceServiceRequest.SerializeToString,
            response_deserializer=ExportTraceServiceResponse.FromString,
        )

    def send(self, message: ExportTraceServiceRequest) -> int:
        import grpc

        metadata = tuple((name.lower(), value) for name, value in self._target.headers.items())
        try:
            answer = self._export(message, timeout=SECONDS, metadata=metadata)
        except grpc.RpcError as error:
            raise self._why(error) from error
        return int(answer.partial_success.rejected_spans)

    def close(self) -> None:
        self._channel.close()

    def _why(self, error: "grpc.RpcError") -> Exception:
        code, details = error.code().name, error.details() or ""
        if "Connection refused" in details:
            return _nobody(self._target)
        if code == "UNAUTHENTICATED":
            return Unreachable(f"{self._target} refuses these credentials", "give --header, or set the variables")
        if code == "UNAVAILABLE" and ("handshake" in details or "settings frame" in details or "HTTP2" in details):
            return Unreachable(f"{self._target} does not speak gRPC: {details}", "a port of HTTP takes --to http://…")
        if code in _AGAIN_GRPC:
            return TryAgain(f"{self._target}: {code} {details}")
        return Unreachable(f"{self._target}: {code} {details}")


def _nobody(target: Target) -> Unreachable:
    hint = (
        "`tracegen view` receives there and shows what comes; or `docker compose up` starts the rendered system, "
        "whose collector this machine reaches with `compose: {publish: [ui, otlp]}`; --to names another address"
    )
    return Unreachable(f"nothing listens on {target.host}:{target.port}", hint)
