"""The YAML emitter: block style, comments, no aliases, and nothing that two readers read differently.

Ours because generated files carry comments, which PyYAML cannot write, and because its pure dumper is slow.
"""

from types import NoneType
from typing import Any, Final

from tracegen.emit.characters import comment_lines
from tracegen.emit.scalar import float_text, inline, key_text, string_text
from tracegen.emit.value import Commented, Refused, Value, exact

__all__ = ["Commented", "Value", "to_yaml"]

_STEP: Final = "  "
# Readers look for a key's colon within 1,024 characters (YAML 1.2.2, 7.4.2); a longer key needs `? `.
_LONGEST_SIMPLE_KEY: Final = 1000


def to_yaml(value: Value, head: str = "") -> str:
    """`value` as one YAML document that ends in one newline.

    `head` becomes `# …` lines at the top, and a `Commented` node's comment `# …` lines above its key or dash;
    the comment of a list item's first key stands above the dash, as people write it. Text with lines becomes
    a literal block, other text is plain or double-quoted.

    Raises TypeError for a key that is not a str and for a value that is none of `Value`'s types, ValueError
    for infinities, NaN and lone surrogates; the message begins with the path: `services.web.ports[0]: …`.
    """
    lines: list[str] = []
    try:
        _root(lines, value)
    except Refused as refused:
        raise refused.error() from None
    top = comment_lines(head)
    if top and lines[0].startswith("#"):
        top.append("")  # else the first node's comment would read as the last sentence of the head
    return "\n".join((*top, *lines, ""))


def _root(lines: list[str], value: Any) -> None:
    value = _uncommented(lines, value, "")
    kind = type(value)
    if kind is dict and value:
        _entries(lines, value, "", "")
    elif kind is list and value:
        _items(lines, value, "", "")
    elif kind is str:
        # Not a block: readers disagree on how far one without a parent is indented.
        lines.append(inline(value))
    else:
        lines.append(_FLOW[kind](value))


def _entries(lines: list[str], mapping: dict[Any, Any], first: str, pad: str) -> None:
    """Write a block mapping; `first` stands before its first key (`- ` in a list), `pad` before others."""
    lead = first
    key: object = None
    try:
        for key, value in mapping.items():
            if type(value) not in _FLOW:
                value = _uncommented(lines, value, lead)
            text = key_text(key)
            if len(text) > _LONGEST_SIMPLE_KEY:
                lines.append(f"{lead}? {text}")
                lead, text = pad, ""
            _after(lines, f"{lead}{text}:", value, pad)
            lead = pad
    except Refused as refused:
        raise (refused.under(key) if isinstance(key, str) else refused) from None


def _after(lines: list[str], line: str, value: Any, pad: str) -> None:
    """Write `value` behind `line`, which ends in the colon or dash that stands at `pad`."""
    kind = type(value)
    if kind is str:
        lines.append(f"{line} {string_text(value, pad)}")
    elif kind is dict and value:
        lines.append(line)
        _entries(lines, value, pad + _STEP, pad + _STEP)
    elif kind is list and value:
        lines.append(line)
        _items(lines, value, pad + _STEP, pad + _STEP)
    else:
        lines.append(f"{line} {_FLOW[kind](value)}")


def _items(lines: list[str], items: list[Any], first: str, pad: str) -> None:
    """Write a block sequence; what is in an item starts on the line of its dash."""
    lead = first
    index = 0
    try:
        for index, item in enumerate(items):  # noqa: B007 - the `except` reads the index
            if type(item) not in _FLOW:
                item = _uncommented(lines, item, lead)
            kind = type(item)
            if kind is dict and item:
                _entries(lines, item, f"{lead}- ", pad + _STEP)
            elif kind is list and item:
                _items(lines, item, f"{lead}- ", pad + _STEP)
            else:
                _after(lines, f"{lead}-", item, pad)
            lead = pad
    except Refused as refused:
        raise refused.under(index) from None


def _uncommented(lines: list[str], value: Any, lead: str) -> Any:
    """Write the comments that `value` carries; return it bare, as one of the exact types of `_FLOW`."""
    while isinstance(value, Commented):
        indentation = lead[: len(lead) - len(lead.lstrip(" "))]
        lines.extend(indentation + line for line in comment_lines(value.comment))
        value = value.value
    return value if type(value) in _FLOW else exact(value)


# How a value of each exact type is written on the line of its key; lists and dicts come here only when empty.
_FLOW: Final[dict[type, Any]] = {
    str: inline,
    bool: ("false", "true").__getitem__,
    int: repr,
    float: float_text,
    NoneType: lambda _: "null",
    list: lambda _: "[]",
    dict: lambda _: "{}",
}
