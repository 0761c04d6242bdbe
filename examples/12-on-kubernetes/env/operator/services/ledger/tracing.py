"""Tracing of this service. Call `start_tracing(app)` once, right after the application is made.

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

Threads, thread pools and asyncio tasks carry the context by themselves.
"""

import json
import logging
import os
import re
import signal
import sys
import threading
from typing import Any

from flask import Flask
from opentelemetry import trace
from opentelemetry.instrumentation.flask import FlaskInstrumentor
from opentelemetry.instrumentation.requests import RequestsInstrumentor
from opentelemetry.instrumentation.threading import ThreadingInstrumentor
from opentelemetry.processor.baggage import BaggageSpanProcessor
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from opentelemetry.trace import Status, StatusCode


def start_tracing(app: Flask) -> None:
    """Make spans of requests that come in and go out, send them, and put their ids into the logs."""
    # The HTTP names of today; without it the instrumentations still write those of before 2023.
    os.environ.setdefault("OTEL_SEMCONV_STABILITY_OPT_IN", "http,database")
    os.environ.setdefault("OTEL_SERVICE_NAME", "ledger")
    # The default of 10 seconds would hold up the end of the process when the collector is away.
    os.environ.setdefault("OTEL_EXPORTER_OTLP_TIMEOUT", "4")
    provider = new_provider()
    trace.set_tracer_provider(provider)
    add_trace_ids_to_logs()
    ThreadingInstrumentor().instrument()
    RequestsInstrumentor().instrument()
    FlaskInstrumentor().instrument_app(app, excluded_urls=health_pattern())
    end_in_order_at_sigterm()


def new_provider() -> TracerProvider:
    """Resource, sampler (OTEL_TRACES_SAMPLER) and limits come from the environment."""
    provider = TracerProvider(resource=Resource.create())
    keys = {
        key.strip() for key in os.environ.get("TRACING_BAGGAGE_KEYS", "").split(",")
    } - {""}
    if keys:
        # Only these: baggage may hold anything that a caller liked to say.
        provider.add_span_processor(BaggageSpanProcessor(keys.__contains__))
    exporter = new_exporter()
    if exporter is not None:
        provider.add_span_processor(BatchSpanProcessor(exporter))
    return provider


def new_exporter() -> SpanExporter | None:
    """OTLP over HTTP, or gRPC where OTEL_EXPORTER_OTLP_PROTOCOL says so; None when nothing is to be sent."""
    if os.environ.get("OTEL_TRACES_EXPORTER", "otlp") == "none":
        return None
    if os.environ.get("OTEL_EXPORTER_OTLP_PROTOCOL") == "grpc":
        from opentelemetry.exporter.otlp.proto.grpc import trace_exporter as over_grpc

        return over_grpc.OTLPSpanExporter()
    from opentelemetry.exporter.otlp.proto.http import trace_exporter as over_http

    return over_http.OTLPSpanExporter()


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
    """One JSON object a line, with the ids of the trace and span that the line belongs to."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": self.formatTime(record, "%Y-%m-%dT%H:%M:%S%z"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            "trace_id": getattr(record, "trace_id", ""),
            "span_id": getattr(record, "span_id", ""),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


def add_trace_ids_to_logs() -> None:
    """Every record gets `trace_id` and `span_id`, for any format; where nothing is set up, lines are JSON."""
    make_record = logging.getLogRecordFactory()

    def with_ids(*arguments: Any, **named: Any) -> logging.LogRecord:
        record = make_record(*arguments, **named)
        span = trace.get_current_span().get_span_context()
        record.trace_id = trace.format_trace_id(span.trace_id) if span.is_valid else ""
        record.span_id = trace.format_span_id(span.span_id) if span.is_valid else ""
        return record

    logging.setLogRecordFactory(with_ids)
    if not logging.getLogger().handlers:
        handler = logging.StreamHandler()
        handler.setFormatter(JsonFormatter())
        logging.basicConfig(level=logging.INFO, handlers=[handler])


def end_in_order_at_sigterm() -> None:
    """Python's own answer to SIGTERM skips `atexit`, where the last spans are sent; a server's handler stays."""
    if (
        threading.current_thread() is threading.main_thread()
        and signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    ):
        signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
