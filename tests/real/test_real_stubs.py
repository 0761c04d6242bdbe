"""The contract of every language's stub and example (templates/languages/README.md), on what is rendered."""

from __future__ import annotations

import json
import re
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from programs.recorder import Recorder
from programs.running import LOOPBACK, StoredSpan, free_port
from programs.stubs import Built, Callee, Up, build, language, variants
from support import compiled, development_certificates
from tracegen.catalogue import catalogue

INTERNAL, SERVER, CLIENT, PRODUCER, CONSUMER = 1, 2, 3, 4, 5
ERROR = 2
TRACE = "0af7651916cd43dd8448eb211c80319c"
PARENT = "b7ad6b7169203331"
TRACEPARENT = f"00-{TRACE}-{PARENT}-01"
CHECK_SECONDS = 900
Builder = Callable[[tuple[str, str, str]], Built]

STUBS = pytest.mark.parametrize("variant", variants(["sdk"], catalogue()), ids="-".join)
TRACED = pytest.mark.parametrize("variant", variants(["sdk", "auto"], catalogue()), ids="-".join)
ALL = pytest.mark.parametrize("variant", variants(["sdk", "auto", "none"], catalogue()), ids="-".join)


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Builder:
    """Each variant is built once."""
    made: dict[tuple[str, str, str], Built] = {}

    def get(variant: tuple[str, str, str]) -> Built:
        if variant not in made:
            made[variant] = _build(variant, tmp_path_factory.mktemp("stub"))
        return made[variant]

    return get


@pytest.fixture(scope="session")
def built_with_everything(tmp_path_factory: pytest.TempPathFactory) -> Builder:
    """Each variant with what a stub brings only where the spec asks for it: gRPC, and every propagator."""
    made: dict[tuple[str, str, str], Built] = {}

    def get(variant: tuple[str, str, str]) -> Built:
        if variant not in made:
            propagators = list(catalogue().languages[variant[0]].propagators)
            over_grpc = {"env": {"OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}}
            folder = tmp_path_factory.mktemp("everything")
            made[variant] = _build(variant, folder, over_grpc, {"propagators": propagators})
        return made[variant]

    return get


def _build(
    variant: tuple[str, str, str],
    folder: Path,
    of_service: Mapping[str, object] = {},
    of_spec: Mapping[str, object] = {},
) -> Built:
    name, framework, instrumentation = variant
    api = {
        "language": name,
        "framework": framework,
        "instrumentation": instrumentation,
        "calls": ["other-one"],
        **of_service,
    }
    spec: dict[str, object] = {
        **of_spec,
        "tracegen": 1,
        "name": "shop",
        "targets": ["compose"],
        "backend": {"type": "jaeger"},
        "attributes": {"team": 'pay & "ments", 100 %'},
        "services": {"api": api, "other-one": {"language": "other", "deploy": False}},
        # What the stub must be able to do somewhere it can do everywhere: all that the tests ask of it.
        "environments": {"everything": _everything(name, instrumentation)},
    }
    if instrumentation == "sdk":
        spec["baggage"] = {"to_attributes": ["customer.tier"]}
    (folder / "spec").mkdir()
    return build(compiled(folder / "spec", spec), "api", folder / "api")


def _everything(language: str, instrumentation: str) -> dict[str, Any]:
    pack = catalogue().languages[language]
    asked: dict[str, Any] = {
        "propagators": list(pack.propagators),
        "services": {"api": {"env": {"OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}}},
    }
    if instrumentation in pack.remote_sampling:
        asked["sampling"] = {"head": {"type": "remote", "default": {"ratio": 1}}}
    return asked


@pytest.fixture
def recorder(collector: Path, tmp_path: Path) -> Iterator[Recorder]:
    with Recorder(collector, tmp_path) as running:
        yield running


@pytest.fixture
def callee() -> Iterator[Callee]:
    with Callee() as running:
        yield running


def one(spans: list[StoredSpan], **like: object) -> StoredSpan:
    found = [each for each in spans if all(getattr(each.span, key) == value for key, value in like.items())]
    assert len(found) == 1, f"{like}: {[(each.span.name, each.span.kind) for each in spans]}"
    return found[0]


def in_trace(spans: list[StoredSpan], trace: str = TRACE) -> list[StoredSpan]:
    return [each for each in spans if each.span.trace_id == trace]


def of_request(spans: list[StoredSpan], path: str) -> list[StoredSpan]:
    """The spans of the trace whose server span has the path."""
    server = [each for each in spans if each.span.kind == SERVER and each.span.attributes.get("url.path") == path]
    assert len(server) == 1, f"{path}: {[(each.span.name, each.span.attributes) for each in spans]}"
    return in_trace(spans, server[0].span.trace_id)


def server_of(spans: list[StoredSpan]) -> StoredSpan:
    """The span of the HTTP request; a gRPC service may have called itself."""
    return one([each for each in spans if "url.path" in each.span.attributes], kind=SERVER)


def ask_everything(up: Up) -> None:
    """Each request of the contract once, two health checks among them."""
    for path, status in (("/healthz", 200), ("/items/42", 200), ("/slow", 200), ("/error", 500), ("/healthz", 200)):
        assert up.get(path).status == status, path
    assert up.get("/work").status == 202
    answer = up.get("/", traceparent=TRACEPARENT, baggage="customer.tier=gold")
    assert answer.status == 200
    assert json.loads(answer.body) == {"service": "api", "calls": {"OTHER_ONE_URL": 200}}
    answer = up.get("/baggage", baggage="customer.tier=gold,other=x%20y")
    assert json.loads(answer.body) == {"customer.tier": "gold", "other": "x y"}


@TRACED
def test_the_contract(
    variant: tuple[str, str, str], built: Builder, recorder: Recorder, callee: Callee, tmp_path: Path
) -> None:
    name, _, kind = variant
    with built(variant).up(f"http://{recorder.http}", tmp_path, OTHER_ONE_URL=callee.url) as up:
        ask_everything(up)
        time.sleep(0.5)  # the worker behind the queue
        up.stop()
    spans = recorder.spans()
    check_resource(spans, name)
    check_call(in_trace(spans), callee)
    check_item(of_request(spans, "/items/42"))
    check_slow(of_request(spans, "/slow"))
    check_error(of_request(spans, "/error"))
    check_work(of_request(spans, "/work"))
    if kind == "sdk":
        assert {each.span.attributes.get("customer.tier") for each in in_trace(spans)} == {"gold"}
    assert not [each for each in spans if each.span.attributes.get("url.path") == "/healthz"]
    for each in spans:
        assert not {"http.method", "http.status_code", "http.url", "http.target"} & set(each.span.attributes)
    check_logs(up, spans, json_lines=kind == "sdk" or name != "python")


def check_resource(spans: list[StoredSpan], name: str) -> None:
    for each in spans:
        resource = each.resource
        assert resource["service.name"] == "api"
        assert resource["service.namespace"] == "shop"
        assert resource["team"] == 'pay & "ments", 100 %'
        assert resource["telemetry.sdk.language"] == {"node": "nodejs"}.get(name, name)


def check_call(spans: list[StoredSpan], callee: Callee) -> None:
    """The trace comes from the caller and goes on to the callee, baggage with it."""
    server, client = server_of(spans), one(spans, kind=CLIENT)
    assert server.span.parent_id == PARENT
    assert server.span.attributes["http.request.method"] == "GET"
    assert server.span.attributes["http.response.status_code"] == 200
    assert server.span.name in ("GET /", "GET")  # Django's route of its root is the empty text
    assert client.span.attributes["http.request.method"] == "GET"
    assert client.span.attributes["http.response.status_code"] == 200
    assert client.span.attributes["url.full"] == f"{callee.url}/"
    (headers,) = callee.headers
    _, trace, parent, _ = headers["traceparent"].split("-")
    assert (trace, parent) == (TRACE, client.span.span_id)
    assert headers["baggage"] == "customer.tier=gold"
    assert headers["x-example-path"] == "api"
    ancestors = {each.span.span_id: each.span.parent_id for each in spans}
    assert server.span.span_id in _up(ancestors, client.span.span_id)


def _up(parents: dict[str, str], span: str) -> Iterator[str]:
    while span in parents:
        span = parents[span]
        yield span


def check_item(spans: list[StoredSpan]) -> None:
    server = server_of(spans)
    assert "42" not in server.span.name
    assert server.span.name.startswith("GET ")
    route = str(server.span.attributes["http.route"])
    assert "items/" in route
    assert "42" not in route
    own = one(spans, name="find item")
    assert own.span.attributes["item.id"] == "42"
    assert [event.name for event in own.span.events] == ["item.found"]


def check_slow(spans: list[StoredSpan]) -> None:
    assert one(spans, name="wait").span.duration >= 1_500_000_000


def check_error(spans: list[StoredSpan]) -> None:
    server, own = server_of(spans), one(spans, name="try")
    assert server.span.status == ERROR
    assert server.span.attributes["http.response.status_code"] == 500
    assert own.span.status == ERROR
    events = [event for each in spans for event in each.span.events if event.name == "exception"]
    assert any(event.attributes.get("exception.message") == "this always fails" for event in events)
    assert all(event.attributes.get("exception.type") for event in events)


def check_work(spans: list[StoredSpan]) -> None:
    """By hand through a queue, and on into a thread or task."""
    sent, taken, finished = (one(spans, name=f"{verb} work") for verb in ("send", "process", "finish"))
    assert (sent.span.kind, taken.span.kind) == (PRODUCER, CONSUMER)
    assert taken.span.parent_id == sent.span.span_id
    assert finished.span.parent_id == taken.span.span_id


def check_logs(up: Up, spans: list[StoredSpan], json_lines: bool) -> None:
    """What is logged within a request names its trace and a span of it."""
    known = {(each.span.trace_id, each.span.span_id) for each in spans}
    if json_lines:
        named = {(line.get("trace_id"), line.get("span_id")) for line in up.log_lines() if line.get("trace_id")}
        assert len(named) >= 4
        assert named <= known
    else:
        assert any(trace in up.running.output() for trace, _ in known)


@TRACED
def test_no_span_is_lost_at_sigterm(
    variant: tuple[str, str, str], built: Builder, recorder: Recorder, tmp_path: Path
) -> None:
    with built(variant).up(f"http://{recorder.http}", tmp_path) as up:
        for number in range(100):
            assert up.get(f"/items/n{number}").status == 200
        code = up.stop()
    assert code in (0, 128 + 15, -15)
    found = [each.span.attributes.get("item.id") for each in recorder.spans() if each.span.name == "find item"]
    assert sorted(map(str, found)) == sorted(f"n{number}" for number in range(100))


@TRACED
def test_a_plus_in_a_token_arrives(variant: tuple[str, str, str], built: Builder, tmp_path: Path) -> None:
    """Some SDKs take a plus for a space; INGEST_TOKEN is put into the variable as it is."""
    headers = "authorization=Bearer%20ab+cd/ef==,x-plain=a%2Bb"
    with Callee() as collector:
        with built(variant).up(collector.url, tmp_path, OTEL_EXPORTER_OTLP_HEADERS=headers) as up:
            up.get("/items/42")
            up.stop()
        sent = [(each["authorization"], each["x-plain"]) for each in collector.headers]
    assert set(sent) == {("Bearer ab+cd/ef==", "a+b")}


@STUBS
def test_spans_go_to_the_console_on_request(
    variant: tuple[str, str, str], built: Builder, recorder: Recorder, tmp_path: Path
) -> None:
    with built(variant).up(f"http://{recorder.http}", tmp_path, OTEL_TRACES_EXPORTER="console") as up:
        up.get("/items/42")
        up.stop()
    assert "find item" in up.running.output()
    assert not recorder.spans()


@STUBS
def test_grpc_on_request(
    variant: tuple[str, str, str], built_with_everything: Builder, recorder: Recorder, tmp_path: Path
) -> None:
    endpoint = f"http://{recorder.grpc}"
    with built_with_everything(variant).up(endpoint, tmp_path, OTEL_EXPORTER_OTLP_PROTOCOL="grpc") as up:
        up.get("/items/42")
        up.stop()
    assert "find item" in recorder.names()


@STUBS
@pytest.mark.parametrize("protocol", ["http/protobuf", "grpc"])
def test_a_collector_whose_certificate_is_of_an_authority_of_its_own(
    variant: tuple[str, str, str], protocol: str, built_with_everything: Builder, collector: Path, tmp_path: Path
) -> None:
    files = development_certificates(tmp_path)
    tls = {"cert_file": files["certs/tls.crt"], "key_file": files["certs/tls.key"]}
    trusted = {"OTEL_EXPORTER_OTLP_PROTOCOL": protocol, "OTEL_EXPORTER_OTLP_CERTIFICATE": str(files["certs/ca.pem"])}
    # Where a machine sets these, Python's requests takes them before what the exporter says.
    trusted |= {"REQUESTS_CA_BUNDLE": "", "CURL_CA_BUNDLE": ""}
    with Recorder(collector, tmp_path, tls=tls) as recorder:
        port = (recorder.grpc if protocol == "grpc" else recorder.http).rpartition(":")[2]
        with built_with_everything(variant).up(f"https://localhost:{port}", tmp_path, **trusted) as up:
            up.get("/items/42")
            up.stop()
        assert "find item" in recorder.names()


@pytest.mark.parametrize(
    "variant", [each for each in variants(["sdk"], catalogue()) if each[1] == "grpc"], ids="-".join
)
def test_a_grpc_service_answers_grpc_on_the_port_of_http(
    variant: tuple[str, str, str], built: Builder, recorder: Recorder, tmp_path: Path
) -> None:
    with built(variant).up(f"http://{recorder.http}", tmp_path) as up:
        assert up.get("/items/42", traceparent=TRACEPARENT, baggage="customer.tier=gold").status == 200
        up.stop()
    spans = in_trace(recorder.spans())
    server, called = (one(spans, kind=kind, name="example.Items/Get") for kind in (SERVER, CLIENT))
    assert called.span.parent_id == server_of(spans).span.span_id
    assert server.span.parent_id == called.span.span_id
    assert one(spans, name="find item").span.parent_id == server.span.span_id
    assert server.span.attributes["rpc.system.name"] == "grpc"
    assert called.span.attributes["server.port"] == up.port
    assert server.span.attributes["customer.tier"] == "gold"


@STUBS
def test_a_collector_that_is_away_costs_a_line_in_the_log(
    variant: tuple[str, str, str], built: Builder, tmp_path: Path
) -> None:
    with built(variant).up(f"http://{LOOPBACK}:{free_port()}", tmp_path) as up:
        before = time.monotonic()
        for _ in range(20):
            assert up.get("/items/42").status == 200
        assert time.monotonic() - before < 10
        # The first batch goes out after five seconds, and some exporters try again before they say a word.
        end = time.monotonic() + 40
        while not re.search("export|connect", up.running.output().lower()):
            assert time.monotonic() < end, up.running.output()
            time.sleep(0.5)
        up.stop()


@STUBS
def test_the_sampler_follows_the_parent(
    variant: tuple[str, str, str], built: Builder, recorder: Recorder, tmp_path: Path
) -> None:
    ratio = {"OTEL_TRACES_SAMPLER": "parentbased_traceidratio", "OTEL_TRACES_SAMPLER_ARG": "0"}
    with built(variant).up(f"http://{recorder.http}", tmp_path, **ratio) as up:
        up.get("/items/root")
        up.get("/items/kept", traceparent=TRACEPARENT)
        up.stop()
    found = [each.span.attributes.get("item.id") for each in recorder.spans() if each.span.name == "find item"]
    assert found == ["kept"]


FORMATS = {
    "b3": ({"b3": f"{TRACE}-{PARENT}-1"}, "b3"),
    "b3multi": ({"X_B3_TraceId": TRACE, "X_B3_SpanId": PARENT, "X_B3_Sampled": "1"}, "x-b3-traceid"),
    "jaeger": ({"uber_trace_id": f"{TRACE}:{PARENT}:0:1"}, "uber-trace-id"),
}


@STUBS
def test_the_propagators_of_the_pack(
    variant: tuple[str, str, str],
    built_with_everything: Builder,
    recorder: Recorder,
    callee: Callee,
    tmp_path: Path,
) -> None:
    over_http = {"OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf", "OTHER_ONE_URL": callee.url}
    names = [name for name in catalogue().languages[variant[0]].propagators if name in FORMATS]
    for name in names:
        sent, header = FORMATS[name]
        changed = {"OTEL_PROPAGATORS": name, **over_http}
        with built_with_everything(variant).up(f"http://{recorder.http}", tmp_path, **changed) as up:
            up.get("/", **sent)
            up.stop()
        assert TRACE in callee.headers[-1][header], name
    assert len(in_trace(recorder.spans())) >= 2 * len(names)


@STUBS
def test_its_own_traffic_begins_traces_on_arrival(
    variant: tuple[str, str, str], built: Builder, recorder: Recorder, tmp_path: Path
) -> None:
    with built(variant).up(f"http://{recorder.http}", tmp_path, EXAMPLE_REQUESTS_PER_SECOND="20") as up:
        time.sleep(3)
        up.stop()
    servers = [each.span for each in recorder.spans() if each.span.kind == SERVER]
    assert 20 <= len(servers) <= 80
    assert not [each for each in servers if each.parent_id]
    assert {"gold", "basic"} <= {each.attributes.get("customer.tier") for each in servers}


@ALL
def test_it_is_clean_under_its_languages_own_tools(variant: tuple[str, str, str], built: Builder) -> None:
    check_clean(variant[0], built(variant))


@STUBS
def test_it_is_clean_with_everything_that_a_spec_can_ask_for(
    variant: tuple[str, str, str], built_with_everything: Builder
) -> None:
    check_clean(variant[0], built_with_everything(variant))


def check_clean(name: str, service: Built) -> None:
    for command in language(name).checks(service.folder):
        done = subprocess.run(
            command, cwd=service.folder, capture_output=True, text=True, timeout=CHECK_SECONDS, check=False
        )
        assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"


@pytest.mark.parametrize("variant", variants(["none"], catalogue()), ids="-".join)
def test_without_instrumentation_it_answers_and_sends_nothing(
    variant: tuple[str, str, str], built: Builder, recorder: Recorder, tmp_path: Path
) -> None:
    with built(variant).up(f"http://{recorder.http}", tmp_path) as up:
        assert up.get("/items/42").status == 200
        up.stop()
    assert recorder.spans() == []
