"""Sends spans the way Zipkin's and Jaeger's own clients did: JSON, Thrift over HTTP and UDP, gRPC.

Sources: https://zipkin.io/zipkin-api/zipkin2-api.yaml and https://github.com/jaegertracing/jaeger-idl
"""

from __future__ import annotations

import json
import socket
import struct
from collections.abc import Callable, Mapping

from programs.running import Span, fetch

# Thrift's types in the binary protocol, and in the compact one.
_I32, _I64, _STRING, _STRUCT, _LIST = 8, 10, 11, 12, 15
_COMPACT = {_I32: 5, _I64: 6, _STRING: 8, _STRUCT: 12, _LIST: 9}


def send_zipkin(address: str, service: str, span: Span, headers: Mapping[str, str] | None = None) -> None:
    """One span as Zipkin's JSON, version 2."""
    body = [
        {
            "traceId": span.trace_id,
            "id": span.span_id,
            "name": span.name,
            "timestamp": span.start // 1_000,
            "duration": span.duration // 1_000,
            "localEndpoint": {"serviceName": service},
            "tags": {key: str(value) for key, value in span.attributes.items()},
        }
    ]
    content = {"Content-Type": "application/json", **(headers or {})}
    fetch(f"http://{address}/api/v2/spans", json.dumps(body).encode(), content)


def send_jaeger_http(address: str, service: str, span: Span, headers: Mapping[str, str] | None = None) -> None:
    """One span as Thrift's binary protocol over HTTP."""
    content = {"Content-Type": "application/x-thrift", **(headers or {})}
    fetch(f"http://{address}/api/traces?format=jaeger.thrift", _Binary().struct(_batch(service, span)), content)


def send_jaeger_udp(address: str, service: str, span: Span) -> None:
    """One span as Thrift's compact protocol in a datagram, as clients send to an agent."""
    compact = _Compact()
    name = b"emitBatch"
    # Protocol, kind (one way) and version, sequence number, name; then the arguments.
    message = b"\x82\x81\x00" + _varint(len(name)) + name
    message += compact.struct([(1, _STRUCT, _batch(service, span))])
    host, _, port = address.rpartition(":")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.sendto(message, (host, int(port)))


def send_jaeger_grpc(address: str, service: str, span: Span) -> None:
    """One span over gRPC, with just enough of HTTP/2 to send one request and wait for the end of its answer."""
    call = _proto(1, _proto(1, _proto_span(span)) + _proto(2, _proto(1, service.encode())))
    host, _, port = address.rpartition(":")
    with socket.create_connection((host, int(port)), timeout=10) as client:
        client.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + _frame(4, 0, 0, b""))
        client.sendall(_frame(1, 4, 1, _headers(address)))
        client.sendall(_frame(0, 1, 1, b"\x00" + struct.pack(">I", len(call)) + call))
        _wait_for_end(client)


Field = tuple[int, int, object]


def _batch(service: str, span: Span) -> list[Field]:
    return [(1, _STRUCT, [(1, _STRING, service.encode())]), (2, _LIST, [_thrift_span(span)])]


def _thrift_span(span: Span) -> list[Field]:
    high, low = (int(span.trace_id[half : half + 16], 16) for half in (0, 16))
    tags = [
        [(1, _STRING, key.encode()), (2, _I32, 0), (3, _STRING, str(value).encode())]
        for key, value in span.attributes.items()
    ]
    return [
        (1, _I64, _signed(low)),
        (2, _I64, _signed(high)),
        (3, _I64, _signed(int(span.span_id, 16))),
        (4, _I64, 0),
        (5, _STRING, span.name.encode()),
        (7, _I32, 1),
        (8, _I64, span.start // 1_000),
        (9, _I64, span.duration // 1_000),
        (10, _LIST, tags),
    ]


def _signed(number: int) -> int:
    return number - (1 << 64) if number >> 63 else number


class _Binary:
    """Thrift's binary protocol; lists are of structs only."""

    def struct(self, fields: list[Field]) -> bytes:
        head = (struct.pack(">bh", kind, number) + self.value(kind, value) for number, kind, value in fields)
        return b"".join(head) + b"\x00"

    def value(self, kind: int, value: object) -> bytes:
        writers: dict[int, Callable[..., bytes]] = {
            _I32: lambda number: struct.pack(">i", number),
            _I64: lambda number: struct.pack(">q", number),
            _STRING: lambda text: struct.pack(">i", len(text)) + text,
            _STRUCT: self.struct,
            _LIST: lambda items: struct.pack(">bi", _STRUCT, len(items)) + b"".join(map(self.struct, items)),
        }
        return writers[kind](value)


class _Compact:
    """Thrift's compact protocol; lists are of structs only, fields less than 16 apart."""

    def struct(self, fields: list[Field]) -> bytes:
        written, last = b"", 0
        for number, kind, value in fields:
            written += bytes([(number - last) << 4 | _COMPACT[kind]]) + self.value(kind, value)
            last = number
        return written + b"\x00"

    def value(self, kind: int, value: object) -> bytes:
        writers: dict[int, Callable[..., bytes]] = {
            _I32: lambda number: _varint(number << 1 ^ number >> 31),
            _I64: lambda number: _varint((number << 1 ^ number >> 63) & (1 << 64) - 1),
            _STRING: lambda text: _varint(len(text)) + text,
            _STRUCT: self.struct,
            _LIST: lambda items: bytes([len(items) << 4 | _COMPACT[_STRUCT]]) + b"".join(map(self.struct, items)),
        }
        return writers[kind](value)


def _varint(number: int) -> bytes:
    written = b""
    while number > 127:
        written += bytes([number & 127 | 128])
        number >>= 7
    return written + bytes([number])


def _proto(number: int, value: bytes | int) -> bytes:
    if isinstance(value, int):
        return _varint(number << 3) + _varint(value)
    return _varint(number << 3 | 2) + _varint(len(value)) + value


def _proto_span(span: Span) -> bytes:
    tags = (
        _proto(8, _proto(1, key.encode()) + _proto(3, str(value).encode())) for key, value in span.attributes.items()
    )
    return (
        _proto(1, bytes.fromhex(span.trace_id))
        + _proto(2, bytes.fromhex(span.span_id))
        + _proto(3, span.name.encode())
        + _proto(6, _proto_time(span.start))
        + _proto(7, _proto_time(span.duration))
        + b"".join(tags)
    )


def _proto_time(nanoseconds: int) -> bytes:
    seconds, rest = divmod(nanoseconds, 1_000_000_000)
    return _proto(1, seconds) + _proto(2, rest)


def _headers(address: str) -> bytes:
    """Header fields as literals that are not to be remembered (RFC 7541, 6.2.2)."""
    fields = {
        ":method": "POST",
        ":scheme": "http",
        ":path": "/jaeger.api_v2.CollectorService/PostSpans",
        ":authority": address,
        "content-type": "application/grpc",
        "te": "trailers",
    }
    parts = (bytes([len(each)]) + each.encode() for pair in fields.items() for each in pair)
    texts = list(parts)
    return b"".join(b"\x00" + name + value for name, value in zip(texts[::2], texts[1::2], strict=True))


def _frame(kind: int, flags: int, stream: int, content: bytes) -> bytes:
    return struct.pack(">I", len(content))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + content


def _wait_for_end(client: socket.socket) -> None:
    """Read frames until the one that ends the answer; settings are acknowledged on the way."""
    while True:
        head = _read(client, 9)
        length, kind, flags = int.from_bytes(head[:3], "big"), head[3], head[4]
        _read(client, length)
        if kind == 4 and not flags & 1:
            client.sendall(_frame(4, 1, 0, b""))
        if kind == 1 and flags & 1:
            return
        assert kind not in (3, 7), "the server refused the request"


def _read(client: socket.socket, count: int) -> bytes:
    content = b""
    while len(content) < count:
        more = client.recv(count - len(content))
        assert more, "the server hung up"
        content += more
    return content
