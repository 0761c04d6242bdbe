"""Environment variables of services."""

import re
from collections.abc import Iterator, Sequence

from tracegen.catalogue import Catalogue
from tracegen.decide import Settings
from tracegen.problems import Code, Problem, Severity
from tracegen.problems.redact import redacted
from tracegen.rules._shared import at
from tracegen.source.words import quoted
from tracegen.spec.said import Path
from tracegen.spec.wording import flow

OWN_OTEL_VARIABLE = Code("TG511", "A variable of the spec wins over tracegen's", Severity.WARNING, acceptable=True)
NOT_EXPANDED = Code("TG512", "Placeholder that nothing fills in", Severity.WARNING, acceptable=True)
LOOKS_LIKE_A_SECRET = Code("TG602", "Looks like a secret", Severity.WARNING, acceptable=True)

_PLACEHOLDER = re.compile(r"\$\{(?P<name>[A-Za-z_][A-Za-z0-9_]{0,127})[^}\s]{0,100}\}")
_SECRET = re.compile(r"(PASSWORD|PASSWD|SECRET|TOKEN|API_?KEY|PRIVATE_KEY|CREDENTIALS?)$", re.IGNORECASE)


def check(settings: Settings, packs: Catalogue) -> Iterator[Problem]:
    """OTEL_* that a user sets, placeholders, and literals under names of secrets."""
    for name, service in settings.services.items():
        for variable, value in service.env.items():
            path = ("services", name, "env", variable)
            if variable.startswith("OTEL_") and variable != _of_the_operator(settings, packs, name):
                message = f"{variable} is set here and wins over what tracegen would write for {name}"
                yield at(settings, OWN_OTEL_VARIABLE, path, message, "delete it if tracegen's is meant")
            texts = [part for part in (value if isinstance(value, tuple) else (value,)) if isinstance(part, str)]
            if found := next((each for text in texts if (each := _PLACEHOLDER.search(text))), None):
                message = (
                    f"the service gets the text {quoted(found[0])} as it stands: no variable is put in its place"
                )
                hint = f"to hand a variable on, write {variable}: {_with_references(texts)}"
                yield at(settings, NOT_EXPANDED, path, message, hint)
            is_literal = len(texts) == (len(value) if isinstance(value, tuple) else 1)
            if is_literal and any(texts) and _SECRET.search(variable):
                message = f"the value of {variable} looks like a secret and is written in the spec"
                yield at(settings, LOOKS_LIKE_A_SECRET, path, message, f"refer to it: {{env: {variable}}}")


def _with_references(texts: Sequence[str]) -> str:
    """Texts with placeholders as the spec has them: one reference, or a list that is joined."""
    parts: list[object] = []
    for text in texts:
        end = 0
        for found in _PLACEHOLDER.finditer(text):
            parts += [text[end : found.start()], {"env": found["name"]}]
            end = found.end()
        parts.append(text[end:])
    said = [part for part in parts if part]
    line = flow(said[0] if len(said) == 1 else said)
    # What may be a secret is taken out of a message, and of a line to be copied nothing may be missing.
    return line if redacted(line) == line else flow(["…" if isinstance(part, str) else part for part in said])


def _of_the_operator(settings: Settings, packs: Catalogue, name: str) -> str:
    """The variable that the Operator has to be told (TG804), and tracegen has no value for; empty without one.

    internal/instrumentation/golang.go of the Operator.
    """
    agent = packs.languages[settings.services[name].language].operator_agent
    return agent.variable if agent and settings.kubernetes.flavor == "operator" else ""


def is_secret_variable(path: Path) -> bool:
    """Whether a path is that of a variable of a service under the name of a secret."""
    return path[0] == "services" and path[2:3] == ("env",) and _SECRET.search(str(path[-1])) is not None
