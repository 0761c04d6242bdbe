"""The queries that TRACING.md has ready, asked of the real programs: they find what was sent, and nothing else."""

import json
import re
import time
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import parse_qs, urlencode, urlsplit
from urllib.request import Request, urlopen

import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import TracesData

from programs.running import fetch, wait_until
from programs.system import System
from support import compiled, one_service
from tracegen.packs import contract
from tracegen.render.span_metrics import queries
from traces.made import START, made, resource_spans

SPEC = one_service(
    backend={"type": "jaeger", "storage": "badger"},
    metrics=True,
    services={"web": {"language": "python", "calls": ["pay"]}, "pay": {"language": "go"}},
)
SLOW, FAILED, QUICK = (number * (1 << 64) + number for number in (1, 2, 3))


def request() -> bytes:
    """A slow trace, one that failed with status 500, and one that is neither; just now."""
    status = {"http.response.status_code": 500, "http.route": "/pay"}
    spans = [
        made("GET /", 1, trace=SLOW, kind="server", end=5_000),
        made("GET /", 2, trace=FAILED, kind="server", error="refused", attributes=status),
        made("GET /", 3, trace=QUICK, kind="server"),
        made("GET /pay", 4, 3, trace=QUICK, kind="client", end=5),
    ]
    for span in spans:
        span.start_time_unix_nano += time.time_ns() - START - 60 * 10**9
        span.end_time_unix_nano += time.time_ns() - START - 60 * 10**9
    return TracesData(resource_spans=[resource_spans("web", *spans)]).SerializeToString()


def send(address: str) -> None:
    headers = {"Content-Type": "application/x-protobuf"}
    with urlopen(Request(f"http://{address}/v1/traces", request(), headers), timeout=10) as answer:
        assert answer.status == 200


def search(address: str, query: str) -> set[int]:
    """The traces that a search of Jaeger's pages finds, by the API that the pages ask."""
    said = {key: values[0] for key, values in parse_qs(urlsplit(query).query).items()}
    try:
        found = json.loads(fetch(f"http://{address}/api/traces?{urlencode({**said, 'lookback': '1h'})}").body)
        return {int(each["traceID"], 16) for each in found["data"]}
    except HTTPError:  # 2.21 has the newer one alone
        words = {
            "service": "service_name",
            "minDuration": "duration_min",
            "tags": "attributes",
            "limit": "num_traces",
        }
        asked = {f"query.{words[key]}": value for key, value in said.items()}
        clock = [time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + away)) for away in (-3_600, 60)]
        asked |= {"query.start_time_min": clock[0], "query.start_time_max": clock[1]}
        found = json.loads(fetch(f"http://{address}/api/v3/traces?{urlencode(asked)}").body)
        spans = re.findall(r'"traceId": ?"([0-9a-f]{32})"', json.dumps(found))
        return {int(each, 16) for each in spans}


def test_searches_of_jaeger_find_what_they_are_for(tmp_path: Path, jaeger: Path) -> None:
    rendered = System(compiled(tmp_path, SPEC), tmp_path / "run")
    where, ready = contract.backend("jaeger").queries(rendered.rendered.system)
    wanted = {"slow requests": {SLOW}, "errors": {FAILED}, "errors by status": {FAILED}}
    with rendered.up("jaeger", jaeger):
        send(rendered.address("jaeger", 4318))
        ui = rendered.address("jaeger", "ui")
        assert wait_until(lambda: len(search(ui, "/search?service=web&limit=20")) == 3, 20)
        for query in ready:
            if query.question in wanted:
                assert search(ui, query.text) == wanted.pop(query.question), query
            assert fetch(f"http://{ui}{query.text}").content_type.startswith("text/html")
    assert not wanted and where


def test_promql_asks_for_series_and_labels_that_the_collector_has(
    tmp_path: Path, jaeger: Path, collector: Path
) -> None:
    rendered = System(compiled(tmp_path, SPEC), tmp_path / "run")
    with rendered.up("jaeger", jaeger), rendered.up("otel-gateway", collector):
        send(rendered.address("otel-gateway", "otlp-http"))
        page = f"http://{rendered.address('otel-gateway', 'span-metrics')}/metrics"
        text = wait_until(lambda: (said := fetch(page).body.decode()) and "calls_total{" in said and said, 60)
    series = [line for line in text.splitlines() if line.startswith("traces_span_metrics")]
    for query in queries():
        for name, conditions in re.findall(r"(traces_\w+)\{([^}]*)\}", query.text):
            labels = re.findall(r"by \(([^)]*)\)", query.text)[0].split(", ")
            matching = [line for line in series if line.startswith(f"{name}{{")]
            for condition in conditions.split(", "):
                matching = [line for line in matching if condition in line]
            assert matching, query
            assert any(all(f'{label}="' in line for label in labels) for line in matching), query


@pytest.mark.parametrize("backend", ["jaeger", "tempo", "external"])
def test_the_guide_has_them(backend: str, tmp_path: Path) -> None:
    endpoint = {"endpoint": "https://otlp.example.com"} if backend == "external" else {}
    said = {**SPEC, "backend": {"type": backend, **endpoint}, "metrics": False}
    guide = compiled(tmp_path, said).tree["TRACING.md"].decode()
    assert ("minDuration=1s" in guide, "duration > 1s" in guide) == (backend == "jaeger", backend == "tempo")
    assert ("Questions people ask first" in guide) == (backend != "external")
