"""How quickly spans are read, and how stores compare: `python tests/benchmark_traces.py`.

With `--stores` SQLite beside DuckDB (`pip install duckdb`), else what `docs/view.md` promises of reading. Processor
time and the most memory of a process of its own, for each line.
"""

from __future__ import annotations

import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

SPANS = 100_000
SERVICES = 10
_START = 1_790_000_000_000_000_000
_HERE = Path(__file__).resolve()


@dataclass(frozen=True)
class Cost:
    """Seconds of processor time, and the most MiB of memory that the process had."""

    seconds: float
    mebibytes: float


def write_protobuf(path: Path, spans: int = SPANS) -> None:
    """One message with so many spans: ten services deep, eight attributes each, in parts of 200 in any order."""
    from opentelemetry.proto.trace.v1.trace_pb2 import TracesData

    with path.open("wb") as file:
        for part in _parts(spans):
            file.write(TracesData(resource_spans=[part]).SerializeToString())  # type: ignore[list-item]


def write_json(path: Path, spans: int = SPANS) -> None:
    """The same as one document of JSON."""
    with path.open("w", encoding="utf-8") as file:
        file.write('{"resourceSpans": [')
        for number, part in enumerate(_parts(spans)):
            file.write((", " if number else "") + json.dumps(_as_json(part)))
        file.write("]}")


def _as_json(part: Any) -> dict[str, Any]:
    """What `traces.made.as_json` makes, ten times quicker."""
    [scope] = part.scope_spans
    return {
        "resource": {"attributes": _pairs(part.resource.attributes)},
        "scopeSpans": [
            {
                "scope": {"name": scope.scope.name, "version": scope.scope.version},
                "spans": [
                    {
                        "traceId": span.trace_id.hex(),
                        "spanId": span.span_id.hex(),
                        "parentSpanId": span.parent_span_id.hex(),
                        "name": span.name,
                        "kind": span.kind,
                        "startTimeUnixNano": str(span.start_time_unix_nano),
                        "endTimeUnixNano": str(span.end_time_unix_nano),
                        "attributes": _pairs(span.attributes),
                        "status": {"code": span.status.code},
                    }
                    for span in scope.spans
                ],
            }
        ],
    }


def _pairs(attributes: Any) -> list[dict[str, Any]]:
    return [
        {
            "key": each.key,
            "value": {"stringValue": each.value.string_value}
            if each.value.HasField("string_value")
            else {"intValue": str(each.value.int_value)},
        }
        for each in attributes
    ]


def _parts(spans: int) -> Iterator[object]:
    from traces.made import resource_spans

    number = random.Random(1)
    waiting: dict[int, list[object]] = {each: [] for each in range(SERVICES)}
    for trace in range(1, spans // SERVICES + 1):
        for depth in range(SERVICES):
            waiting[depth].append(_span(number, trace, depth))
            if len(waiting[depth]) == 200 + depth * 7:  # so that parents come before and after their children
                yield resource_spans(f"service-{depth}", *waiting[depth])  # type: ignore[arg-type]
                waiting[depth] = []
    for depth, rest in waiting.items():
        yield resource_spans(f"service-{depth}", *rest)  # type: ignore[arg-type]


def _span(number: random.Random, trace: int, depth: int) -> object:
    from traces.made import made

    attributes = {
        "http.request.method": "GET",
        "http.route": f"/api/{depth}/items",
        "url.path": f"/api/{depth}/items/{number.randrange(10**6)}",
        "http.response.status_code": 200,
        "server.address": f"service-{depth}",
        "server.port": 8080,
        "user.id": f"user-{number.randrange(1000)}",
        "network.protocol.version": "1.1",
    }
    return made(
        f"GET /api/{depth}/items",
        trace * SERVICES + depth + 1,
        trace * SERVICES + depth if depth else 0,
        trace=trace << 64 | trace,
        kind="server",
        start=trace + depth,
        end=trace + depth + number.randrange(1, 100),
        error="" if number.random() < 0.01 else None,
        attributes=attributes,
    )


def cost_of(work: str, *arguments: str) -> Cost:
    """What a function of this module costs in a process of its own, its imports among it."""
    command = [sys.executable, str(_HERE), "--work", work, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return Cost(*json.loads(done.stdout.splitlines()[-1]))


def read(path: str) -> None:
    """Into a store."""
    from tracegen.traces import Store, read_file

    Store().add(read_file(path))


def read_and_look_at_all(path: str) -> None:
    """Into a store; then every trace with its parents, and every attribute of every span."""
    from tracegen.traces import Store, read_file

    store = Store()
    store.add(read_file(path))
    for trace in store.traces():
        for span in trace.spans:
            trace.parent_of(span)
            assert len(span.attributes) == 8


def read_and_verify(path: str) -> None:
    """Into a store; then held against a spec of ten services that call each other in a row."""
    from tracegen.traces import Store, read_file
    from tracegen.verify import Expected, ExpectedService, needed, verify

    names = [f"service-{number}" for number in range(SERVICES)]
    services = {name: ExpectedService(name, language="python") for name in names}
    edges = tuple(pairwise(names))
    expected = Expected("made", services, edges, known=True, redacted=("user.password",))
    store = Store(keep=needed(expected))
    store.add(read_file(path))
    verdict = verify(store, expected)
    # Its resources have no service.instance.id, and its failures do not say why.
    assert verdict.spans == SPANS
    assert {each.code.id for each in verdict.findings} == {"RES-001", "error-without-exception"}


#: Seconds that a fixed piece of work takes on an idle machine of the kind that the promises are made for.
_IDLE = 0.08


def slowness() -> float:
    """How many times longer than on an idle machine work takes now: what runs beside it costs time too."""
    began = time.process_time()
    found: dict[int, bytes] = {}
    for number in range(600_000):
        found[number & 1023] = number.to_bytes(8, "big")
    return (time.process_time() - began) / _IDLE


def _most_memory() -> float:
    """The most resident memory of this program in MiB; what getrusage gives counts whoever started it too."""
    words = Path("/proc/self/status").read_text(encoding="ascii").split()
    return int(words[words.index("VmHWM:") + 1]) / 1024


def _main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        if "--stores" in sys.argv:
            from benchmark_stores import compare_stores

            compare_stores()
            return
        protobuf, document = Path(folder) / "spans.pb", Path(folder) / "spans.json"
        write_protobuf(protobuf)
        write_json(document)
        print(f"{SPANS:,} spans, {protobuf.stat().st_size:,} bytes of protobuf, {document.stat().st_size:,} of JSON")
        for path in (protobuf, document):
            for work in (read, read_and_look_at_all, read_and_verify):
                before = slowness()
                cost = cost_of(work.__name__, str(path))
                slow = max(1.0, (before + slowness()) / 2)
                print(f"{path.suffix[1:]:5} {work.__name__:22} {cost.seconds:5.2f} s {cost.mebibytes:5.0f} MiB")
                print(f"{'':28} {cost.seconds / slow:5.2f} s on an idle machine")


_WORKS: dict[str, Callable[[str], None]] = {
    work.__name__: work for work in (read, read_and_look_at_all, read_and_verify)
}

if __name__ == "__main__":
    sys.path[:0] = [str(_HERE.parent.parent / "src"), str(_HERE.parent)]
    if sys.argv[1:2] == ["--work"]:
        _WORKS[sys.argv[2]](sys.argv[3])
        used = resource.getrusage(resource.RUSAGE_SELF)
        print(json.dumps([used.ru_utime + used.ru_stime, _most_memory()]))
    else:
        _main()
