"""Values that may hold secrets, in Tempo's configuration, which is expanded before it is parsed."""

from tracegen.emit import collector_escape
from tracegen.system import Secret, Text


def tempo_text(value: Text) -> str:
    """A text in which secrets are `${VARIABLE}`; Tempo does not expand what a variable holds."""
    return "".join(f"${{{part.variable}}}" if isinstance(part, Secret) else collector_escape(part) for part in value)
