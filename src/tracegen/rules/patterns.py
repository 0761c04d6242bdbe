"""Names of the patterns of redaction: each is a processor of the collector."""

from collections.abc import Iterator

from tracegen.catalogue import Catalogue
from tracegen.decide import Settings
from tracegen.problems import Code, Problem
from tracegen.rules._shared import at
from tracegen.source.words import quoted

PATTERN_TWICE = Code("TG344", "Pattern named twice")


def check(settings: Settings, packs: Catalogue) -> Iterator[Problem]:
    """Built-in and own patterns have names of their own."""
    names = [each if isinstance(each, str) else each.name for each in settings.collector.redact.patterns]
    seen: set[str] = set()
    for index, name in enumerate(names):
        if name in seen:
            message = f"pattern {quoted(name)} is named twice, and one would take the place of the other"
            yield at(
                settings, PATTERN_TWICE, ("collector", "redact", "patterns", index), message, "keep one, or rename it"
            )
        seen.add(name)
