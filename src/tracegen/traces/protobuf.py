"""OTLP as protobuf: a request, or a file of any size, to batches.

The outer messages (TracesData, ResourceSpans, ScopeSpans, and those of logs, which are alike) are walked through by
their wire format, so that a file with one message of gigabytes is read span by span; what they hold is decoded by the
official package.
https://protobuf.dev/programming-guides/encoding/
"""

import mmap
from collections.abc import Iterator

from google.protobuf.message import DecodeError
from opentelemetry.proto.common.v1.common_pb2 import InstrumentationScope
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from opentelemetry.proto.trace.v1.trace_pb2 import ScopeSpans, Span

from tracegen.traces.batches import Batch, Log, batches, batches_of_logs
from tracegen.traces.values import BadSpan

Buffer = bytes | mmap.mmap

#: Bytes of spans of one scope that are decoded together; more are walked through, so that memory stays small.
_AT_ONCE = 1 << 19
#: What a log record begins with, and no span: its time, the time at which it was observed, its severity.
_OF_LOGS = (0x09, 0x59, 0x10)
#: The number and wire type in front of a field that is a message: number * 8 + 2.
_FIRST, _SECOND = 0x0A, 0x12


def decode(data: Buffer, start: int = 0, end: int | None = None, *, logs: bool = False) -> Iterator[Batch]:
    """The batches of a TracesData or ExportTraceServiceRequest, which are the same; logs alike. Raises BadSpan.

    `logs`: it holds logs, whatever their records begin with.
    """
    try:
        for tag, begin, stop in fields(data, start, len(data) if end is None else end):
            if tag == _FIRST:
                yield from _resource_spans(data, begin, stop, logs)
    except DecodeError as error:
        raise BadSpan(f"this is no OTLP in protobuf: {error}") from error


def fields(data: Buffer, start: int, end: int) -> Iterator[tuple[int, int, int]]:
    """The fields of a message: tag, and where their content begins and ends. Raises BadSpan."""
    at = start
    while at < end:
        tag, at = varint(data, at, end)
        wire = tag & 7
        if wire == 2:
            length, at = varint(data, at, end)
            stop = at + length
        elif wire == 0:
            _, stop = varint(data, at, end)
        elif wire in (1, 5):
            stop = at + (8 if wire == 1 else 4)
        else:
            raise BadSpan(f"this is no OTLP in protobuf: wire type {wire} at byte {at}")
        if stop > end or tag < 8:
            raise BadSpan(f"this is no OTLP in protobuf, or its end is missing: byte {at}")
        yield tag, at, stop
        at = stop


def varint(data: Buffer, at: int, end: int) -> tuple[int, int]:
    """The number at a place, and the place behind it. Raises BadSpan."""
    found = shift = 0
    while at < end and shift < 64:
        byte = data[at]
        at += 1
        found |= (byte & 0x7F) << shift
        if byte < 0x80:
            return found, at
        shift += 7
    raise BadSpan(f"this is no OTLP in protobuf, or its end is missing: byte {at}")


def _resource_spans(data: Buffer, start: int, end: int, logs: bool) -> Iterator[Batch]:
    resource = Resource()
    scopes = []
    for tag, begin, stop in fields(data, start, end):
        if tag == _FIRST:
            resource.MergeFromString(data[begin:stop])
        elif tag == _SECOND:
            scopes.append((begin, stop))
    for begin, stop in scopes:
        yield from _scope_spans(data, begin, stop, resource, logs)


def _scope_spans(data: Buffer, start: int, end: int, resource: Resource, logs: bool) -> Iterator[Batch]:
    scope = InstrumentationScope()
    for tag, begin, stop in fields(data, start, end):
        if tag == _FIRST:
            scope.MergeFromString(data[begin:stop])
        if tag == _SECOND:  # something is said of the scope before, or behind the spans, as no writer does
            logs = logs or (begin < stop and data[begin] in _OF_LOGS)
            break
    if logs:
        yield from batches_of_logs(resource, _logs(data, start, end))
        return
    if end - start <= _AT_ONCE:
        # Decoded together, and written anew for the store: twice as quick as finding where each of them ends.
        whole = ScopeSpans.FromString(data[start:end])
        yield from batches(resource, whole.scope, [(span, span.SerializeToString()) for span in whole.spans])
        return
    yield from batches(resource, scope, _spans(data, start, end))


def _spans(data: Buffer, start: int, end: int) -> Iterator[tuple[Span, bytes]]:
    parse = Span.FromString
    for tag, begin, stop in fields(data, start, end):
        if tag == _SECOND:
            written = data[begin:stop]
            yield parse(written), written


def _logs(data: Buffer, start: int, end: int) -> Iterator[Log]:
    for tag, begin, stop in fields(data, start, end):
        if tag == _SECOND:
            said = LogRecord.FromString(data[begin:stop])
            yield said.time_unix_nano or said.observed_time_unix_nano, said.trace_id
