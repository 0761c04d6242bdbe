"""Starts programs on 127.0.0.1 and ends them again; sends and reads spans; only with the standard library."""

from __future__ import annotations

import atexit
import contextlib
import http.client
import json
import os
import random
import secrets
import signal
import socket
import ssl
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar, overload

LOOPBACK = "127.0.0.1"
TAIL_LINES = 30
POLL_SECONDS = 0.05
REQUEST_SECONDS = 10.0
WAIT_SECONDS = 30.0

Result = TypeVar("Result")
Attribute = str | bool | int | float

# Proxies of the environment have no business between two programs of this machine.
_HANDLERS = (urllib.request.ProxyHandler({}),)
_given_ports: set[int] = set()
_running: set[Running] = set()


def free_port() -> int:
    """Give a port of 127.0.0.1 that nothing listens on and that this process was not given before."""
    # Below the range of outgoing connections, so that none of them takes it before the program does; and each of
    # the processes that share the tests has ports of its own.
    first, step = _share_of_ports()
    for port in random.SystemRandom().sample(range(15000 + first, 32000, step), 500):
        if port not in _given_ports and _is_free(port):
            _given_ports.add(port)
            return port
    raise RuntimeError("no free port found")


def _share_of_ports() -> tuple[int, int]:
    """Which of the processes that share the tests this is, and how many they are (pytest-xdist's variables)."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")
    return int(worker), int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


class NotInTime(AssertionError):
    """What was waited for did not come; the text has the end of the watched programs' logs."""


class Running:
    """A program with its arguments, to be started, stopped, killed and started again over the same folder.

    As a context manager it is started on entry and stopped on leaving; whatever happens, it does not outlive
    this process' orderly end. All that it prints is in `log`.
    """

    def __init__(
        self,
        program: Path,
        arguments: Sequence[str],
        folder: Path,
        *,
        name: str | None = None,
        environment: Mapping[str, str] | None = None,
        working_folder: Path | None = None,
    ) -> None:
        """`folder` takes the log; `environment` is added to this process' own; `name` only names the log."""
        self.name = name or program.name
        self.log = folder / f"{self.name}.log"
        self._command = [str(program), *arguments]
        self._environment = {**os.environ, **(environment or {})}
        self._working_folder = working_folder or folder
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Running:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def pid(self) -> int:
        """The process id of the last start."""
        assert self._process is not None, f"{self.name} was never started"
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether it runs at this moment."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> Running:
        """Start it; does not wait for it to be ready."""
        assert not self.alive, f"{self.name} runs already"
        with self.log.open("ab") as log:
            # In its own group: an interrupt at the terminal reaches the tests, and they stop it in order.
            self._process = subprocess.Popen(
                self._command,
                cwd=self._working_folder,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        _running.add(self)
        return self

    def stop(self, seconds: float = 20.0) -> int | None:
        """End it with SIGTERM, or SIGKILL when that took too long; gives its exit code (-9: was killed)."""
        if self._process is None:
            return None
        self._signal(signal.SIGTERM)
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill9()
        _running.discard(self)
        return self._process.returncode

    def kill9(self) -> None:
        """End it at once, as a crash would."""
        assert self._process is not None, f"{self.name} was never started"
        self._signal(signal.SIGKILL)
        self._process.wait()
        _running.discard(self)

    def restart(self) -> Running:
        """Stop it, unless it ended before, and start it again with the same arguments; the log goes on."""
        self.stop()
        return self.start()

    @overload
    def wait_until(self, condition: str, seconds: float = WAIT_SECONDS) -> Answer: ...

    @overload
    def wait_until(self, condition: Callable[[], Result | None], seconds: float = WAIT_SECONDS) -> Result: ...

    def wait_until(self, condition: Any, seconds: float = WAIT_SECONDS) -> Any:
        """`wait_until`, given up as soon as this program ends."""
        return wait_until(condition, seconds, watched=[self])

    def output(self) -> str:
        """All that it printed so far, over all its starts."""
        return self.log.read_text(encoding="utf-8", errors="replace") if self.log.exists() else ""

    def tail(self) -> str:
        """The last lines that it printed, with a heading that says which program it is and how it is."""
        heading = f"--- {self.name} ({self._state()}), {self.log}"
        return "\n".join([heading, *self.output().splitlines()[-TAIL_LINES:]])

    def _state(self) -> str:
        if self._process is None:
            return "never started"
        return "running" if self.alive else f"ended with {self._process.returncode}"

    def _signal(self, number: signal.Signals) -> None:
        # Only while the process is not yet waited for: after that its id may belong to another one.
        if self.alive:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.pid, number)


@atexit.register
def _end_all() -> None:
    for program in list(_running):
        if program.alive:
            program.kill9()


@overload
def wait_until(condition: str, seconds: float = WAIT_SECONDS, *, watched: Sequence[Running] = ()) -> Answer: ...


@overload
def wait_until(
    condition: Callable[[], Result | None], seconds: float = WAIT_SECONDS, *, watched: Sequence[Running] = ()
) -> Result: ...


def wait_until(condition: Any, seconds: float = WAIT_SECONDS, *, watched: Sequence[Running] = ()) -> Any:
    """Wait until a URL answers with 2xx, or a callable with something true, and give that answer.

    A refused connection or an HTTP error means "not yet", also when the callable raises it. Raises NotInTime,
    with the end of the logs of the watched programs, when the time is over or one of them has ended.
    """
    check: Callable[[], Any] = (lambda: fetch(condition)) if isinstance(condition, str) else condition
    end = time.monotonic() + seconds
    last: object = None
    while True:
        try:
            last = result = check()
            if result:
                return result
        except (OSError, http.client.HTTPException) as error:
            last = error
        ended = [program.name for program in watched if not program.alive]
        if ended or time.monotonic() > end:
            why = f"{', '.join(ended)} ended" if ended else f"not within {seconds:g} s"
            raise NotInTime("\n".join([f"{why}; last: {last!r}", *(program.tail() for program in watched)]))
        time.sleep(POLL_SECONDS)


@dataclass(frozen=True)
class Answer:
    """An HTTP answer with a status of 2xx."""

    status: int
    content_type: str
    body: bytes


def fetch(
    url: str,
    body: bytes | None = None,
    headers: Mapping[str, str] | None = None,
    *,
    context: ssl.SSLContext | None = None,
    seconds: float = REQUEST_SECONDS,
) -> Answer:
    """GET, or POST where there is a body; raises urllib.error.HTTPError for any status but 2xx."""
    opener = urllib.request.build_opener(*_HANDLERS, urllib.request.HTTPSHandler(context=context))
    request = urllib.request.Request(url, body, dict(headers or {}))
    with opener.open(request, timeout=seconds) as answer:
        return Answer(answer.status, answer.headers.get("Content-Type", ""), answer.read())


@dataclass(frozen=True)
class Event:
    """An event of a span."""

    name: str
    attributes: Mapping[str, Attribute] = field(default_factory=dict)


@dataclass(frozen=True)
class Span:
    """A span as OTLP has it; by default the root span of a new trace, which has just ended."""

    name: str
    trace_id: str = field(default_factory=lambda: secrets.token_hex(16))
    span_id: str = field(default_factory=lambda: secrets.token_hex(8))
    parent_id: str = ""
    kind: int = 1
    start: int = field(default_factory=lambda: time.time_ns() - 100_000_000)
    duration: int = 100_000_000
    attributes: Mapping[str, Attribute] = field(default_factory=dict)
    events: tuple[Event, ...] = ()
    status: int = 0
    status_message: str = ""


@dataclass(frozen=True)
class StoredSpan:
    """A span that was read back, with the attributes of its resource."""

    resource: Mapping[str, Attribute]
    span: Span


class Refused(Exception):
    """The receiver did not take the spans, or not all; `status` is that of the HTTP answer."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(f"{status}: {text}")
        self.status = status


class NotAnApi(Exception):
    """The answer is no JSON: Jaeger 2.13 answers paths that it does not know with its page and 200."""


def send_spans(
    endpoint: str,
    resource_attributes: Mapping[str, Attribute],
    spans: Sequence[Span],
    *,
    headers: Mapping[str, str] | None = None,
    context: ssl.SSLContext | None = None,
) -> None:
    """Send spans of one resource as OTLP/HTTP JSON to `endpoint` (without /v1/traces).

    All of them were acknowledged when this returns. Raises Refused when the receiver said no, OSError when it
    could not be reached.
    """
    body = json.dumps(_request(resource_attributes, spans)).encode()
    headers = {"Content-Type": "application/json", **(headers or {})}
    try:
        answer = fetch(f"{endpoint.rstrip('/')}/v1/traces", body, headers, context=context)
    except urllib.error.HTTPError as error:
        raise Refused(error.code, error.read().decode(errors="replace")) from error
    partial = json.loads(answer.body or b"{}").get("partialSuccess") or {}
    if int(partial.get("rejectedSpans", 0)):
        raise Refused(answer.status, json.dumps(partial))


def read_trace(
    jaeger: str,
    trace_id: str,
    *,
    headers: Mapping[str, str] | None = None,
    context: ssl.SSLContext | None = None,
) -> list[StoredSpan] | None:
    """Read a trace from Jaeger's HTTP API (`jaeger`: its address with the base path); None when it has none.

    Raises NotAnApi when the answer comes from something else than the API, urllib.error.HTTPError when it is
    an error other than 404.
    """
    url = f"{jaeger.rstrip('/')}/api/v3/traces/{trace_id}"
    try:
        body = fetch(url, headers=headers, context=context).body
    except urllib.error.HTTPError as error:
        if error.code == 404 and "error" in _json_object(error.read()):
            return None
        raise
    if "result" not in (content := _json_object(body)):
        raise NotAnApi(f"{url} answered {body[:60]!r}: is the base path right?")
    return _stored_spans(content) or None


def _json_object(body: bytes) -> dict[str, Any]:
    """The object, or an empty one: Jaeger 2.13 says text/plain also of JSON, so only the content tells."""
    try:
        content = json.loads(body)
    except ValueError:
        return {}
    return content if isinstance(content, dict) else {}


def _request(resource: Mapping[str, Attribute], spans: Sequence[Span]) -> dict[str, Any]:
    scope = {"scope": {"name": "tracegen-tests"}, "spans": [_encoded_span(span) for span in spans]}
    return {"resourceSpans": [{"resource": {"attributes": _encoded(resource)}, "scopeSpans": [scope]}]}


def _encoded_span(span: Span) -> dict[str, Any]:
    end = str(span.start + span.duration)
    return {
        "traceId": span.trace_id,
        "spanId": span.span_id,
        "parentSpanId": span.parent_id,
        "name": span.name,
        "kind": span.kind,
        "startTimeUnixNano": str(span.start),
        "endTimeUnixNano": end,
        "attributes": _encoded(span.attributes),
        "events": [
            {"timeUnixNano": end, "name": event.name, "attributes": _encoded(event.attributes)}
            for event in span.events
        ],
        "status": {"code": span.status, "message": span.status_message},
    }


def _encoded(attributes: Mapping[str, Attribute]) -> list[dict[str, Any]]:
    return [{"key": key, "value": _encoded_value(value)} for key, value in attributes.items()]


def _encoded_value(value: Attribute) -> dict[str, Any]:
    if isinstance(value, bool):  # before int, of which it is one
        return {"boolValue": value}
    if isinstance(value, int):
        return {"intValue": str(value)}
    if isinstance(value, float):
        return {"doubleValue": value}
    return {"stringValue": value}


def _stored_spans(answer: Mapping[str, Any]) -> list[StoredSpan]:
    return [
        StoredSpan(_decoded(resource.get("resource", {}).get("attributes", [])), _decoded_span(span))
        for resource in answer.get("result", {}).get("resourceSpans", [])
        for scope in resource.get("scopeSpans", [])
        for span in scope.get("spans", [])
    ]


def _decoded_span(span: Mapping[str, Any]) -> Span:
    start = int(span["startTimeUnixNano"])
    status = span.get("status", {})
    return Span(
        name=span.get("name", ""),
        trace_id=span["traceId"],
        span_id=span["spanId"],
        parent_id=span.get("parentSpanId", ""),
        kind=span.get("kind", 0),
        start=start,
        duration=int(span["endTimeUnixNano"]) - start,
        attributes=_decoded(span.get("attributes", [])),
        events=tuple(_decoded_event(event) for event in span.get("events", [])),
        status=status.get("code", 0),
        status_message=status.get("message", ""),
    )


def _decoded_event(event: Mapping[str, Any]) -> Event:
    return Event(event.get("name", ""), _decoded(event.get("attributes", [])))


def _decoded(attributes: Sequence[Mapping[str, Any]]) -> dict[str, Attribute]:
    return {attribute["key"]: _decoded_value(attribute.get("value", {})) for attribute in attributes}


def _decoded_value(value: Mapping[str, Any]) -> Attribute:
    if "intValue" in value:
        return int(value["intValue"])
    if "doubleValue" in value:
        return float(value["doubleValue"])
    if "boolValue" in value:
        return bool(value["boolValue"])
    # Lists and maps are rare in tests: given as their JSON.
    return str(value["stringValue"]) if "stringValue" in value else json.dumps(value, sort_keys=True)
