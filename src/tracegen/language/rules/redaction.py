"""Regular expressions of redaction must compile in the collector, which uses RE2."""

import re
from collections.abc import Iterator

from tracegen.language.rules._shared import at
from tracegen.language.spec import Spec
from tracegen.packs import Catalogue
from tracegen.problems import Code, Problem

NOT_A_PATTERN = Code("TG430", "Not a regular expression that the collector takes")

#: RE2 has no look-around and no back-references (https://github.com/google/re2/wiki/Syntax).
_NOT_IN_RE2 = re.compile(r"\(\?(=|!|<=|<!|>|#|\()|\\[1-9]|\(\?P=|[*+?}]\+")


def check(spec: Spec, packs: Catalogue) -> Iterator[Problem]:
    """Each pattern that the spec brings itself."""
    for index, pattern in enumerate(spec.get("collector", "redact", "patterns") or []):
        if isinstance(pattern, dict):
            why = _refusal(pattern["regex"])
            if why:
                message = f"regex of {pattern['name']}: {why}"
                path = ("collector", "redact", "patterns", index, "regex")
                yield at(spec, NOT_A_PATTERN, path, message, "the syntax is RE2's")


def _refusal(regex: str) -> str:
    if _NOT_IN_RE2.search(regex):
        return "look-around, back-references and possessive quantifiers do not exist in RE2"
    try:
        compiled = re.compile(regex)
    except (re.error, RecursionError) as error:
        return str(error)
    return "it matches the empty text, and so everything" if compiled.match("") else ""
