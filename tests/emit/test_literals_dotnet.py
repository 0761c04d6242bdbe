"""A text from a spec can never leave its string in C#: each is one literal to a parser, and decodes to itself."""

import re

from emit.hostile_texts import hostile_texts
from parsers import csharp, csharp_errors, nodes
from tracegen.catalogue import catalogue
from tracegen.emit import string_literal

_ESCAPE = re.compile(r"\\(u[0-9a-f]{4}|U[0-9a-f]{8}|.)")
_SIMPLE = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\"}


def test_every_text_is_one_literal() -> None:
    texts = hostile_texts()
    style = catalogue().languages["dotnet"].literal
    lines = "\n".join(f"        {string_literal(text, style)}," for text in texts)
    program = f"class Literals\n{{\n    static readonly string[] Texts =\n    {{\n{lines}\n    }};\n}}\n"
    assert not csharp_errors(program)
    found = [node.text.decode() for node in nodes(csharp(program)) if node.type == "string_literal" and node.text]
    assert [_decoded(literal) for literal in found] == texts


def _decoded(literal: str) -> str:
    """By the rules of the C# standard for simple and Unicode escapes."""
    return _ESCAPE.sub(lambda found: _character(found[1]), literal[1:-1])


def _character(escape: str) -> str:
    return chr(int(escape[1:], 16)) if escape[0] in "uU" else _SIMPLE[escape]
