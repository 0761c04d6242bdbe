"""Tail sampling in a collector: policies, and the pipelines around them.

https://github.com/open-telemetry/opentelemetry-collector-contrib/tree/main/processor/tailsamplingprocessor
"""

import re
from collections.abc import Mapping

from tracegen.emit import Commented, Value, collector_escape
from tracegen.render.redaction import literal
from tracegen.system import Condition, Policy, Tail
from tracegen.system.units import go_duration

PROCESSOR = "tail_sampling"

#: Between what every span passes and the decision; and between the decision and the tenants' pipelines.
BEFORE, AFTER = "forward/all", "forward/kept"

_ANOTHER_TYPE = re.compile(r"-?\d+(\.\d+)?|true|false")


def tail_sampling(tail: Tail) -> Value:
    """The processor."""
    wait = go_duration(tail.wait)
    memory = f"Traces that wait are in memory only: a collector that is killed loses those of the last {wait}."
    slots = (
        "Traces in memory. One more pushes out the oldest undecided, counted as\n"
        "otelcol_processor_tail_sampling_sampling_trace_dropped_too_early_total."
    )
    late = "Spans that come later follow the decision on their trace."
    return {
        "decision_wait": Commented(wait, memory),
        "num_traces": Commented(tail.slots, slots),
        "expected_new_traces_per_sec": tail.expected,
        "decision_cache": Commented(
            {"sampled_cache_size": tail.decisions, "non_sampled_cache_size": tail.decisions}, late
        ),
        "policies": Commented(
            [_policy(each, tail) for each in tail.policies], "A trace is kept when any of these says so."
        ),
    }


def _policy(policy: Policy, tail: Tail) -> Value:
    name = collector_escape(policy.name)
    if len(policy.conditions) == 1:
        return {"name": name, **_condition(policy.conditions[0], tail)}
    parts: list[Value] = [
        {"name": f"{name}-{number}", **_condition(each, tail)} for number, each in enumerate(policy.conditions, 1)
    ]
    return {"name": name, "type": "and", "and": {"and_sub_policy": parts}}


def _condition(condition: Condition, tail: Tail) -> Mapping[str, Value]:
    match condition.kind:
        case "errors":
            return {"type": "status_code", "status_code": {"status_codes": ["ERROR"]}}
        case "slower_than":
            return {"type": "latency", "latency": {"threshold_ms": condition.milliseconds}}
        case "attribute":
            return _attribute(condition)
        case "ratio":
            return {"type": "probabilistic", "probabilistic": {"sampling_percentage": _percent(condition.ratio)}}
    return {"type": "rate_limiting", "rate_limiting": _rate_limit(condition, tail)}


def _attribute(condition: Condition) -> Mapping[str, Value]:
    """A text that could be a number or a truth value fits those too; the policy for texts alone would miss them."""
    if not any(_ANOTHER_TYPE.fullmatch(value) for value in condition.values):
        values: list[Value] = [collector_escape(value) for value in condition.values]
        return {
            "type": "string_attribute",
            "string_attribute": {"key": collector_escape(condition.key), "values": values},
        }
    literals = [literal(value) for value in condition.values]
    literals += [value for value in condition.values if _ANOTHER_TYPE.fullmatch(value)]
    statements: list[Value] = [
        f"{place}.attributes[{literal(condition.key)}] == {each}"
        for each in literals
        for place in ("span", "resource")
    ]
    both = "As a text, and as the number or truth value that it may be in a span."
    return {
        "type": "ottl_condition",
        "ottl_condition": {"error_mode": "ignore", "span": Commented(statements, both)},
    }


def _percent(ratio: float) -> float:
    return round(ratio * 100, 10)


def _rate_limit(condition: Condition, tail: Tail) -> Value:
    each = max(1, condition.spans_per_second // tail.collectors)
    limit: Value = each
    if tail.collectors > 1:
        why = f"{condition.spans_per_second} over {tail.collectors} collectors: each counts for itself."
        limit = Commented(each, why)
    burst = "A trace of more spans than this is never kept by this policy."
    return {"spans_per_second": limit, "burst_capacity": Commented(max(2 * each, 2 * tail.spans), burst)}
