"""The mistakes people make in YAML, in the order in which they are looked for.

Each function looks at the trouble and returns what it found, or None. The first that finds something is
believed, so the ones that explain most of what follows them (a conflict marker, a tab, an open quote) come first.
"""

import re
from collections.abc import Callable

from tracegen.source.layout_mistakes import LAYOUT_MISTAKES
from tracegen.source.trouble import Finding, Trouble
from tracegen.source.words import as_yaml_text, quoted

_QUOTES = ("'", '"')
_CONFLICT = re.compile(r"<{7}(?: |$)")
_TAB_INDENT = re.compile(r"[ ]*\t")
_PLACEHOLDER = re.compile(r"(?:^|(?<=[\s:\[,}-]))\{[{%]")
_ESCAPE = re.compile(r"\\(?:x[0-9a-fA-F]{0,2}|u[0-9a-fA-F]{0,4}|U[0-9a-fA-F]{0,8}|.|$)")
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


Mistake = Callable[[Trouble], Finding | None]

MISTAKES: tuple[Mistake, ...] = (
    _conflict_marker,
    _tab,
    _open_quote,
    _placeholder,
    _escape,
    _cannot_begin,
    _block_text,
    _anchor_name,
    _tag,
    _directive,
    _swallowing_quote,
    _after_quote,
    *LAYOUT_MISTAKES,
)
