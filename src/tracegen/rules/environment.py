"""Environment variables of services."""

import re
from collections.abc import Iterator

from tracegen.catalogue import Catalogue
from tracegen.problems import Code, Problem, Severity
from tracegen.rules._shared import at
from tracegen.spec.said import Said

OWN_OTEL_VARIABLE = Code("TG511", "A variable of the spec wins over tracegen's", Severity.WARNING, acceptable=True)
LOOKS_LIKE_A_SECRET = Code("TG602", "Looks like a secret", Severity.WARNING, acceptable=True)

_SECRET = re.compile(r"(PASSWORD|PASSWD|SECRET|TOKEN|API_?KEY|PRIVATE_KEY|CREDENTIALS?)$", re.IGNORECASE)


def check(spec: Said, packs: Catalogue) -> Iterator[Problem]:
    """OTEL_* that a user sets, and literals under names of secrets."""
    for name, service in spec.services.items():
        for variable, value in service.get("env", {}).items():
            path = ("services", name, "env", variable)
            if variable.startswith("OTEL_"):
                message = f"{variable} is set here and wins over what tracegen would write for {name}"
                yield at(spec, OWN_OTEL_VARIABLE, path, message, "delete it if tracegen's is meant")
            if isinstance(value, str) and value and _SECRET.search(variable):
                message = f"the value of {variable} looks like a secret and is written in the spec"
                yield at(spec, LOOKS_LIKE_A_SECRET, path, message, f"refer to it: {{env: {variable}}}")
