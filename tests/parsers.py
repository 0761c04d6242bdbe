"""Parsers of languages whose compilers cannot be had here."""

from __future__ import annotations

from collections.abc import Iterator

import tree_sitter_c_sharp
from tree_sitter import Language, Node, Parser

from programs.build import ProgramMissing
from programs.debian import debian_program
from programs.plugin import absent


def interpreter(package: str, program: str) -> list[str]:
    """The command of an interpreter of Debian; its absence skips the test, or fails it in CI."""
    try:
        return debian_program(package, program)
    except ProgramMissing as missing:
        absent(program, str(missing))
        raise


def csharp(text: str) -> Node:
    """The tree of a C# file."""
    return Parser(Language(tree_sitter_c_sharp.language())).parse(text.encode()).root_node


def csharp_errors(text: str) -> str:
    """Where the parser met what it does not know, or missed something; nothing when all is C#."""
    wrong = [node for node in nodes(csharp(text)) if node.type == "ERROR" or node.is_missing]
    return "; ".join(f"line {node.start_point[0] + 1}: {node.type} {node.text!r}" for node in wrong)


def nodes(root: Node) -> Iterator[Node]:
    """A node and all below it."""
    yield root
    for child in root.children:
        yield from nodes(child)
