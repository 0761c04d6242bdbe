"""Says in our own words why a text is not YAML: the mistakes people make, in the order in which they are looked for.

Both parsers say where they gave up, which is rarely where the mistake is, and each in its own words. So the
diagnosis looks at the text around that place, and at their words only for what kind of thing was being read.

Each function looks at the trouble and returns what it found, or None. The first that finds something is
believed, so the ones that explain most of what follows them (a conflict marker, a tab, an open quote) come first.
"""

import re
from collections.abc import Callable

from tracegen.problems import Place, Problem
from tracegen.source.trouble import Bracket, Finding, LastScalar, Trouble, indentation
from tracegen.source.words import SYNTAX, as_yaml_text, quoted, shortened

_QUOTES = ("'", '"')
_CONFLICT = re.compile(r"<{7}(?: |$)")
_TAB_INDENT = re.compile(r"[ ]*\t")
_PLACEHOLDER = re.compile(r"(?:^|(?<=[\s:\[,}-]))\{[{%]")
_ESCAPE = re.compile(r"\\(?:x[0-9a-fA-F]{0,2}|u[0-9a-fA-F]{0,4}|U[0-9a-fA-F]{0,8}|.|$)")
_NO_SPACE = re.compile(r"(?P<key>[^\s:'\"\[\]{}#&*!|>@`%,]+):(?!//)(?P<value>\S.*)")
_LIST_LEAD = re.compile(r" *(?:- +)*")
_LONGEST_KEY = 1024
_CANNOT_BEGIN = {
    "@": "'@' is reserved",
    "`": "a backtick is reserved",
    "%": "'%' begins a directive",
    "?": "`? ` begins a key",
}


def _conflict_marker(trouble: Trouble) -> Finding | None:
    for number, line in enumerate(trouble.lines[: trouble.spot[0] + 1]):
        if _CONFLICT.match(line):
            return Finding((number, 0), "a git conflict marker stands here", "resolve the conflict, then try again")
    return None


def _tab(trouble: Trouble) -> Finding | None:
    indent = _TAB_INDENT.match(trouble.line)
    hint = "replace each tab by spaces; most editors can do it for the whole file"
    if indent and trouble.spot[1] <= indent.end():
        return Finding((trouble.spot[0], indent.end() - 1), "a tab is used for indentation; YAML wants spaces", hint)
    if trouble.character == "\t":
        return Finding(trouble.spot, "a tab stands where YAML wants spaces", hint)
    return None


def _open_quote(trouble: Trouble) -> Finding | None:
    if not trouble.says("quoted scalar") or not trouble.says("end of stream", "document"):
        return None
    spot = trouble.began or trouble.spot
    sign = trouble.line_at(spot[0])[spot[1] : spot[1] + 1]
    message = f"the quote {sign} that opens on line {spot[0] + 1} is never closed"
    return Finding(spot, message, f"close it with {sign}; {_inside_quotes(sign)}")


def _swallowing_quote(trouble: Trouble) -> Finding | None:
    """A quote that ran on until the next one opened, lines later, and took that for its end."""
    scalar = trouble.scalar
    if scalar is None or scalar.quote not in _QUOTES or not scalar.spans_lines or scalar.end[0] != trouble.spot[0]:
        return None
    sign = "'" if scalar.quote == "'" else '"'
    message = f"the quote {sign} that opens on line {scalar.start[0] + 1} closes only on line {scalar.end[0] + 1}"
    return Finding(scalar.start, message, f"is a closing {sign} missing on line {scalar.start[0] + 1}?")


def _inside_quotes(sign: str) -> str:
    return "write '' for a ' inside '…'" if sign == "'" else 'write \\" for a " inside "…"'


def _placeholder(trouble: Trouble) -> Finding | None:
    rows = {trouble.spot[0], trouble.began[0] if trouble.began else trouble.spot[0]}
    if trouble.bracket:
        rows.add(trouble.bracket.spot[0])
    for row in sorted(rows | {max(trouble.spot[0] - 1, 0)}):
        found = _PLACEHOLDER.search(trouble.line_at(row))
        if found and (row in rows or trouble.says("document start")):
            sign = found.group()
            message = f"`{sign}` is not a placeholder in YAML, where `{{` begins a mapping"
            hint = "put the whole value in quotes, or fill the template in before tracegen reads it"
            return Finding((row, found.start()), message, hint)
    return None


def _variable(trouble: Trouble) -> Finding | None:
    """`${NAME}` inside brackets, where its own bracket begins a mapping."""
    found = trouble.line.rfind("${", 0, trouble.spot[1] + 1)
    if not trouble.bracket or found < 0 or "}" in trouble.line[found : trouble.spot[1]]:
        return None
    message = "`${…}` is not expanded in a spec, and inside brackets its `{` begins a mapping"
    return Finding((trouble.spot[0], found), message, "write the value; where a reference fits, {env: NAME}")


def _escape(trouble: Trouble) -> Finding | None:
    if not trouble.says("quoted scalar") or not trouble.says("escape", "hexdecimal", "hexadecimal"):
        return None
    line, column = trouble.spot
    column = trouble.line.rfind("\\", 0, column + 1)
    escape = _ESCAPE.match(trouble.line, max(column, 0))
    if escape is None:
        return None
    message = f'{quoted(escape.group())} is no escape that "…" knows'
    return Finding((line, column), message, "write \\\\ for a backslash, or use '…', where it means itself")


def _after_quote(trouble: Trouble) -> Finding | None:
    scalar = trouble.scalar
    if scalar is None or scalar.quote not in _QUOTES or scalar.end[0] != trouble.spot[0]:
        return None
    between = trouble.line[scalar.end[1] : trouble.spot[1]]
    if between.strip() or not trouble.character or trouble.character in ",:]}" or trouble.bracket:
        return None
    message = f"text follows the quote {scalar.quote} that closes the value"
    return Finding(trouble.spot, message, f"{_inside_quotes(scalar.quote)}, or put all of it between quotes")


def _cannot_begin(trouble: Trouble) -> Finding | None:
    sign = trouble.character
    if not trouble.says("cannot start any token", "mapping keys are not allowed") or not sign:
        return None
    why = _CANNOT_BEGIN.get(sign, f"{quoted(sign)} has a meaning of its own")
    word = trouble.line[trouble.spot[1] :].split(" #")[0].strip()
    return Finding(trouble.spot, f"a value cannot begin like this: {why}", f"put it in quotes: {as_yaml_text(word)}")


def _block_text(trouble: Trouble) -> Finding | None:
    if not trouble.says("block scalar"):
        return None
    message = "only + or -, a digit and a comment may follow the | or > that begins a block of text"
    return Finding(trouble.spot, message, "put the text itself on the next line, indented")


def _anchor_name(trouble: Trouble) -> Finding | None:
    if not trouble.says("scanning an anchor", "scanning an alias"):
        return None
    message = "an & or * is followed by the name of an anchor, of letters, digits, - and _"
    return Finding(trouble.began or trouble.spot, message, "if the sign belongs to the text, put it in quotes")


def _tag(trouble: Trouble) -> Finding | None:
    if not trouble.says("a tag", "tag handle"):
        return None
    message = "a ! begins a tag, and this is none"
    return Finding(trouble.began or trouble.spot, message, "if the ! belongs to the text, put it in quotes")


def _directive(trouble: Trouble) -> Finding | None:
    if trouble.says("directive", "incompatible YAML"):
        message = "a line that begins with % is a directive, and this is none that YAML 1.2 has"
        return Finding((trouble.spot[0], 0), message, "remove the line; a spec needs no directive")
    if trouble.says("node content") and trouble.line.startswith("..."):
        return Finding(trouble.spot, "`...` ends the file here, in the middle of it", "remove the line")
    if trouble.says("document start"):
        if trouble.line_at(0).startswith("%"):
            return Finding(
                trouble.spot, "`---` is missing after the directives", "remove the lines that begin with %"
            )
        message = "the file is complete before this line, so nothing may follow"
        return Finding(trouble.spot, message, "a file is one mapping: look at the line above")
    return None


# Colons, commas, brackets and indentation: the mistakes that YAML's layout makes so easy.


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


Mistake = Callable[[Trouble], Finding | None]

MISTAKES: tuple[Mistake, ...] = (
    _conflict_marker,
    _tab,
    _open_quote,
    _placeholder,
    _variable,
    _escape,
    _cannot_begin,
    _block_text,
    _anchor_name,
    _tag,
    _directive,
    _swallowing_quote,
    _after_quote,
    _misplaced_item,
    _bracket,
    _unexpected_colon,
    _missing_colon,
    _indentation,
)


def explain(trouble: Trouble, file: str) -> Problem:
    """The problem behind a parser's error."""
    finding = next((found for mistake in MISTAKES if (found := mistake(trouble))), None) or _unknown(trouble)
    line, column = finding.spot
    return Problem.of(SYNTAX, Place(file, line + 1, column + 1), "", finding.message, finding.hint)


def _unknown(trouble: Trouble) -> Finding:
    hint = "look at the quotes, colons and indentation of this line and the one above"
    return Finding(trouble.spot, f"YAML ends here: {trouble.said}", hint)
