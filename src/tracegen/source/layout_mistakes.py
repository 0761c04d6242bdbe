"""Mistakes of colons, commas, brackets and indentation: the ones that YAML's layout makes so easy."""

import re

from tracegen.source.trouble import Bracket, Finding, LastScalar, Trouble, indentation
from tracegen.source.words import as_yaml_text, quoted, shortened

_NO_SPACE = re.compile(r"(?P<key>[^\s:'\"\[\]{}#&*!|>@`%,]+):(?!//)(?P<value>\S.*)")
_LIST_LEAD = re.compile(r" *(?:- +)*")
_LONGEST_KEY = 1024


def _misplaced_item(trouble: Trouble) -> Finding | None:
    in_brackets = trouble.bracket and trouble.line[trouble.spot[1] :].startswith("- ")
    if not in_brackets and not trouble.says("sequence entries are not allowed"):
        return None
    if trouble.bracket:
        message = f"a `- ` item cannot stand between `{trouble.bracket.sign}` and `{trouble.bracket.closing}`"
        return Finding(trouble.spot, message, "separate the items by commas, without `- `")
    if trouble.first_on_line:
        return Finding(trouble.spot, "a list item stands where none can be", "align it with the items above")
    message = "a list with `- ` cannot begin on the line of its key"
    return Finding(trouble.spot, message, "put it on the next line, or write [one, two]; if it is text, quote it")


def _bracket(trouble: Trouble) -> Finding | None:
    if trouble.says("unexpected ':'"):
        return Finding(trouble.spot, "a space is missing after this colon", "write `key: value`")
    opened = trouble.bracket
    if opened is None:
        return _no_bracket(trouble)
    if trouble.at_end or _left_behind(trouble, opened):
        message = f"the `{opened.sign}` that opens on line {opened.spot[0] + 1} is never closed"
        return Finding(opened.spot, message, f"close it with `{opened.closing}`")
    return _inside_brackets(trouble, opened)


def _no_bracket(trouble: Trouble) -> Finding | None:
    sign = trouble.character
    if trouble.says("node content") and sign and sign in "]},":
        hint = "remove it, or put the value in quotes if it belongs to the text"
        return Finding(trouble.spot, f"`{sign}` stands here, but no `[` or `{{` is open", hint)
    if trouble.says("flow sequence", "flow mapping", "flow node") and trouble.began:
        message = "inside this bracket a comma is missing, or it is never closed"
        return Finding(trouble.began, message, "write [one, two] or {key: value, other: value}")
    if trouble.says("node content"):
        return Finding(trouble.spot, "a value is missing before this place", "write it, or '' for an empty text")
    return None


def _left_behind(trouble: Trouble, opened: Bracket) -> bool:
    """A later line that is indented no deeper than the bracket's own is not meant to stand inside."""
    if trouble.spot[0] == opened.spot[0] or trouble.character in ("]", "}"):
        return False
    return indentation(trouble.line) <= indentation(trouble.line_at(opened.spot[0]))


def _inside_brackets(trouble: Trouble, opened: Bracket) -> Finding:
    sign = trouble.character
    if sign in ("]", "}") and sign != opened.closing:
        message = f"`{sign}` cannot close the `{opened.sign}` of line {opened.spot[0] + 1}"
        return Finding(trouble.spot, message, f"close that one first, with `{opened.closing}`")
    if sign == ",":
        return Finding(trouble.spot, "nothing stands before this comma", "remove the comma, or write the value")
    message = f"a comma or `{opened.closing}` is missing before this place"
    hint = "separate keys and items by commas; put text that has commas or brackets in quotes"
    return Finding(trouble.spot, message, hint)


def _unexpected_colon(trouble: Trouble) -> Finding | None:
    if not trouble.says("mapping values are not allowed"):
        return None
    scalar = trouble.scalar
    if scalar and scalar.spans_lines and not scalar.quote:
        return _joined_lines(trouble, scalar)
    earlier = trouble.line[: scalar.start[1]] if scalar and scalar.start[0] == trouble.spot[0] else trouble.line
    if ": " in earlier[: trouble.spot[1]]:
        value = earlier.partition(": ")[2] + trouble.line[len(earlier) :]
        message = "a second `: ` in one line: a plain value cannot hold one"
        return Finding(trouble.spot, message, f"put the value in quotes: {as_yaml_text(value.strip())}")
    if trouble.spot[1] > _LONGEST_KEY:
        message = f"the key before this colon is longer than {_LONGEST_KEY:,} characters"
        return Finding((trouble.spot[0], 0), message, "is this the right file?")
    return Finding(trouble.spot, "no key stands before this colon that it could belong to", "write `key: value`")


def _joined_lines(trouble: Trouble, scalar: LastScalar) -> Finding:
    """Two lines that YAML reads as one value, up to a colon that then comes too late."""
    row, column = scalar.start
    first = trouble.line_at(row)
    if _LIST_LEAD.fullmatch(first[:column]):
        return _without_colon(trouble, (row, column))
    key = first[:column].strip().rstrip(":").removeprefix("- ")
    message = f"this line is indented under line {row + 1}, where {quoted(key)} has a value already"
    spot = (trouble.spot[0], indentation(trouble.line))
    return Finding(spot, message, f"indent it like line {row + 1}, or remove the value there")


def _missing_colon(trouble: Trouble) -> Finding | None:
    if not trouble.says("could not find expected ':'") or trouble.began is None:
        return None
    return _without_colon(trouble, trouble.began)


def _without_colon(trouble: Trouble, spot: tuple[int, int]) -> Finding:
    row, column = spot
    text = trouble.line_at(row)[column:].split(" #")[0].rstrip()
    glued = _NO_SPACE.match(text)
    if glued:
        message = f"a space is missing after the colon in {quoted(text)}"
        return Finding(
            (row, column + glued.end("key")), message, f"write `{glued['key']}: {shortened(glued['value'])}`"
        )
    if text.startswith("-") and not text.startswith("--"):
        return Finding(
            spot, f"a space is missing after the dash in {quoted(text)}", "a list item is written `- item`"
        )
    hint = "write `key: value`; text of several lines needs `|` after its key, and deeper indentation"
    return Finding(spot, f"{quoted(text)} is followed by no colon", hint)


def _indentation(trouble: Trouble) -> Finding | None:
    if not trouble.says("block mapping", "block collection"):
        return None
    if not trouble.first_on_line:
        rest = quoted(trouble.line[trouble.spot[1] :].strip())
        hint = "put the whole value in quotes, or remove the rest"
        return Finding(trouble.spot, f"{rest} follows a value that is complete already", hint)
    here = trouble.spot[1]
    if here not in _indents_above(trouble):
        return _between_indents(trouble)
    if trouble.line[here:].startswith(("- ", "-\t")) or trouble.line[here:] == "-":
        hint = "indent it below its key; a key has either a value on its line or a list under it"
        return Finding(trouble.spot, "a list item stands where a key is expected", hint)
    if trouble.says("block collection"):
        began = trouble.began[0] + 1 if trouble.began else trouble.spot[0]
        message = f"the list that begins on line {began} goes on here without `- `"
        return Finding(trouble.spot, message, "begin the line with `- `, or indent it like the key of the list")
    return Finding(trouble.spot, "a key is expected here", "write `key: value`")


def _between_indents(trouble: Trouble) -> Finding:
    scalar = trouble.scalar
    if scalar and scalar.quote in ("|", ">"):
        message = f"the block of text that begins on line {scalar.start[0] + 1} ends before this line"
        return Finding(trouble.spot, message, "indent each of its lines at least as much as its first")
    steps = " or ".join(map(str, _indents_above(trouble))) or "no"
    message = f"this line begins in column {trouble.spot[1] + 1}, where no line above it does"
    return Finding(trouble.spot, message, f"indent it by {steps} spaces, like what it belongs to")


def _indents_above(trouble: Trouble) -> list[int]:
    """The indentations a line here may have: those of the lines above that it could stand beside."""
    found: list[int] = []
    for line in reversed(trouble.lines[: trouble.spot[0]]):
        if line.strip() and not line.lstrip().startswith("#") and (not found or indentation(line) < found[-1]):
            # A key after a dash has an indentation too: its column.
            lead = _LIST_LEAD.match(line)
            found += sorted({lead.end() if lead else 0, indentation(line)}, reverse=True)
    return sorted(found)


LAYOUT_MISTAKES = (_misplaced_item, _bracket, _unexpected_colon, _missing_colon, _indentation)
