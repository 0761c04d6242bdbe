"""A healthy set of traces of five services, made from their spec, and what breaks it."""

from collections.abc import Callable, Iterator
from pathlib import Path

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from support import compiled
from tracegen.cli.declared import expected
from tracegen.rehearse.facts import facts_of
from tracegen.rehearse.otlp import Part, request
from tracegen.rehearse.traces import Rehearsal
from tracegen.traces import Store, decode
from tracegen.verify import Verdict, needed, verify
from traces.made import START, attributes_of, made

SPEC = """\
tracegen: 1
name: shop
targets: [compose]
backend: {type: jaeger}
collector: {redact: {keys: [user.password], patterns: [email]}}
baggage: {to_attributes: [customer.id]}
services:
  web: {language: python, calls: [cart, pay], traffic: {requests_per_second: 10, errors: 0.2}}
  cart: {language: node, calls: [stock]}
  # money
  pay:
    language: go  # quick
    calls: [ledger, stock]  # books
  stock:
    language: java
  ledger: {language: ruby}
"""

#: The same, and what is expected of one call.
EXPECT = "{propagated: true, baggage: [customer.id], attributes: [http.route], max_latency: 1m, max_errors: 0.9}"
CONTRACTS = SPEC.replace("[ledger, stock]", f"[{{service: ledger, expect: {EXPECT}}}, stock]")

Mutation = Callable[[ExportTraceServiceRequest], None]


def healthy(folder: Path, spec: str = SPEC, seconds: float = 5) -> ExportTraceServiceRequest:
    """What its services send; the spec is written into the folder."""
    rehearsal = Rehearsal(facts_of(compiled(folder, spec)), 1)
    parts = [Part(trace, name) for trace in rehearsal.traces(seconds) if trace.sampled for name in trace.delays]
    return request(rehearsal, parts, START)


def verified(folder: Path, message: ExportTraceServiceRequest, *, collected: bool = True) -> Verdict:
    """The traces held against the spec of the folder, in stores of all that they say and of what is needed."""
    held, data = expected(str(folder / "tracegen.yaml"), collected=collected), message.SerializeToString()
    with Store() as whole, Store(keep=needed(held)) as small, Store(keep=needed(held)) as written:
        whole.add(decode(data))
        small.add(decode(data))
        written.add(decode(data))
        written.rows("select 1")  # what waits in memory is in tables from now on
        verdict = verify(whole, held)
        assert verify(small, held) == verdict == verify(written, held)
        return verdict


def spans(message: ExportTraceServiceRequest, service: str = "") -> Iterator[tuple[Resource, Span]]:
    """Those of a service, or all."""
    for each in message.resource_spans:
        if not service or service_of(each.resource) == service:
            yield from ((each.resource, span) for scope in each.scope_spans for span in scope.spans)


def service_of(resource: Resource) -> str:
    return next((each.value.string_value for each in resource.attributes if each.key == "service.name"), "")


def first(message: ExportTraceServiceRequest, service: str, kind: int = 2) -> Span:
    """The first span of a kind (2 is a server)."""
    return next(span for _, span in spans(message, service) if span.kind == kind)


def drop(message: ExportTraceServiceRequest, unwanted: Callable[[str, Span], bool]) -> None:
    for each in message.resource_spans:
        name = service_of(each.resource)
        for scope in each.scope_spans:
            kept = [span for span in scope.spans if not unwanted(name, span)]
            del scope.spans[:]
            scope.spans.extend(kept)


def forget(holder: Span | Resource, key: str) -> None:
    kept = [each for each in holder.attributes if each.key != key]
    del holder.attributes[:]
    holder.attributes.extend(kept)


def below(message: ExportTraceServiceRequest, span_id: bytes) -> set[bytes]:
    """The ids of a span and all behind it."""
    found = {span_id}
    while more := {span.span_id for _, span in spans(message) if span.parent_span_id in found} - found:
        found |= more
    return found


def resource(message: ExportTraceServiceRequest, service: str) -> Resource:
    return next(each.resource for each in message.resource_spans if service_of(each.resource) == service)


def silent_service(message: ExportTraceServiceRequest) -> None:
    drop(message, lambda name, _: name == "ledger")


def undeclared_service(message: ExportTraceServiceRequest) -> None:
    added = message.resource_spans.add()
    said = {"service.name": "spy", "service.instance.id": "1"}
    added.resource.attributes.extend(attributes_of(said))
    added.scope_spans.add().spans.append(made("look", 1, trace=1, kind="server"))


def _calls(message: ExportTraceServiceRequest, caller: str, callee: str) -> set[bytes]:
    """The ids of the client spans of an edge."""
    return {
        span.span_id
        for _, span in spans(message, caller)
        if any(each.key == "server.address" and each.value.string_value == callee for each in span.attributes)
        and span.kind == 3
    }


def silent_edge(message: ExportTraceServiceRequest) -> None:
    gone: set[bytes] = set()
    for each in _calls(message, "pay", "stock"):
        gone |= below(message, each)
    drop(message, lambda _, span: span.span_id in gone)


def undeclared_edge(message: ExportTraceServiceRequest) -> None:
    span = first(message, "cart", 1)
    span.kind = 3  # type: ignore[assignment]
    span.attributes.extend(attributes_of({"server.address": "ledger.shop.svc"}))


def restarted_trace(message: ExportTraceServiceRequest) -> None:
    begin = first(message, "pay")
    moved = below(message, begin.span_id)
    begin.parent_span_id = b""
    for _, span in spans(message):
        if span.span_id in moved:
            span.trace_id = b"r" * 16


def orphan(message: ExportTraceServiceRequest) -> None:
    gone = first(message, "pay").span_id
    drop(message, lambda _, span: span.span_id == gone)
    # What else hung there goes on with the one that is left.
    left = [span for _, span in spans(message) if span.parent_span_id == gone]
    for span in left[1:]:
        span.parent_span_id = left[0].span_id


def client_root(message: ExportTraceServiceRequest) -> None:
    root = first(message, "web")
    begin = next(span for _, span in spans(message, "web") if span.parent_span_id == root.span_id and span.kind == 3)
    gone, kept = below(message, root.span_id), below(message, begin.span_id)
    begin.parent_span_id = b""
    drop(message, lambda _, span: span.span_id in gone - kept)


def clock_skew(message: ExportTraceServiceRequest) -> None:
    for _, span in spans(message, "stock"):
        span.start_time_unix_nano -= 3_600 * 10**9
        span.end_time_unix_nano -= 3_600 * 10**9


def missing_attribute(message: ExportTraceServiceRequest) -> None:
    forget(resource(message, "stock"), "service.namespace")


def wrong_attribute(message: ExportTraceServiceRequest) -> None:
    for each in resource(message, "stock").attributes:
        if each.key == "service.namespace":
            each.value.string_value = "elsewhere"


def no_name(message: ExportTraceServiceRequest) -> None:
    added = message.resource_spans.add()
    added.resource.attributes.extend(attributes_of({"service.instance.id": "1"}))
    added.scope_spans.add().spans.append(made("look", 1, trace=1, kind="server"))


def no_instance(message: ExportTraceServiceRequest) -> None:
    forget(resource(message, "cart"), "service.instance.id")


def shared_instance(message: ExportTraceServiceRequest) -> None:
    one = next(each for each in message.resource_spans if service_of(each.resource) == "cart")
    other = message.resource_spans.add()
    other.CopyFrom(one)
    del one.scope_spans[0].spans[10:]
    del other.scope_spans[0].spans[:10]
    one.resource.attributes.extend(attributes_of({"host.name": "a"}))
    other.resource.attributes.extend(attributes_of({"host.name": "b"}))


def no_pod(message: ExportTraceServiceRequest) -> None:
    resource(message, "cart").attributes.extend(attributes_of({"k8s.pod.name": "cart-1"}))


def wrong_level(message: ExportTraceServiceRequest) -> None:
    first(message, "cart").attributes.extend(attributes_of({"service.version": "1"}))


def old_conventions(message: ExportTraceServiceRequest) -> None:
    span = first(message, "cart")
    for each in span.attributes:
        if each.key == "http.request.method":
            each.key = "http.method"


def name_with_identifier(message: ExportTraceServiceRequest) -> None:
    first(message, "cart").name = "GET /cart/4711"


def internal_spans(message: ExportTraceServiceRequest) -> None:
    _many(message, 11, 10**7)


def tiny_spans(message: ExportTraceServiceRequest) -> None:
    _many(message, 21, 10**6, kind=3)


def _many(message: ExportTraceServiceRequest, count: int, duration: int, kind: int = 1) -> None:
    parent = first(message, "cart")
    holder = next(each for each in message.resource_spans if service_of(each.resource) == "cart")
    for number in range(count):
        span = holder.scope_spans[0].spans.add()
        span.CopyFrom(parent)
        span.span_id, span.parent_span_id = number.to_bytes(8, "little"), parent.span_id
        span.kind = kind  # type: ignore[assignment]
        span.end_time_unix_nano = span.start_time_unix_nano + duration
        span.ClearField("status")
        forget(span, "server.address")


def error_without_exception(message: ExportTraceServiceRequest) -> None:
    span = next(span for _, span in spans(message) if span.events)
    del span.events[:]


def lost_baggage(message: ExportTraceServiceRequest) -> None:
    for span_id in below(message, first(message, "pay").span_id):
        for _, span in spans(message):
            if span.span_id == span_id:
                forget(span, "customer.id")


def key_not_redacted(message: ExportTraceServiceRequest) -> None:
    first(message, "pay").attributes.extend(attributes_of({"user.password": "secret"}))


def value_not_masked(message: ExportTraceServiceRequest) -> None:
    first(message, "pay").attributes.extend(attributes_of({"who": "mail to jane@example.com now"}))


def other_share(message: ExportTraceServiceRequest) -> None:
    drop(message, lambda _, span: span.trace_id[8] >= 128)


def contract_propagated(message: ExportTraceServiceRequest) -> None:
    begin = first(message, "ledger")
    moved = below(message, begin.span_id)
    begin.parent_span_id = b""
    for _, span in spans(message):
        if span.span_id in moved:
            span.trace_id = b"r" * 16


def contract_baggage(message: ExportTraceServiceRequest) -> None:
    forget(first(message, "ledger"), "customer.id")


def contract_attributes(message: ExportTraceServiceRequest) -> None:
    forget(first(message, "ledger"), "http.route")


def contract_latency(message: ExportTraceServiceRequest) -> None:
    call = first(message, "ledger").parent_span_id
    for _, span in spans(message, "pay"):
        if span.span_id == call:
            span.end_time_unix_nano += 3_600 * 10**9


def contract_errors(message: ExportTraceServiceRequest) -> None:
    calls = _calls(message, "pay", "ledger")
    for _, span in spans(message, "pay"):
        if span.span_id in calls:
            span.status.code, span.status.message = 2, "refused"  # type: ignore[assignment]


def nothing(message: ExportTraceServiceRequest) -> None:
    drop(message, lambda _, __: True)


#: What breaks a contract, the code of the one finding, and whom it is about.
BROKEN: tuple[tuple[Mutation, str, str], ...] = (
    (nothing, "no-spans", "shop"),
    (silent_service, "silent-service", "ledger"),
    (undeclared_service, "undeclared-service", "spy"),
    (silent_edge, "silent-edge", "pay → stock"),
    (undeclared_edge, "undeclared-edge", "cart → ledger"),
    (restarted_trace, "restarted-trace", "web → pay"),
    (orphan, "SPA-002", "pay"),
    (client_root, "SPA-004", "web"),
    (clock_skew, "clock-skew", "stock"),
    (missing_attribute, "resource-attribute", "stock"),
    (wrong_attribute, "resource-attribute", "stock"),
    (no_name, "RES-005", "a service without a name"),
    (no_instance, "RES-001", "cart"),
    (shared_instance, "RES-002", "cart"),
    (no_pod, "RES-003", "cart"),
    (wrong_level, "RES-004", "cart"),
    (old_conventions, "old-conventions", "cart"),
    (name_with_identifier, "SPA-003", "cart"),
    (internal_spans, "SPA-001", "cart"),
    (tiny_spans, "SPA-005", "cart"),
    (error_without_exception, "error-without-exception", ""),
    (lost_baggage, "lost-baggage", "web → pay"),
    (key_not_redacted, "not-redacted", "pay"),
    (value_not_masked, "not-redacted", "pay"),
    (other_share, "share-kept", "web"),
)

#: What breaks an expectation of CONTRACTS, whose finding is about the one call.
BROKEN_CONTRACTS: tuple[tuple[Mutation, str], ...] = (
    (contract_propagated, "expect-propagated"),
    (contract_baggage, "expect-baggage"),
    (contract_attributes, "expect-attributes"),
    (contract_latency, "expect-latency"),
    (contract_errors, "expect-errors"),
)
