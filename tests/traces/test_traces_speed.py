"""What is promised of reading: seconds of processor time on an idle machine, and memory on any."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import TracesData

from benchmark_traces import cost_of, slowness, write_json, write_protobuf

pytestmark = pytest.mark.alone

TRIES = 3
#: How many times longer than plain decoding of the same spans in protobuf it takes to read them and hold them against
#: a spec, everything that is imported among it.
PROTOBUF_RATIO, JSON_RATIO = 22, 48


@pytest.mark.parametrize(
    ("write", "reading", "looking", "verifying", "mebibytes"),
    [
        pytest.param(write_protobuf, 2.0, 4.0, 2.5, 100, id="protobuf"),
        pytest.param(write_json, 4.0, 6.0, 5.2, 150, id="json"),
    ],
)
def test_spans_are_read_as_quickly_as_promised(
    write: Callable[[Path], None], reading: float, looking: float, verifying: float, mebibytes: float, tmp_path: Path
) -> None:
    path = tmp_path / "spans"
    write(path)
    for work, seconds in (("read", reading), ("read_and_look_at_all", looking), ("read_and_verify", verifying)):
        tried: list[float] = []
        while not tried or (min(tried) > seconds and len(tried) < TRIES):
            before = slowness()
            cost = cost_of(work, str(path))
            assert cost.mebibytes <= mebibytes, work
            tried.append(cost.seconds / max(1.0, (before + slowness()) / 2))
        assert min(tried) <= seconds, (work, tried)


@pytest.mark.parametrize(("write", "ratio"), [(write_protobuf, PROTOBUF_RATIO), (write_json, JSON_RATIO)])
def test_verifying_takes_so_many_times_plain_decoding(
    write: Callable[[Path], None], ratio: float, tmp_path: Path
) -> None:
    plain, path = tmp_path / "plain", tmp_path / "spans"
    write_protobuf(plain)
    write(path)
    tried: list[float] = []
    while not tried or (min(tried) > ratio and len(tried) < TRIES):
        before = decoding(plain)
        tried.append(cost_of("read_and_verify", str(path)).seconds / ((before + decoding(plain)) / 2))
    assert min(tried) <= ratio, tried


def decoding(path: Path) -> float:
    """Seconds of processor time."""
    data = path.read_bytes()
    began = time.process_time()
    TracesData.FromString(data)
    return time.process_time() - began
