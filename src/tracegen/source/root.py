"""What stands at the top of a file: one mapping, or a problem that says what it is instead."""

import re

from tracegen.problems import Place, Problem
from tracegen.source.codes import NOT_A_MAPPING
from tracegen.source.node import Node, Scalar, Sequence
from tracegen.source.words import quoted

_COLON_WITHOUT_SPACE = re.compile(r"[\w.-]+:(?!\s|//)\S")
_BEGIN = "write `key: value` lines; `tracegen new` writes a spec to begin with"


def root_problem(node: Node | None, text: str, file: str) -> Problem:
    """The problem of a root that is no mapping."""
    if isinstance(node, Sequence):
        message, hint = (
            "the top level is a list, not a mapping",
            "remove the leading `- `, or name the list with a key",
        )
        return Problem.of(NOT_A_MAPPING, node.place, "", message, hint)
    if isinstance(node, Scalar) and (node.text or not node.plain):
        return Problem.of(NOT_A_MAPPING, node.place, "", *_lonely(node))
    message = "the file holds only comments" if text.strip() else "the file is empty"
    return Problem.of(NOT_A_MAPPING, Place(file), "", message, _BEGIN)


def _lonely(node: Scalar) -> tuple[str, str]:
    message = f"the top level is the text {quoted(node.text)}, not a mapping"
    if node.plain and _COLON_WITHOUT_SPACE.match(node.text):
        return message, "put a space after the colon"
    return message, _BEGIN
