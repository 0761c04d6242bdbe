"""A span that can be found again: sent as a service would send it, and looked for at the backend."""

import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import KeyValue

from tracegen.doctor.expected import Expected
from tracegen.rehearse.count import CannotCount, source
from tracegen.rehearse.target import Target, TryAgain, sender

ATTRIBUTE = "tracegen.doctor"
NAME = "tracegen doctor"
_SERVER, _ERROR = 2, 2
_MILLISECOND = 1_000_000
_POLL = 0.25
_REPEATS = 4
_AT_MOST = 3.0


@dataclass(frozen=True, slots=True)
class Sent:
    """The traces that were taken, and how often the receiver said that it had no room."""

    ids: tuple[str, ...]
    refusals: int


def send(expected: Expected, resource: Mapping[str, str], target: Target) -> Sent:
    """Send marked spans that every policy of the tail sampler would keep. Raises Unreachable."""
    ids = tuple(secrets.token_hex(16) for _ in range(expected.marked))
    message = _request(expected, resource, ids)
    line = sender(target)
    end = time.monotonic() + _AT_MOST
    try:
        for refusals in range(_REPEATS):
            if time.monotonic() > end:
                break
            try:
                line.send(message)
                return Sent(ids, refusals)
            except TryAgain:
                time.sleep(_POLL)
        return Sent((), _REPEATS)
    finally:
        line.close()


def arrived(api: str, ids: Mapping[str, Sequence[str]], seconds: float) -> set[str]:
    """Those of whose traces one comes within so many seconds. Raises CannotCount."""
    ask = source(f"http://{api}")
    end = time.monotonic() + seconds
    came: set[str] = set()
    while True:
        came |= {name for name, traces in ids.items() if name not in came and any(ask(traces).values())}
        if len(came) == len(ids) or time.monotonic() > end:
            return came
        time.sleep(_POLL)


def _request(expected: Expected, resource: Mapping[str, str], ids: Sequence[str]) -> ExportTraceServiceRequest:
    message = ExportTraceServiceRequest()
    resources = message.resource_spans.add()
    for key, value in resource.items():
        _add(resources.resource.attributes.add(), key, value)
    scope = resources.scope_spans.add()
    scope.scope.name = ATTRIBUTE
    end = time.time_ns()
    for trace_id in ids:
        span = scope.spans.add()
        span.trace_id, span.span_id = bytes.fromhex(trace_id), secrets.token_bytes(8)
        span.name, span.kind = NAME, _SERVER  # type: ignore[assignment] # the numbers are those of OTLP
        span.end_time_unix_nano = end
        span.start_time_unix_nano = end - (expected.slower + 100) * _MILLISECOND
        span.status.code = _ERROR  # type: ignore[assignment] # STATUS_CODE_ERROR
        for key, value in ((ATTRIBUTE, trace_id), *expected.asked):
            _add(span.attributes.add(), key, value)
    return message


def _add(pair: KeyValue, key: str, value: str) -> None:
    pair.key, pair.value.string_value = key, value


__all__ = ["ATTRIBUTE", "NAME", "CannotCount", "Sent", "arrived", "send"]
