"""Attributes of spans of HTTP requests, by the semantic conventions.

Sources: https://opentelemetry.io/docs/specs/semconv/http/http-spans/ and
https://opentelemetry.io/docs/specs/semconv/exceptions/exceptions-spans/
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from tracegen.rehearse.facts import Asked, Caller

Value = str | int

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
GOOD = (200, 201, 202, 204, 206)
BAD = (500, 503, 502, 504, 501)

#: What the runtime of a language calls a call that took too long.
_EXCEPTIONS = {
    "python": "TimeoutError",
    "node": "TimeoutError",
    "go": "*errors.errorString",
    "java": "java.util.concurrent.TimeoutException",
    "dotnet": "System.TimeoutException",
    "ruby": "Timeout::Error",
    "php": "RuntimeException",
    "rust": "std::io::Error",
}


@dataclass(frozen=True, slots=True)
class Words:
    """The method, the status of an answer that is good or bad, and routes: none that a policy asks for."""

    method: str
    good: int
    bad: int
    routes: Mapping[str, str]


def words(services: Iterable[str], asked: Iterable[Asked]) -> Words:
    """Words of ordinary traces: what policies ask for is only on traces that are meant to have it."""
    taken: dict[str, set[str]] = {}
    for each in asked:
        taken.setdefault(each.key, set()).update(each.values)
    codes = taken.get("http.response.status_code", set())
    routes = taken.get("http.route", set())
    return Words(
        method=next((each for each in METHODS if each not in taken.get("http.request.method", ())), METHODS[0]),
        good=next((each for each in GOOD if str(each) not in codes), GOOD[0]),
        bad=next((each for each in BAD if str(each) not in codes), BAD[0]),
        routes={name: _route(name, routes) for name in services},
    )


def server(service: Caller, said: Words, item: int, failed: bool) -> dict[str, Value]:
    """Of a request that a service answers."""
    route = said.routes[service.name]
    return {
        "http.request.method": said.method,
        "url.scheme": "http",
        "url.path": route.replace("{id}", str(item)),
        "http.route": route,
        "server.address": service.name,
        **_port(service),
        "network.protocol.version": "1.1",
        **_answer(said, failed),
    }


def client(callee: Caller, said: Words, item: int, failed: bool) -> dict[str, Value]:
    """Of a request to another service."""
    path = said.routes[callee.name].replace("{id}", str(item))
    return {
        "http.request.method": said.method,
        "url.full": f"http://{callee.name}{f':{callee.port}' if callee.port else ''}{path}",
        "server.address": callee.name,
        **_port(callee),
        "network.protocol.version": "1.1",
        **_answer(said, failed),
    }


def _port(service: Caller) -> dict[str, Value]:
    return {"server.port": service.port} if service.port else {}


def exception(service: Caller) -> dict[str, Value]:
    """Of the event of an exception."""
    kind = _EXCEPTIONS.get(service.language, "Error")
    message = f"{service.name} gave up waiting"
    return {
        "exception.type": kind,
        "exception.message": message,
        "exception.stacktrace": f"{kind}: {message}\n    at {service.name}",
    }


def _answer(said: Words, failed: bool) -> dict[str, Value]:
    if failed:
        return {"http.response.status_code": said.bad, "error.type": str(said.bad)}
    return {"http.response.status_code": said.good}


def _route(name: str, taken: set[str]) -> str:
    route = f"/{name}/{{id}}"
    while route in taken:
        route = f"/of{route}"
    return route
