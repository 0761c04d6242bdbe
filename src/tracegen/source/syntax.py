"""Says in our own words why a text is not YAML.

Both parsers say where they gave up, which is rarely where the mistake is, and each in its own words. So the
diagnosis looks at the text around that place, and at their words only for what kind of thing was being read.
"""

import re
from typing import TYPE_CHECKING, Any

from tracegen.problems import Place, Problem
from tracegen.source.codes import SYNTAX
from tracegen.source.frames import OpenMapping, OpenSequence
from tracegen.source.mistakes import MISTAKES
from tracegen.source.trouble import Bracket, Finding, LastScalar, Trouble, spot_of

if TYPE_CHECKING:
    from yaml import MarkedYAMLError

#: A bracket, after its anchor or tag, where its node is said to begin.
_BRACKET = re.compile(r"(?:[&!]\S*\s+)*(?P<sign>[\[{])")

Opened = list[OpenMapping | OpenSequence]


def explain(error: "MarkedYAMLError", text: str, file: str, stack: Opened, last_scalar: Any) -> Problem:
    """The problem behind a parser's error; `stack` and `last_scalar` are how far it had come."""
    trouble = _trouble(error, text, stack, last_scalar)
    finding = next((found for mistake in MISTAKES if (found := mistake(trouble))), None) or _unknown(trouble)
    line, column = finding.spot
    return Problem.of(SYNTAX, Place(file, line + 1, column + 1), "", finding.message, finding.hint)


def _trouble(error: "MarkedYAMLError", text: str, stack: Opened, last_scalar: Any) -> Trouble:
    began = spot_of(error.context_mark)
    lines = tuple(text.splitlines())
    return Trouble(
        lines=lines,
        said=" ".join(part for part in (error.context, error.problem) if part),
        spot=spot_of(error.problem_mark) or began or (0, 0),
        began=began,
        scalar=_last_scalar(last_scalar),
        bracket=_bracket(stack, lines),
    )


def _last_scalar(event: Any) -> LastScalar | None:
    start = spot_of(event.start_mark) if event is not None else None
    end = spot_of(event.end_mark) if event is not None else None
    return LastScalar(start, end, event.style or "") if start and end else None


def _bracket(stack: Opened, lines: tuple[str, ...]) -> Bracket | None:
    """The innermost open bracket; a pair such as `[a: b]` opens a mapping that has none."""
    for opened in reversed(stack):
        line, column = opened.place.line - 1, opened.place.column - 1
        written = _BRACKET.match(lines[line], column) if opened.flow else None
        if written:
            return Bracket((line, written.start("sign")), written["sign"])
    return None


def _unknown(trouble: Trouble) -> Finding:
    hint = "look at the quotes, colons and indentation of this line and the one above"
    return Finding(trouble.spot, f"YAML ends here: {trouble.said}", hint)
