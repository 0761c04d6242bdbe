"""Tracing of this service. Begin the first module that runs with it, before anything else is imported:

    from tracing import start_tracing
    start_tracing()

and when the application is made, `trace_application(app)`.
Everything is read from the environment: see `otel.env`. In your code:

    tracer = trace.get_tracer(__name__)
    with tracer.start_as_current_span("load order") as span:  # an exception that leaves it is recorded on it
        span.set_attribute("order.id", order_id)
        span.add_event("cache.miss")

    record_error(error)  # for an exception that you handle, but that makes the current span a failure

    baggage.get_baggage("customer.tier")  # what a caller said
    token = context.attach(baggage.set_baggage("customer.tier", "gold"))  # callees hear it ...
    context.detach(token)  # ... until here

    propagate.inject(headers)  # carries the context by hand: into a message or a request ...
    context.attach(propagate.extract(headers))  # ... and out of it, on the other side

Threads, thread pools and asyncio tasks carry the context by themselves. Records of `logging` have `trace_id` and
`span_id`, for your format; `log_as_json()` sets up one for who has none.
"""

import json
import logging
import os
import re
import signal
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import entry_points
from multiprocessing import util
from typing import Any

from opentelemetry import context, trace
from opentelemetry.instrumentation.dependencies import DependencyConflictError
from opentelemetry.processor.baggage import BaggageSpanProcessor
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import (
    BatchSpanProcessor,
    ConsoleSpanExporter,
    SpanExporter,
)
from opentelemetry.trace import Status, StatusCode

log = logging.getLogger(__name__)

#: The instrumentations that are switched on, by their entry points; none named: all that are installed.
LIBRARIES: list[str] = []
#: Not switched on with the others: frameworks, see `trace_application`, and what is done below: ids of logging, and threads.
OTHERWISE = {
    "asgi",
    "django",
    "fastapi",
    "flask",
    "logging",
    "starlette",
    "threading",
    "wsgi",
}


def start_tracing(app: Any = None) -> None:
    """Make spans of what libraries do, send them, and put their ids into the logs; `app` is traced too."""
    if not isinstance(trace.get_tracer_provider(), TracerProvider):
        _start()
    if app is not None:
        trace_application(app)


def trace_application(app: Any) -> None:
    """Make spans of the requests that a Flask application answers."""
    from opentelemetry.instrumentation.flask import FlaskInstrumentor

    FlaskInstrumentor().instrument_app(app, excluded_urls=health_pattern())


def _start() -> None:
    # The HTTP names of today; without it the instrumentations still write those of before 2023.
    os.environ.setdefault("OTEL_SEMCONV_STABILITY_OPT_IN", "http,database")
    os.environ.setdefault("OTEL_SERVICE_NAME", "checkout")
    # The default of 10 seconds would hold up the end of the process when the collector is away.
    os.environ.setdefault("OTEL_EXPORTER_OTLP_TIMEOUT", "4")
    provider = new_provider()
    trace.set_tracer_provider(provider)
    add_trace_ids_to_logs()
    carry_context_into_threads()
    trace_libraries()
    end_in_order_at_sigterm()
    end_in_order_in_children(provider)


def trace_libraries() -> None:
    """Switch instrumentations on: as `opentelemetry-instrument` does, and only those of libraries that are there."""
    entries = entry_points(group="opentelemetry_instrumentor")
    found = {each.name: each for each in entries}
    off = os.environ.get("OTEL_PYTHON_DISABLED_INSTRUMENTATIONS", "").split(",")
    for name in LIBRARIES or found:
        if name in OTHERWISE or name in map(str.strip, off):
            continue
        if name not in found:
            log.error("no spans of %s: requirements-tracing.txt is not installed", name)
            continue
        try:
            found[name].load()().instrument(raise_exception_on_conflict=True)
        except DependencyConflictError as error:
            if error.conflict.found or error.conflict.found_any:
                log.warning("no spans of %s: %s", name, error)
        except ModuleNotFoundError:
            pass  # the library itself is not installed
        except Exception:  # tracing never keeps a service from starting
            log.exception("no spans of %s", name)


def new_provider() -> TracerProvider:
    """Resource, sampler (OTEL_TRACES_SAMPLER) and limits come from the environment."""
    provider = TracerProvider(resource=Resource.create())
    keys = {
        key.strip() for key in os.environ.get("TRACING_BAGGAGE_KEYS", "").split(",")
    } - {""}
    if keys:
        # Only these: baggage may hold anything that a caller liked to say.
        provider.add_span_processor(BaggageSpanProcessor(keys.__contains__))
    for exporter in new_exporters():
        provider.add_span_processor(PromptProcessor(exporter))
    return provider


class PromptProcessor(BatchSpanProcessor):
    """Holds up the end of the process by 4 seconds at most; the SDK's own has a timeout for each batch that waits."""

    def shutdown(self) -> None:
        batches = getattr(self, "_batch_processor", None)
        if batches:
            batches.shutdown(timeout_millis=4000)
        else:  # another version of the SDK
            super().shutdown()


def new_exporters() -> list[SpanExporter]:
    """What OTEL_TRACES_EXPORTER names: otlp, console (on stdout) or none; otlp for what is not known here."""
    names = os.environ.get("OTEL_TRACES_EXPORTER") or "otlp"
    wanted = {name.strip() for name in names.split(",")} - {"none", ""}
    unknown = wanted - {"otlp", "console"}
    if unknown:
        log.error("OTEL_TRACES_EXPORTER=%s is not known here: otlp is used", names)
    found: list[SpanExporter] = [ConsoleSpanExporter()] if "console" in wanted else []
    return [*found, new_otlp_exporter()] if wanted - {"console"} else found


def new_otlp_exporter() -> SpanExporter:
    """OTLP over HTTP, or gRPC where the environment says so."""
    variables = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
    if next(filter(None, map(os.environ.get, variables)), "") == "grpc":
        try:
            from opentelemetry.exporter.otlp.proto.grpc import trace_exporter as grpc

            return grpc.OTLPSpanExporter()
        except ModuleNotFoundError:
            # It belongs to the requirements where the spec says grpc.
            log.error("the gRPC exporter is not installed: http/protobuf is used")
    from opentelemetry.exporter.otlp.proto.http import trace_exporter as http

    return http.OTLPSpanExporter()


def record_error(error: BaseException) -> None:
    """Mark the current span as failed by an exception that does not leave it."""
    span = trace.get_current_span()
    span.record_exception(error)
    span.set_status(Status(StatusCode.ERROR, str(error)))
    span.set_attribute("error.type", type(error).__qualname__)


def health_pattern() -> str:
    """What the instrumentation compares with addresses: health checks make no spans."""
    path = os.environ.get("TRACING_HEALTH_PATH", "/healthz")
    return rf"^https?://[^/]*{re.escape(path).replace(',', '.')}(\?|$)"


class JsonFormatter(logging.Formatter):
    """One JSON object a line: the message, the ids of its trace and span, and the fields given as `extra`."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": self.formatTime(record, "%Y-%m-%dT%H:%M:%S%z"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            **{key: value for key, value in vars(record).items() if key not in USUAL},
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False, default=str)


#: What every record has; the rest was given as `extra`.
USUAL = {*vars(logging.makeLogRecord({})), "message", "asctime", "taskName"}


def log_as_json() -> None:
    """Set the logs up as lines of JSON, where nothing is set up yet."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonFormatter())
    logging.basicConfig(level=logging.INFO, handlers=[handler])


def add_trace_ids_to_logs() -> None:
    """Every record gets `trace_id` and `span_id`, for any format and handler.

    Here, and not in a factory of records: that would forbid the service its own `extra={"trace_id": …}`, which is left
    as it is. The ids stand in `otelTraceID` and `otelSpanID` then.
    """
    make_record = logging.Logger.makeRecord

    def with_ids(self: logging.Logger, *arguments: Any, **named: Any) -> Any:
        record = make_record(self, *arguments, **named)
        span = trace.get_current_span().get_span_context()
        trace_id = trace.format_trace_id(span.trace_id) if span.is_valid else ""
        span_id = trace.format_span_id(span.span_id) if span.is_valid else ""
        if {"trace_id", "span_id"} & vars(record).keys():
            record.otelTraceID, record.otelSpanID = trace_id, span_id
        vars(record).setdefault("trace_id", trace_id)
        vars(record).setdefault("span_id", span_id)
        return record

    logging.Logger.makeRecord = with_ids  # type: ignore[method-assign]


def carry_context_into_threads() -> None:
    """A thread, and a task of a pool, begins in the context of who starts it."""
    start, submit = threading.Thread.start, ThreadPoolExecutor.submit

    def within_context(function: Any) -> Any:
        here = context.get_current()

        def within(*arguments: Any, **named: Any) -> Any:
            token = context.attach(here)
            try:
                return function(*arguments, **named)
            finally:
                context.detach(token)

        return within

    def start_thread(self: threading.Thread) -> None:
        self.run = within_context(self.run)  # type: ignore[method-assign]
        start(self)

    def submit_task(
        self: ThreadPoolExecutor, task: Any, /, *arguments: Any, **named: Any
    ) -> Any:
        return submit(self, within_context(task), *arguments, **named)

    threading.Thread.start = start_thread  # type: ignore[method-assign]
    ThreadPoolExecutor.submit = submit_task  # type: ignore[method-assign]


def end_in_order_at_sigterm() -> None:
    """Python's own answer to SIGTERM skips `atexit`, where the last spans are sent; a server's handler stays."""
    if (
        threading.current_thread() is threading.main_thread()
        and signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    ):
        signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))


def end_in_order_in_children(provider: TracerProvider) -> None:
    """Children of multiprocessing and Celery's workers skip `atexit`: what is left of theirs is sent here."""
    util.register_after_fork(
        provider, lambda mine: util.Finalize(mine, mine.shutdown, exitpriority=1)
    )
    if not entry_points(group="opentelemetry_instrumentor", name="celery"):
        return
    try:
        from celery.signals import worker_process_shutdown
    except ModuleNotFoundError:
        return
    worker_process_shutdown.connect(lambda **_: provider.shutdown(), weak=False)
