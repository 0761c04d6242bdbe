"""Rendered collectors, run for real: what comes in goes on, to whom it should, guarded and without people's data."""

import base64
import ssl
import time
import urllib.error
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from programs.old_clients import send_jaeger_grpc, send_jaeger_http, send_jaeger_udp, send_zipkin
from programs.recorder import HEADER, Recorder
from programs.running import (
    Event,
    Refused,
    Running,
    Span,
    StoredSpan,
    fetch,
    read_trace,
    send_spans,
    wait_until,
)
from programs.system import System
from support import compiled, development_certificates, one_service
from tracegen.parts.collectors import HEALTHY_ANSWER

GATEWAY, AGENT = "otel-gateway", "otel-agent"
API = {"service.name": "api"}
CERTIFICATES = {"ca": {"file": "certs/ca.pem"}, "cert": {"file": "certs/tls.crt"}, "key": {"file": "certs/tls.key"}}
#: Long enough for a span that should not come to have come: the queue waits 200 ms, a retry 1 s.
QUIET_SECONDS = 2.5
SECRETS = {
    "TOKEN": "token.with~odd$signs==",
    "USER": "shop",
    "PASSWORD": "pass word: $1",
    "PASSWORD_BASIC": base64.b64encode(b"shop:pass word: $1").decode(),
    "VENDOR_KEY": "vendor-key-$5",
}


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """The folder of what runs; recorders, which start first, write into it too."""
    folder = tmp_path / "run"
    folder.mkdir()
    return folder


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], dict[str, Path]]:
    """Makes a private authority and a certificate by the script that the documents name."""

    def make() -> dict[str, Path]:
        return development_certificates(tmp_path_factory.mktemp("certs"), GATEWAY)

    return make


def system(run: Path, *, files: Any = None, outside: Mapping[str, str] | None = None, **said: Any) -> System:
    """The smallest system with what is said beside it."""
    described = one_service(**{"backend": {"type": "jaeger", "storage": "memory"}, **said})
    return System(compiled(run.parent, described), run, SECRETS, files=files, outside=outside)


def external(port: int = 4318, **more: Any) -> dict[str, Any]:
    """A backend that somebody else runs; a recorder takes its place."""
    return {"type": "external", "endpoint": f"http://backend.example.com:{port}", **more}


BACKEND = "backend.example.com:4318"


def otlp_url(rendered: System, component: str = GATEWAY, scheme: str = "http") -> str:
    """Where OTLP over HTTP goes in."""
    return f"{scheme}://{rendered.address(component, 'otlp-http')}"


def stored(rendered: System, trace_id: str) -> list[StoredSpan]:
    """The spans of a trace, once Jaeger has them."""
    return wait_until(lambda: read_trace(f"http://{rendered.address('jaeger', 'ui')}", trace_id))


def arrived(recorder: Recorder, *names: str) -> None:
    """Wait until spans of these names, and no others, have come."""
    wait_until(lambda: recorder.names() == sorted(names), 15)


def nothing_arrives(recorder: Recorder) -> None:
    time.sleep(QUIET_SECONDS)
    assert not recorder.names()


@contextmanager
def all_up(rendered: System, program: Path, *components: str) -> Iterator[dict[str, Running]]:
    """Several collectors, the last of the chain first."""
    running = {name: rendered.start(name, program) for name in components}
    try:
        yield running
    finally:
        for each in running.values():
            each.stop()


# --- receivers


def test_spans_come_in_over_every_receiver_and_out_of_the_api(run: Path, jaeger: Path, collector: Path) -> None:
    rendered = system(run, collector={"receivers": ["otlp", "jaeger", "zipkin"]})
    spans = {name: Span(name, attributes={"sent.over": name}) for name in SENDERS}
    with rendered.up("jaeger", jaeger), rendered.up(GATEWAY, collector) as gateway:
        forward = rendered.address(GATEWAY, "otlp-grpc")
        with Recorder(collector, run, name="grpc-client", forward=forward) as client:
            for name, span in spans.items():
                SENDERS[name](rendered, client, span)
            for name, span in spans.items():
                found = stored(rendered, span.trace_id)
                assert [each.span.name.lower() for each in found] == [name.lower()]
                assert found[0].resource["service.name"] == "api"
                assert found[0].span.attributes["sent.over"] == name
        assert "deprecat" not in gateway.output()


def _over_grpc(rendered: System, client: Recorder, span: Span) -> None:
    send_spans(f"http://{client.http}", API, [span])


SENDERS: Mapping[str, Callable[[System, Recorder, Span], None]] = {
    "OTLP over HTTP": lambda rendered, _, span: send_spans(otlp_url(rendered), API, [span]),
    "OTLP over gRPC": _over_grpc,
    "Zipkin": lambda rendered, _, span: send_zipkin(rendered.address(GATEWAY, "zipkin"), "api", span),
    "Jaeger over HTTP": lambda rendered, _, span: send_jaeger_http(
        rendered.address(GATEWAY, "jaeger-http"), "api", span
    ),
    "Jaeger over UDP": lambda rendered, _, span: send_jaeger_udp(
        rendered.address(GATEWAY, "jaeger-udp"), "api", span
    ),
    "Jaeger over gRPC": lambda rendered, _, span: send_jaeger_grpc(
        rendered.address(GATEWAY, "jaeger-grpc"), "api", span
    ),
}


@pytest.mark.parametrize("replicas", [1, 2])
def test_an_agent_hands_on_to_the_gateway(run: Path, jaeger: Path, collector: Path, replicas: int) -> None:
    said = {"topology": "agent+gateway", "receivers": ["otlp", "zipkin"], "replicas": replicas}
    rendered = system(run, collector=said)
    with rendered.up("jaeger", jaeger), all_up(rendered, collector, GATEWAY, AGENT):
        span, other = Span("over OTLP"), Span("over zipkin")
        send_spans(otlp_url(rendered, AGENT), API, [span])
        send_zipkin(rendered.address(AGENT, "zipkin"), "api", other)
        assert stored(rendered, span.trace_id) and stored(rendered, other.trace_id)


# --- destinations


def test_somebody_elses_backend_gets_spans_with_the_secret_header(run: Path, collector: Path) -> None:
    headers = {"x-api-key": {"env": "VENDOR_KEY"}, "x-odd": "5$ ${HOME} $$"}
    with Recorder(collector, run, headers=["x-api-key", "x-odd"], path="/otlp/in") as recorder:
        backend = {**external(), "endpoint": f"http://{BACKEND}/otlp/in/", "headers": headers}
        rendered = system(run, backend=backend, outside={BACKEND: recorder.http})
        with rendered.up(GATEWAY, collector):
            send_spans(otlp_url(rendered), API, [Span("paid")])
            arrived(recorder, "paid")
        attributes = recorder.spans()[0].span.attributes
        assert attributes[f"{HEADER}x-api-key"] == SECRETS["VENDOR_KEY"]
        assert attributes[f"{HEADER}x-odd"] == "5$ ${HOME} $$"


def test_a_further_destination_gets_every_span_although_the_first_is_down(run: Path, collector: Path) -> None:
    with Recorder(collector, run) as recorder:
        also = [{"name": "vendor", "endpoint": f"http://{BACKEND}"}]
        rendered = system(run, collector={"also": also}, outside={BACKEND: recorder.http})
        with rendered.up(GATEWAY, collector):
            for number in range(20):
                send_spans(otlp_url(rendered), API, [Span(f"{number:02}")])
            arrived(recorder, *(f"{number:02}" for number in range(20)))


def test_the_first_destination_gets_later_what_the_further_one_got_before(
    run: Path, jaeger: Path, collector: Path
) -> None:
    with Recorder(collector, run) as recorder:
        also = [{"name": "vendor", "endpoint": f"http://{BACKEND}"}]
        rendered = system(run, collector={"also": also}, outside={BACKEND: recorder.http})
        with rendered.up(GATEWAY, collector):
            span = Span("GET /")
            send_spans(otlp_url(rendered), API, [span])
            arrived(recorder, "GET /")
            with rendered.up("jaeger", jaeger):
                assert stored(rendered, span.trace_id)


def test_large_spans_are_not_lost_for_being_many(run: Path, collector: Path) -> None:
    """Together they are more than a gRPC server takes in one request, and the exporter would drop such a request."""
    recorder = Recorder(collector, run)
    rendered = system(run, outside={"jaeger:4317": recorder.grpc})
    with rendered.up(GATEWAY, collector) as gateway:
        for number in range(10):
            spans = [Span(f"{number}-{each}", attributes={"text": "x" * 10_000}) for each in range(100)]
            send_spans(otlp_url(rendered), API, spans)
        with recorder:
            wait_until(lambda: len(recorder.names()) == 1_000, watched=[gateway])
        assert "Dropping data" not in gateway.output()


# --- tenants


def test_each_tenants_spans_keep_their_header_also_when_the_collector_is_killed(run: Path, collector: Path) -> None:
    header = "x-scope-orgid"
    recorder = Recorder(collector, run, headers=[header])
    rendered = system(
        run,
        targets=[],
        backend={"type": "tempo", "tenants": ["red", "blue", "green"]},
        collector={"redact": {"keys": ["user.email"]}},
        services={"api": {"language": "node", "tenant": "red"}},
        outside={"tempo:4317": recorder.grpc},
    )
    gateway = rendered.start(GATEWAY, collector)
    for tenant in ("red", "blue", "green", ""):
        resource = {**API, **({"tenant.id": tenant} if tenant else {})}
        send_spans(otlp_url(rendered), resource, [Span(f"{tenant or 'nobody'} {number}") for number in range(10)])
    gateway.kill9()
    with recorder, gateway:
        wait_until(lambda: len(recorder.names()) >= 40, 20, watched=[gateway])
        time.sleep(QUIET_SECONDS)
        found = [
            (each.span.name.split()[0], each.span.attributes.get(f"{HEADER}{header}")) for each in recorder.spans()
        ]
    assert sorted(set(found)) == [("blue", "blue"), ("green", "green"), ("nobody", "red"), ("red", "red")]
    assert len(found) == 40, "each span goes to one tenant, once"


# --- TLS


def test_every_hop_is_encrypted_from_the_service_to_the_backend(
    run: Path, collector: Path, certificates: Callable[[], dict[str, Path]]
) -> None:
    files = certificates()
    with secured_chain(run, collector, files, files) as (rendered, recorder):
        trusting = ssl.create_default_context(cafile=str(files["certs/ca.pem"]))
        send_spans(otlp_url(rendered, AGENT, "https"), API, [Span("encrypted")], context=trusting)
        arrived(recorder, "encrypted")


def test_jaeger_takes_and_shows_spans_over_tls_only(
    run: Path, jaeger: Path, collector: Path, certificates: Callable[[], dict[str, Path]]
) -> None:
    files, others = certificates(), certificates()
    rendered = system(run, security={"tls": {"enabled": True, **CERTIFICATES}}, files=files)
    trusting = ssl.create_default_context(cafile=str(files["certs/ca.pem"]))
    distrusting = ssl.create_default_context(cafile=str(others["certs/ca.pem"]))
    with rendered.up("jaeger", jaeger), rendered.up(GATEWAY, collector):
        span = Span("encrypted")
        send_spans(otlp_url(rendered, scheme="https"), API, [span], context=trusting)
        api = f"https://{rendered.address('jaeger', 'ui')}"
        assert wait_until(lambda: read_trace(api, span.trace_id, context=trusting))
        with pytest.raises(urllib.error.URLError, match="certificate verify failed"):
            read_trace(api, span.trace_id, context=distrusting)
        # Plain text is answered with an error, or the connection is reset before the answer is read.
        with pytest.raises(OSError):
            fetch(api.replace("https", "http"))
        with pytest.raises((Refused, OSError)):
            send_spans(f"http://{rendered.address('jaeger', 'otlp-http')}", API, [span])


def test_a_server_of_another_authority_is_refused_and_so_is_plain_text(
    run: Path, collector: Path, certificates: Callable[[], dict[str, Path]]
) -> None:
    files, others = certificates(), certificates()
    with secured_chain(run, collector, files, files) as (rendered, recorder):
        distrusting = ssl.create_default_context(cafile=str(others["certs/ca.pem"]))
        for component in (AGENT, GATEWAY):
            with pytest.raises(urllib.error.URLError, match="certificate verify failed"):
                send_spans(otlp_url(rendered, component, "https"), API, [Span("distrusted")], context=distrusting)
            with pytest.raises((Refused, OSError)):
                send_spans(otlp_url(rendered, component), API, [Span("plain")])
        nothing_arrives(recorder)


def test_the_collector_sends_nothing_to_a_backend_of_another_authority(
    run: Path, collector: Path, certificates: Callable[[], dict[str, Path]]
) -> None:
    files, others = certificates(), certificates()
    with secured_chain(run, collector, files, others) as (rendered, recorder):
        trusting = ssl.create_default_context(cafile=str(files["certs/ca.pem"]))
        send_spans(otlp_url(rendered, AGENT, "https"), API, [Span("kept back")], context=trusting)
        nothing_arrives(recorder)
        gateway = run / f"{GATEWAY}.log"
        assert "certificate signed by unknown authority" in gateway.read_text(encoding="utf-8")


@contextmanager
def secured_chain(
    run: Path, program: Path, files: Mapping[str, Path], backends: Mapping[str, Path]
) -> Iterator[tuple[System, Recorder]]:
    """Agent, gateway and a recorder in place of the backend, all with TLS."""
    tls = {"cert_file": backends["certs/tls.crt"], "key_file": backends["certs/tls.key"]}
    with Recorder(program, run, tls=tls) as recorder:
        rendered = system(
            run,
            backend={**external(), "endpoint": f"https://{BACKEND}", "tls": {"ca": "certs/ca.pem"}},
            collector={"topology": "agent+gateway"},
            security={"tls": {"enabled": True, **CERTIFICATES}},
            files=files,
            outside={BACKEND: recorder.http},
        )
        with all_up(rendered, program, GATEWAY, AGENT):
            yield rendered, recorder


# --- ingest authentication

BEARER = ({"bearer": {"env": "TOKEN"}}, f"Bearer {SECRETS['TOKEN']}", "Bearer another")
BASIC = (
    {"basic": {"username": {"env": "USER"}, "password": {"env": "PASSWORD"}}},
    f"Basic {SECRETS['PASSWORD_BASIC']}",
    f"Basic {base64.b64encode(b'shop:another').decode()}",
)


@pytest.mark.parametrize(("auth", "right", "wrong"), [BEARER, BASIC], ids=["bearer", "basic"])
def test_spans_are_refused_without_the_right_credentials(
    run: Path, collector: Path, auth: dict[str, Any], right: str, wrong: str
) -> None:
    with Recorder(collector, run) as recorder:
        rendered = system(
            run,
            backend=external(),
            collector={"topology": "agent+gateway", "receivers": ["otlp", "jaeger", "zipkin"]},
            security={"ingest_auth": auth},
            outside={BACKEND: recorder.http},
        )
        with all_up(rendered, collector, GATEWAY, AGENT):
            for component in (AGENT, GATEWAY):
                for headers in ({}, {"Authorization": wrong}, {"Authorization": ""}):
                    assert refusal(rendered, component, headers) == {401}
                send_jaeger_grpc(rendered.address(component, "jaeger-grpc"), "api", Span("no credentials"))
                forward = rendered.address(component, "otlp-grpc")
                with Recorder(collector, run, name=f"to-{component}", forward=forward) as client:
                    with suppress(Refused):  # its exporter has no queue that waits for a yes
                        send_spans(f"http://{client.http}", API, [Span("no credentials")])
                    wait_until(lambda: "Unauthenticated" in client.log())
            nothing_arrives(recorder)
            send_spans(otlp_url(rendered, AGENT), API, [Span("OTLP")], headers={"Authorization": right})
            send_zipkin(rendered.address(AGENT, "zipkin"), "api", Span("zipkin"), {"Authorization": right})
            send_jaeger_http(rendered.address(AGENT, "jaeger-http"), "api", Span("jaeger"), {"Authorization": right})
            arrived(recorder, "OTLP", "jaeger", "zipkin")


def refusal(rendered: System, component: str, headers: Mapping[str, str]) -> set[int]:
    """The statuses with which the receivers over HTTP answer."""
    statuses = set()
    with pytest.raises(Refused) as refused:
        send_spans(otlp_url(rendered, component), API, [Span("OTLP")], headers=headers)
    statuses.add(refused.value.status)
    for port, send in (("zipkin", send_zipkin), ("jaeger-http", send_jaeger_http)):
        with pytest.raises(urllib.error.HTTPError) as answer:
            send(rendered.address(component, port), "api", Span(port), headers)
        statuses.add(answer.value.code)
    return statuses


@pytest.mark.parametrize("auth", [BEARER[0], BASIC[0]], ids=["bearer", "basic"])
def test_no_jaeger_client_gets_around_the_credentials_over_udp(run: Path, auth: dict[str, Any]) -> None:
    rendered = system(run, collector={"receivers": ["otlp", "jaeger"]}, security={"ingest_auth": auth})
    assert "jaeger-udp" not in [port.name for port in rendered.components[GATEWAY].ports]
    assert b"thrift_compact" not in rendered.rendered.tree["collector/gateway.yaml"]


# --- redaction

EMAIL, CARD = "ann.o'neil+shop@mail.example.co.uk", "4111 1111 1111 1111"
PLANTED = ("ann.o", "neil+shop", "mail.example", "4111 1", '"4111111111111111"', "5500-0000", "3782 82", "üller")
HARMLESS: dict[str, Any] = {
    "started.ms": str(1_764_000_000_000),
    "started.ns": 1_764_000_000_123_456_789,
    "order": "2024-11-24 09:14:46.123456",
    "trace": "4bf92f3577b34da6a3ce929d0e0e4736",
    "number": "41111111111111112345",
    "price": 41.11,
    "ratio": 4,
    "flag": True,
    "version": "user@1",
}


def test_planted_addresses_and_card_numbers_do_not_reach_the_backend(
    run: Path, jaeger: Path, collector: Path
) -> None:
    redact = {"keys": ["user.id", "http.request.header.authorization"], "patterns": ["credit_card", "email"]}
    with Recorder(collector, run) as recorder:
        also = [{"name": "vendor", "endpoint": f"http://{BACKEND}"}]
        rendered = system(run, collector={"redact": redact, "also": also}, outside={BACKEND: recorder.http})
        with rendered.up("jaeger", jaeger), rendered.up(GATEWAY, collector):
            span, resource = planted()
            send_spans(otlp_url(rendered), resource, [span])
            found = stored(rendered, span.trace_id)[0]
            wait_until(lambda: recorder.names())
            assert_clean(found, recorder.text())


def planted() -> tuple[Span, dict[str, Any]]:
    """A span with people's data wherever there is a place for it."""
    data: dict[str, Any] = {
        "user.id": "4711",
        "http.request.header.authorization": "Bearer secret-token",
        "mail": f"to {EMAIL}, and to {EMAIL}",
        "card": CARD,
        "card.dashes": "5500-0000-0000-0004",
        "card.amex": "3782 822463 10005",
        "card.number": 4111111111111111,
        "url": f"https://shop.example/?mail={EMAIL}&to=m%C3%BCller%40mail.example&card=4111111111111111",
        "name": "Jürgen.Müller@bücher.example",
    }
    event = Event(f"mailed {EMAIL}", {**data, **HARMLESS})
    message = f"no such card {CARD} of {EMAIL}"
    name = f"GET /user/{EMAIL}/cards/{CARD}"
    span = Span(name, attributes={**data, **HARMLESS}, events=(event,), status=2, status_message=message)
    return span, {**API, **data, **HARMLESS}


def assert_clean(found: StoredSpan, recorded: str) -> None:
    span = found.span
    seen = repr(found)
    assert not [each for each in (*PLANTED, "secret-token", "4711'") if each in seen or each in recorded], seen
    assert span.name == "GET /user/****/cards/****"
    assert span.status_message == "no such card **** of ****"
    for attributes in (span.attributes, span.events[0].attributes, found.resource):
        assert not {"user.id", "http.request.header.authorization"} & set(attributes)
        assert attributes["mail"] == "to ****, and to ****"
        assert attributes["url"] == "https://shop.example/?mail=****&to=****&card=****"
        assert attributes["name"] == "****"
        assert attributes["card"] == attributes["card.dashes"] == attributes["card.number"] == "****"
        assert {key: attributes[key] for key in HARMLESS} == HARMLESS
    assert span.events[0].name == "mailed ****"


def test_lists_are_masked_too_and_come_out_as_texts(run: Path, collector: Path) -> None:
    redact = {"patterns": ["email", {"name": "order", "regex": r"ORD-[0-9]{3}\b"}]}
    with Recorder(collector, run) as recorder:
        rendered = system(run, backend=external(), collector={"redact": redact}, outside={BACKEND: recorder.http})
        with rendered.up(GATEWAY, collector):
            fetch(f"{otlp_url(rendered)}/v1/traces", LISTS.encode(), {"Content-Type": "application/json"})
            wait_until(lambda: recorder.names())
        attributes = recorder.spans()[0].span.attributes
        assert attributes["mails"] == '["****","none"]'
        assert attributes["map"] == '{"order":"****"}'
        assert attributes["others"] == '{"arrayValue": {"values": [{"stringValue": "a"}, {"stringValue": "b"}]}}'


LISTS = """{"resourceSpans": [{"scopeSpans": [{"spans": [{
  "traceId": "4bf92f3577b34da6a3ce929d0e0e4736", "spanId": "00f067aa0ba902b7", "name": "lists", "kind": 1,
  "startTimeUnixNano": "1764000000000000000", "endTimeUnixNano": "1764000000000000001",
  "attributes": [
    {"key": "mails", "value": {"arrayValue": {"values": [{"stringValue": "a@b.example"}, {"stringValue": "none"}]}}},
    {"key": "others", "value": {"arrayValue": {"values": [{"stringValue": "a"}, {"stringValue": "b"}]}}},
    {"key": "map", "value": {"kvlistValue": {"values": [{"key": "order", "value": {"stringValue": "ORD-123"}}]}}}
  ]}]}]}]}"""


# --- health


@pytest.mark.parametrize(("status", "healthy"), [(200, True), (503, False)])
def test_the_health_command_goes_by_the_status(run: Path, collector: Path, status: int, healthy: bool) -> None:
    """The body is the same: what fails is the status, with which a collector says that it is not ready."""
    rendered = system(run)
    host, _, port = rendered.address(GATEWAY, "health").rpartition(":")

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.end_headers()
            self.wfile.write(HEALTHY_ANSWER.encode())

        def log_message(self, *_: object) -> None:
            """Nothing."""

    with ThreadingHTTPServer((host, int(port)), Answer) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            assert (rendered.run_health_command(GATEWAY, collector) == 0) is healthy
        finally:
            server.shutdown()
            thread.join()
