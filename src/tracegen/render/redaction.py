"""What is taken out of spans before anything leaves the collector.

One transform processor reaches everything that carries people's data: attributes of resources, scopes, spans and
events, the names of spans and events, and status messages. Source:
https://github.com/open-telemetry/opentelemetry-collector-contrib/tree/main/processor/transformprocessor
"""

from collections.abc import Iterator

from tracegen.emit import Commented, Value, collector_escape
from tracegen.model import Redaction

REDACT = "transform/redact"

_MASK = "****"

#: What each context of the processor holds: attributes, and texts besides.
_CONTEXTS = {
    "resource": ("resource.attributes", ()),
    "scope": ("scope.attributes", ()),
    "span": ("span.attributes", ("span.name", "span.status.message")),
    "spanevent": ("spanevent.attributes", ("spanevent.name",)),
}


def redaction(wanted: Redaction) -> dict[str, Value]:
    """The processor, or nothing when nothing is redacted."""
    if not wanted:
        return {}
    statements: list[Value] = [
        {"context": context, "statements": list(_statements(wanted, attributes, texts))}
        for context, (attributes, texts) in _CONTEXTS.items()
        if wanted.patterns or attributes
    ]
    mode = "A span that cannot be redacted is refused, not passed on."
    return {REDACT: {"error_mode": Commented("propagate", mode), "trace_statements": statements}}


def _statements(wanted: Redaction, attributes: str, texts: tuple[str, ...]) -> Iterator[str]:
    for key in wanted.keys:
        yield f"delete_key({attributes}, {_literal(key)})"
    for _, pattern in wanted.patterns:
        yield f'replace_all_patterns({attributes}, "value", {_literal(pattern)}, "{_MASK}")'
        for text in texts:
            yield f'replace_pattern({text}, {_literal(pattern)}, "{_MASK}")'


def _literal(text: str) -> str:
    """A text as a string of the processor's language, in a file in which `$` begins a variable."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{collector_escape(escaped)}"'
