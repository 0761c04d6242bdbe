"""The codes of findings. RES- and SPA- are rules of the Instrumentation Score, with the criteria and impact of these.

https://github.com/instrumentation-score/spec/tree/main/rules
"""

from dataclasses import dataclass

#: What a rule of an impact weighs in the score, by its specification.
WEIGHTS = {"critical": 40, "important": 30, "normal": 20, "low": 10}

SEVERITIES = ("error", "warning", "note")


@dataclass(frozen=True, slots=True)
class Code:
    """A stable id, what it stands for, severity (error, warning, note), and what mends it.

    A note is no failure: many SDKs are so by themselves.

    `impact` is one of WEIGHTS for a rule of the Instrumentation Score, '' for others.
    """

    id: str
    title: str
    severity: str
    hint: str
    impact: str = ""


_CODES = (
    Code("no-spans", "nothing was received", "error", "make traffic, or look where spans are lost: tracegen doctor"),
    Code(
        "silent-service",
        "a declared service is never seen",
        "error",
        "tracegen doctor names where its spans are lost",
    ),
    Code(
        "undeclared-service",
        "a service is not in the spec",
        "warning",
        "add it to services:, or mend its service.name",
    ),
    Code("silent-edge", "a declared call is never seen", "warning", "make such a request, or take it out of calls:"),
    Code(
        "undeclared-edge", "a call is not declared", "warning", "add it to calls: (tracegen verify --learn shows how)"
    ),
    Code(
        "restarted-trace",
        "a trace begins anew in the service that is called",
        "error",
        "both sides need one propagator, and nothing between may drop traceparent",
    ),
    Code(
        "clock-skew",
        "a span begins before the one that caused it",
        "warning",
        "synchronise the clocks of both machines",
    ),
    Code(
        "resource-attribute",
        "a resource attribute is missing or another",
        "error",
        "start the service with its otel.env, and set none of these in code",
    ),
    Code(
        "old-conventions",
        "attributes have names of old semantic conventions",
        "warning",
        "a newer instrumentation, or OTEL_SEMCONV_STABILITY_OPT_IN=http,database",
    ),
    Code(
        "error-without-exception",
        "a failed span does not say why",
        "warning",
        "record the exception, or say something in the status",
    ),
    Code(
        "logs-without-trace",
        "log records do not name the trace that they belong to",
        "warning",
        "let the stub, or the SDK's log handler, add trace_id and span_id",
    ),
    Code(
        "lost-baggage",
        "baggage is not passed on",
        "error",
        "both sides need the propagator baggage and its span processor",
    ),
    Code(
        "not-redacted",
        "something is there that the collector should take out",
        "error",
        "do spans pass the collector? render it again, and restart it",
    ),
    Code(
        "expect-propagated",
        "the trace of a call does not go on, or should not",
        "error",
        "both sides need one propagator; where a trace shall end, let the caller send none of its headers",
    ),
    Code("expect-baggage", "a call does not carry the baggage that is expected", "error", "set it before the call"),
    Code(
        "expect-attributes",
        "the span of a call lacks an attribute that is expected",
        "error",
        "set it in the service that is called, or instrument its framework",
    ),
    Code(
        "expect-latency",
        "a call takes longer than is expected",
        "error",
        "open the trace: its critical path says what was waited for",
    ),
    Code("expect-errors", "more calls fail than is expected", "error", "tracegen traces --show errors"),
    Code(
        "share-kept",
        "the head sampler keeps another share than the spec says",
        "error",
        "compare OTEL_TRACES_SAMPLER_ARG of the service with the spec: tracegen explain sampling",
    ),
    Code(
        "tail-kept",
        "a trace was kept that no policy keeps",
        "error",
        "do spans pass the tail sampler? render it again, and restart it",
    ),
    Code("RES-001", "service.instance.id is missing", "note", "use the SDK's detector, or set it", "normal"),
    Code(
        "RES-002",
        "one service.instance.id stands for several instances",
        "warning",
        "let the SDK make it",
        "important",
    ),
    Code("RES-003", "k8s.pod.uid is missing", "warning", "set it from the downward API", "important"),
    Code(
        "RES-004",
        "an attribute stands at the wrong level",
        "warning",
        "set it where semantic conventions say",
        "important",
    ),
    Code("RES-005", "service.name is missing", "error", "set OTEL_SERVICE_NAME", "critical"),
    Code(
        "SPA-001", "a service makes more than 10 internal spans in a trace", "warning", "make fewer of them", "normal"
    ),
    Code(
        "SPA-002",
        "a span's parent is missing",
        "warning",
        "tracegen doctor: is the parent's service heard?",
        "normal",
    ),
    Code(
        "SPA-003",
        "names of spans hold identifiers",
        "warning",
        "use the route, and put the identifier into an attribute",
        "important",
    ),
    Code(
        "SPA-004",
        "a trace begins with a CLIENT span",
        "warning",
        "instrument what makes the call: a server, or a job",
        "important",
    ),
    Code("SPA-005", "a trace has more than 20 spans under 5 ms", "warning", "make fewer of them", "important"),
)

CODES = {code.id: code for code in _CODES}
#: The rules of the Instrumentation Score that are looked at here.
SCORED = tuple(code for code in _CODES if code.impact)
#: Those that are not: they are about logs and metrics, or versions that no span tells.
NOT_SCORED = ("LOG", "MET", "SDK-001")
