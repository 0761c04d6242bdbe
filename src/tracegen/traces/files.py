"""Files with traces to batches: what a file holds is seen from its first bytes, not from its name.

- OTLP as JSON, traces and logs: one document, or one a line, as the Collector's file exporter writes (`format: json`)
- OTLP as protobuf: one message; or messages, each with its length in front, in 4 bytes as the file exporter has it
  (`format: proto`), or as a varint
- what Jaeger's and Tempo's addresses answer
- any of them in gzip or zstd; also messages that the file exporter compressed one by one
"""

import gzip
import io
import mmap
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

from tracegen.traces import protobuf
from tracegen.traces.batches import Batch
from tracegen.traces.jaeger_json import of_trace
from tracegen.traces.json_text import JsonText
from tracegen.traces.otlp_json import OtlpJson
from tracegen.traces.values import BadSpan

_GZIP, _ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"
_SPACE = b" \t\r\n\xef\xbb\xbf"
#: The pages of a mapped file are given back after so many batches, or parts that are passed over.
_GIVEN_BACK = 20


class CannotReadTraces(Exception):
    """A source of traces cannot be read; the text names it and says why."""


def read_file(path: str) -> Iterator[Batch]:
    """The batches in a file; `-` is standard input. Raises CannotReadTraces."""
    try:
        if path == "-":
            with tempfile.TemporaryFile() as copy:
                shutil.copyfileobj(sys.stdin.buffer, copy)
                copy.seek(0)
                yield from read_stream(copy)
        else:
            with Path(path).open("rb") as stream:
                yield from read_stream(stream)
    except OSError as error:
        raise CannotReadTraces(f"cannot read {path}: {os.strerror(error.errno) if error.errno else error}") from error
    except BadSpan as error:
        raise CannotReadTraces(f"cannot read traces from {path}: {error}") from error


def read_stream(stream: BinaryIO) -> Iterator[Batch]:
    """The batches in a file that can be sought in. Raises BadSpan, OSError."""
    start = stream.read(64)
    stream.seek(0)
    if not start.strip(_SPACE):
        return
    if start.startswith((_GZIP, _ZSTD)):
        with tempfile.TemporaryFile() as copy:
            _unpack(stream, copy, gzip_=start.startswith(_GZIP))
            copy.seek(0)
            yield from read_stream(copy)
    elif start.strip(_SPACE)[:1] in b"{[":
        yield from read_json(stream)
    else:
        with mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as data:
            yield from _read_protobuf(data)


def read_json(stream: BinaryIO) -> Iterator[Batch]:
    """The batches in documents of JSON, one behind the other. Raises BadSpan."""
    source = JsonText(stream)
    reader = OtlpJson(source)
    known = False
    while opening := source.peek():
        for _ in source.elements() if opening == "[" else (None,):
            for key in source.members():
                known = known or key in _KNOWN
                if key == "data" and source.peek() in "[n":
                    for _ in source.elements():
                        yield from of_trace(source.value())
                else:
                    yield from reader.member(key)
    if not known:
        raise BadSpan("the JSON is neither OTLP nor what Jaeger or Tempo answers")


#: Keys by which a document is seen to be about traces, even if it has none.
_KNOWN = {"resourceSpans", "resource_spans", "batches", "result", "trace", "data", "resourceLogs", "resourceMetrics"}


def _unpack(stream: BinaryIO, copy: BinaryIO, *, gzip_: bool) -> None:
    if gzip_:
        try:
            with gzip.open(stream) as unpacked:
                shutil.copyfileobj(unpacked, copy)
        except (EOFError, gzip.BadGzipFile) as error:
            raise BadSpan(f"the gzip is damaged: {error}") from error
    else:
        shutil.copyfileobj(io.BytesIO(zstd()(stream.read())), copy)


def zstd() -> Callable[[bytes], bytes]:
    """What unpacks zstd. Raises BadSpan where this Python has nothing for it."""
    try:
        from compression.zstd import decompress  # type: ignore[import-not-found,unused-ignore]
    except ImportError:
        try:
            from zstandard import ZstdDecompressor  # type: ignore[import-not-found,unused-ignore]
        except ImportError:
            raise BadSpan("it is packed with zstd: unpack it (`zstd -d`), or `pip install zstandard`") from None
        return lambda data: ZstdDecompressor().decompressobj().decompress(data)
    return decompress  # type: ignore[no-any-return,unused-ignore]


def _read_protobuf(data: mmap.mmap) -> Iterator[Batch]:
    for number, batch in enumerate(batch for place in _messages(data) for batch in _message(data, *place)):
        if number % _GIVEN_BACK == 0:
            _give_back(data)
        yield batch


def _give_back(data: mmap.mmap) -> None:
    """Let go of the pages that were read; where a system cannot, memory grows to the size of the file."""
    if hasattr(data, "madvise"):
        data.madvise(mmap.MADV_DONTNEED)


def _message(data: mmap.mmap, start: int, end: int) -> Iterator[Batch]:
    if data[start : start + 4] == _ZSTD:
        return protobuf.decode(zstd()(data[start:end]))
    return protobuf.decode(data, start, end)


def _messages(data: mmap.mmap) -> list[tuple[int, int]]:
    """Where messages begin and end, by the one way of writing them that goes through the whole file."""
    for way in (_one, _with_four_bytes, _with_varints):
        try:
            return list(way(data))
        except BadSpan:
            continue
    raise BadSpan("it is neither JSON nor OTLP in protobuf, or its end is missing")


def _one(data: mmap.mmap) -> Iterator[tuple[int, int]]:
    for number, (tag, start, end) in enumerate(protobuf.fields(data, 0, len(data))):
        if number % _GIVEN_BACK == 0:
            _give_back(data)
        # Inside is a ResourceSpans: its fields are messages and texts alone.
        if tag != 0x0A or any(each not in (0x0A, 0x12, 0x1A) for each, _, _ in protobuf.fields(data, start, end)):
            raise BadSpan("not one message")
    yield 0, len(data)


def _with_four_bytes(data: mmap.mmap) -> Iterator[tuple[int, int]]:
    at = 0
    while at < len(data):
        start = at + 4
        at = start + int.from_bytes(data[at:start], "big")
        if at > len(data) or start > len(data):
            raise BadSpan("not with lengths of four bytes")
        yield start, at


def _with_varints(data: mmap.mmap) -> Iterator[tuple[int, int]]:
    at = 0
    while at < len(data):
        length, start = protobuf.varint(data, at, len(data))
        at = start + length
        if at > len(data) or (length and data[start] != 0x0A):
            raise BadSpan("not with lengths as varints")
        yield start, at
