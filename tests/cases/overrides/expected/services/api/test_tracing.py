"""Tests of tracing.py with spans in memory: `python -m unittest`."""

import json
import logging
import os
import unittest
from unittest import mock

from flask import Flask
from opentelemetry import baggage, context, trace
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

import tracing

os.environ["OTEL_TRACES_EXPORTER"] = "none"
os.environ["OTEL_TRACES_SAMPLER"] = "parentbased_always_on"
os.environ["TRACING_BAGGAGE_KEYS"] = "customer.tier"
os.environ["TRACING_HEALTH_PATH"] = "/healthz"

app = Flask(__name__)
tracing.start_tracing(app)


@app.get("/healthz")
@app.get("/things/<thing>")
def show(thing=""):
    return thing


def get(path, headers):
    return app.test_client().get(path, headers=headers)


spans = InMemorySpanExporter()
trace.get_tracer_provider().add_span_processor(SimpleSpanProcessor(spans))
tracer = trace.get_tracer(__name__)


class TestTracing(unittest.TestCase):
    def setUp(self):
        spans.clear()

    def test_a_request_makes_a_span_in_the_trace_of_its_caller(self):
        parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
        get("/things/red", {"traceparent": parent, "baggage": "customer.tier=gold"})
        (span,) = spans.get_finished_spans()
        trace_id = trace.format_trace_id(span.context.trace_id)
        self.assertEqual(trace_id, parent.split("-")[1])
        self.assertEqual(span.attributes["http.request.method"], "GET")
        self.assertEqual(span.attributes["customer.tier"], "gold")
        self.assertIn("things/", span.name)
        self.assertNotIn("red", span.name)

    def test_a_health_check_makes_none(self):
        get("/healthz", {})
        self.assertEqual(spans.get_finished_spans(), ())

    def test_only_the_named_baggage_is_copied(self):
        token = context.attach(baggage.set_baggage("secret", "yes"))
        try:
            tracer.start_span("one").end()
        finally:
            context.detach(token)
        self.assertNotIn("secret", spans.get_finished_spans()[0].attributes)

    def test_an_error_that_is_handled_marks_the_span(self):
        with tracer.start_as_current_span("one"):
            tracing.record_error(KeyError("gone"))
        (span,) = spans.get_finished_spans()
        self.assertEqual(span.status.status_code, trace.StatusCode.ERROR)
        self.assertEqual(span.attributes["error.type"], "KeyError")
        self.assertEqual(span.events[0].name, "exception")

    def test_a_log_line_is_json_with_the_ids_of_its_span_and_what_is_given(self):
        with tracer.start_as_current_span("one") as span, self.assertLogs() as logs:
            logging.getLogger("a").warning('"quoted"\nand', extra={"order_id": 7})
        line = json.loads(tracing.JsonFormatter().format(logs.records[0]))
        self.assertEqual((line["message"], line["order_id"]), ('"quoted"\nand', 7))
        expected = trace.format_trace_id(span.get_span_context().trace_id)
        self.assertEqual(line["trace_id"], expected)

    def test_ids_that_a_service_gives_its_logs_are_left_as_they_are(self):
        with tracer.start_as_current_span("one") as span, self.assertLogs() as logs:
            logging.getLogger("a").warning("handled", extra={"trace_id": "own"})
        expected = trace.format_trace_id(span.get_span_context().trace_id)
        self.assertEqual(logs.records[0].trace_id, "own")
        self.assertEqual(logs.records[0].otelTraceID, expected)

    def test_a_later_setup_of_the_logs_is_the_services_own(self):
        self.assertEqual(logging.getLogger().handlers, [])

    def test_what_the_environment_names_is_sent_to(self):
        expected = {
            "otlp": ["OTLPSpanExporter"],
            "console": ["ConsoleSpanExporter"],
            "console,otlp": ["ConsoleSpanExporter", "OTLPSpanExporter"],
            "none": [],
            "zipkin": ["OTLPSpanExporter"],
        }
        for names, exporters in expected.items():
            with mock.patch.dict(os.environ, {"OTEL_TRACES_EXPORTER": names}):
                found = [type(each).__name__ for each in tracing.new_exporters()]
            self.assertEqual(found, exporters)
