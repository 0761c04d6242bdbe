"""A chain through services of all languages, behind the rendered collector: one trace in a real Jaeger."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from programs.running import LOOPBACK, StoredSpan, read_trace, wait_until
from programs.stubs import Built, Up, build, language_names
from programs.system import System
from support import compiled
from tracegen.catalogue import catalogue

SERVER, CLIENT, ERROR = 2, 3, 2
#: What the last of many requests must have left behind when all services are told to end at once.
LAST_REQUESTS = 20


def chain() -> list[str]:
    """The languages that run here, in the order in which they are offered."""
    return [name for name in catalogue().languages if name in language_names()]


def spec() -> dict[str, Any]:
    names = [f"{language}-service" for language in chain()]
    services: dict[str, Any] = {}
    for index, (name, language) in enumerate(zip(names, chain(), strict=True)):
        services[name] = {"language": language, "calls": names[index + 1 : index + 2]}
    return {
        "tracegen": 1,
        "name": "shop",
        "targets": ["compose"],
        "backend": {"type": "jaeger", "storage": "memory"},
        "baggage": {"to_attributes": ["customer.tier"]},
        "services": services,
    }


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Built]:
    rendered = compiled(tmp_path_factory.mktemp("spec"), spec())
    folder = tmp_path_factory.mktemp("chain")
    return {name: build(rendered, name, folder / name) for name in rendered.system.services}


@contextmanager
def running(services: dict[str, Built], system: System, logs: Path) -> Iterator[dict[str, Up]]:
    """All services, callees first."""
    endpoint = f"http://{system.address('otel-gateway', 'otlp-http')}"
    with ExitStack() as stack:
        up: dict[str, Up] = {}
        for name, service in reversed(services.items()):
            urls = {f"{callee.upper().replace('-', '_')}_URL": callee for callee in service.service.calls}
            changed = {variable: f"http://{LOOPBACK}:{up[callee].port}" for variable, callee in urls.items()}
            up[name] = stack.enter_context(service.up(endpoint, logs, **changed))
        yield up


def test_a_chain_through_all_languages_is_one_trace(
    services: dict[str, Built], jaeger: Path, collector: Path, tmp_path: Path
) -> None:
    system = System(compiled(tmp_path, spec()), tmp_path / "run")
    (tmp_path / "logs").mkdir()
    with system.up("jaeger", jaeger), system.up("otel-gateway", collector):
        with running(services, system, tmp_path / "logs") as up:
            first = up[next(iter(services))]
            whole = asked(first, "/")
            failed = secrets.token_hex(16)
            for each in up.values():
                asked(each, "/error", trace=failed, status=500)
            last = [asked(first, f"/?number={number}") for number in range(LAST_REQUESTS)]
            for each in reversed(up.values()):
                each.stop()
        check_chain(stored(system, whole, spans=2 * len(services) - 1), services)
        check_errors(stored(system, failed, spans=2 * len(services)), services)
        for trace in last:
            check_chain(stored(system, trace, spans=2 * len(services) - 1), services)
    check_logs(up, system_traces=[whole, *last])


def asked(up: Up, path: str, trace: str = "", status: int = 200) -> str:
    """The trace id of a request, which was answered with the status."""
    trace = trace or secrets.token_hex(16)
    parent = f"00-{trace}-{secrets.token_hex(8)}-01"
    answer = up.get(path, traceparent=parent, baggage="customer.tier=gold")
    assert answer.status == status, answer.body
    return trace


def stored(system: System, trace: str, spans: int) -> list[StoredSpan]:
    """The trace out of Jaeger's API, when it has as many spans as there are at least."""

    def whole() -> list[StoredSpan] | None:
        found = read_trace(f"http://{system.address('jaeger', 'ui')}", trace) or []
        return found if len(found) >= spans else None

    return wait_until(whole, 20)


def check_chain(spans: list[StoredSpan], services: dict[str, Built]) -> None:
    """Every edge of `calls`, right parents, and the baggage on every span."""
    by_id = {each.span.span_id: each for each in spans}
    edges = set()
    for each in spans:
        assert each.span.attributes.get("customer.tier") == "gold" or not copies_baggage(services, each), each
        parent = by_id.get(each.span.parent_id)
        if each.span.kind == SERVER and parent:
            assert parent.span.kind == CLIENT
            edges.add((parent.resource["service.name"], each.resource["service.name"]))
    assert edges == {(name, callee) for name, built in services.items() for callee in built.service.calls}


def copies_baggage(services: dict[str, Built], span: StoredSpan) -> bool:
    service = services[str(span.resource["service.name"])].service
    return "baggage" in catalogue().languages[service.language].settings.get(service.instrumentation, {})


def check_errors(spans: list[StoredSpan], services: dict[str, Built]) -> None:
    failed = {
        each.resource["service.name"] for each in spans if each.span.kind == SERVER and each.span.status == ERROR
    }
    told = {
        each.resource["service.name"]
        for each in spans
        for event in each.span.events
        if event.name == "exception" and event.attributes.get("exception.message") == "this always fails"
    }
    assert failed == told == set(services)


def check_logs(up: dict[str, Up], system_traces: list[str]) -> None:
    """Each service logged within the traces that Jaeger has."""
    for name, each in up.items():
        named = {line["trace_id"] for line in each.log_lines() if line.get("trace_id")}
        assert named & set(system_traces), name
