"""What somebody may send: nothing of it takes a collector down, and what is redacted is in no byte of the store."""

import gzip
import urllib.error
import zlib
from collections.abc import Iterator, Mapping
from itertools import chain
from pathlib import Path
from typing import Any

import pytest

from programs.running import Event, Running, Span, fetch, read_trace, send_spans, wait_until
from programs.system import System
from support import compiled, one_service

GATEWAY = "otel-gateway"
API = {"service.name": "api"}
#: More than the 20 MiB that a receiver takes.
TOO_MUCH = 32 * 1024 * 1024
PROTOBUF, JSON = {"Content-Type": "application/x-protobuf"}, {"Content-Type": "application/json"}
GZIP = {"Content-Encoding": "gzip"}
#: Requests that no service means to send: a body, and its headers; and those that are too large are made when sent.
HOSTILE: Mapping[str, tuple[bytes, Mapping[str, str]]] = {
    "no protobuf": (b"\xff" * 1000, PROTOBUF),
    "a length beyond the end": (b"\x0a\xff\xff\xff\xff\x07", PROTOBUF),
    "no JSON": (b"{", JSON),
    "JSON of another form": (b'{"resourceSpans": {"a": [1]}}', JSON),
    "JSON nested deeply": (b'{"a":' * 100_000, JSON),
    "an id of no length": (b'{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"ab","spanId":""}]}]}]}', JSON),
    "another kind": (b"a=b", {"Content-Type": "application/x-www-form-urlencoded"}),
    "no gzip": (b"no gzip", {**PROTOBUF, **GZIP}),
    "gzip cut off": (gzip.compress(b"\x0a" * 10_000, mtime=0)[:40], {**PROTOBUF, **GZIP}),
}
#: The most memory of the collector while it refuses them; it is limited to 512 MiB in its container.
MOST_MEMORY = 512 * 1024 * 1024


def too_large() -> Iterator[tuple[str, tuple[bytes, Mapping[str, str]]]]:
    """Requests that are too large, one of them a gibibyte once it is decompressed."""
    yield "too much", (b"\x0a" * TOO_MUCH, PROTOBUF)
    packer, piece = zlib.compressobj(1, wbits=31), bytes(TOO_MUCH)
    packed = b"".join([*(packer.compress(piece) for _ in range(32)), packer.flush()])
    yield "too much, compressed", (packed, {**PROTOBUF, **GZIP})


def system(folder: Path, **said: Any) -> System:
    """Collector and Jaeger with what is said beside them."""
    run = folder / "run"
    run.mkdir()
    return System(compiled(folder, one_service(**said)), run, {})


def door(rendered: System) -> str:
    return f"http://{rendered.address(GATEWAY, 'otlp-http')}"


def stored(rendered: System, trace_id: str) -> None:
    """Waits until Jaeger has the trace."""
    wait_until(lambda: read_trace(f"http://{rendered.address('jaeger', 'ui')}", trace_id))


def peak(running: Running) -> int:
    """The most memory that a process had, in bytes."""
    status = Path(f"/proc/{running.pid}/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) * 1024


def test_malformed_and_oversized_requests_are_refused_and_change_nothing(
    tmp_path: Path, jaeger: Path, collector: Path
) -> None:
    rendered = system(tmp_path, backend={"type": "jaeger", "storage": "memory"})
    with rendered.up("jaeger", jaeger), rendered.up(GATEWAY, collector) as running:
        for name, (body, headers) in chain(HOSTILE.items(), too_large()):
            with pytest.raises((urllib.error.HTTPError, ConnectionError, urllib.error.URLError)) as refused:
                fetch(f"{door(rendered)}/v1/traces", body, headers)
            if isinstance(refused.value, urllib.error.HTTPError):
                assert 400 <= refused.value.code < 500, name
            span = Span(f"after {name}")
            send_spans(door(rendered), API, [span])
            stored(rendered, span.trace_id)
        assert peak(running) < MOST_MEMORY


KEY, MAIL, CARD = "key-4711-planted", "ann.planted@mail.example", "4111 1111 1111 1111"
RULES: Mapping[str, dict[str, Any]] = {
    KEY: {"keys": ["user.id"]},
    MAIL: {"patterns": ["email"]},
    CARD: {"patterns": ["credit_card"]},
}


def planted() -> Span:
    """All of it in every place that a span has for texts."""
    text = f"of {MAIL} with {CARD}"
    data = {"user.id": KEY, "text": text, "quoted": f'{{"mail": "{MAIL}"}}'}
    return Span(f"GET /{text}", attributes=data, events=(Event(text, data),), status=2, status_message=text)


@pytest.mark.parametrize("left_out", ["", KEY, MAIL, CARD], ids=["every rule", "no key", "no mail", "no card"])
def test_what_is_redacted_is_in_no_byte_of_the_store(
    tmp_path: Path, jaeger: Path, collector: Path, left_out: str
) -> None:
    """And what has no rule is there, in clear bytes: else its absence would prove nothing."""
    redact: dict[str, list[str]] = {"keys": [], "patterns": []}
    for value, rule in RULES.items():
        for kind, names in rule.items():
            redact[kind] += [] if value == left_out else names
    said = {kind: names for kind, names in redact.items() if names}
    rendered = system(tmp_path, backend={"type": "jaeger", "storage": "badger"}, collector={"redact": said})
    span = planted()
    with rendered.up("jaeger", jaeger), rendered.up(GATEWAY, collector):
        send_spans(door(rendered), {**API, "user.id": KEY, "text": span.status_message}, [span])
        stored(rendered, span.trace_id)
        found = bytes_below(tmp_path / "run")
    assert bytes.fromhex(span.trace_id) in found
    assert [value for value in RULES if value.encode() in found] == ([left_out] if left_out else [])


def bytes_below(folder: Path) -> bytes:
    """All that Badger and the queue of the collector have written, configurations and logs too."""
    files = (file for file in sorted(folder.rglob("*")) if file.is_file())
    return b"".join(file.read_bytes() for file in files)
