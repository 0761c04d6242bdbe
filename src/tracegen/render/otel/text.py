"""Values that may hold secrets, in configurations: what they refer to is a variable of the program's environment."""

from tracegen.emit import collector_escape
from tracegen.system import Secret, Text


def config_text(value: Text) -> str:
    """A text in which secrets are `${env:VARIABLE}`, as the Collector and all that is built on it expand it."""
    return "".join(
        f"${{env:{part.variable}}}" if isinstance(part, Secret) else collector_escape(part) for part in value
    )


def tempo_text(value: Text) -> str:
    """The same for Tempo, which is expanded before it is parsed: `${VARIABLE}`.

    It does not expand what a variable holds.
    """
    return "".join(f"${{{part.variable}}}" if isinstance(part, Secret) else collector_escape(part) for part in value)
