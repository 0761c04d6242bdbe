"""What is taken out of spans before anything leaves the collector.

The transform processor deletes keys and masks what is no attribute: names of spans and events, and status messages.
A redaction processor for each pattern masks the values of attributes, of resources, scopes, spans and events, lists
and numbers too. Sources:
https://github.com/open-telemetry/opentelemetry-collector-contrib/tree/main/processor/transformprocessor
https://github.com/open-telemetry/opentelemetry-collector-contrib/tree/main/processor/redactionprocessor
"""

from tracegen.emit import Commented, Value, collector_escape
from tracegen.system import Redaction

_MASK = "****"

#: What each context of the transform processor holds: attributes, and texts besides.
_CONTEXTS = {
    "resource": ("resource.attributes", ()),
    "scope": ("scope.attributes", ()),
    "span": ("span.attributes", ("span.name", "span.status.message")),
    "spanevent": ("spanevent.attributes", ("spanevent.name",)),
}


def redaction(wanted: Redaction) -> dict[str, Value]:
    """The processors, in the order in which spans pass them; none when nothing is redacted."""
    if not wanted:
        return {}
    return {"transform/redact": _transform(wanted)} | {
        f"redaction/{name}": _mask(pattern) for name, pattern in wanted.patterns
    }


def _transform(wanted: Redaction) -> Value:
    contexts = {name: _statements(wanted, attributes, texts) for name, (attributes, texts) in _CONTEXTS.items()}
    statements: list[Value] = [
        {"context": name, "statements": statements} for name, statements in contexts.items() if statements
    ]
    mode = "A span that cannot be redacted is refused, not passed on."
    return {"error_mode": Commented("propagate", mode), "trace_statements": statements}


def _statements(wanted: Redaction, attributes: str, texts: tuple[str, ...]) -> list[Value]:
    deleted: list[Value] = [f"delete_key({attributes}, {literal(key)})" for key in wanted.keys]
    masked: list[Value] = [
        f'replace_pattern({text}, {literal(pattern)}, "{_MASK}")' for _, pattern in wanted.patterns for text in texts
    ]
    return deleted + masked


def _mask(pattern: str) -> Value:
    return {
        "allow_all_keys": True,
        "blocked_values": [collector_escape(pattern)],
        "redact_all_types": Commented(True, "Lists and numbers too; where something is masked they become texts."),
        "summary": "silent",
    }


def literal(text: str) -> str:
    """A text as a string of the processors' language (OTTL), in a file in which `$` begins a variable."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{collector_escape(escaped)}"'
