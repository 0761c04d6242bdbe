"""Names of the patterns of redaction: each is a processor of the collector."""

from collections.abc import Iterator

from tracegen.catalogue import Catalogue
from tracegen.problems import Code, Problem
from tracegen.rules._shared import at
from tracegen.source.words import quoted
from tracegen.spec.said import Said

PATTERN_TWICE = Code("TG344", "Pattern named twice")


def check(spec: Said, packs: Catalogue) -> Iterator[Problem]:
    """Built-in and own patterns have names of their own."""
    said = spec.get("collector", "redact", "patterns") or []
    names = [each if isinstance(each, str) else each["name"] for each in said]
    for index, name in enumerate(names):
        if name in names[:index]:
            message = f"pattern {quoted(name)} is named twice, and one would take the place of the other"
            yield at(
                spec, PATTERN_TWICE, ("collector", "redact", "patterns", index), message, "keep one, or rename it"
            )
