"""What `tracegen fmt` does: one layout for a spec, by ruamel.yaml, which keeps comments, quotes and order.

Its result is believed only when it reads as the same spec with the same comments.
"""

import io
import re
from typing import Any

from tracegen.problems import ProblemsFound
from tracegen.source.node import Mapping, Node, Scalar, Sequence
from tracegen.source.reader import decode, read

#: Brackets stay on their line: broken ones are harder to read than long ones.
_WIDTH = 10_000
_COMMENT = re.compile(r"(?:^|(?<=\s))#.*?\s*$")
_BLANKS = re.compile(r"\n{3,}")


class CannotFormat(Exception):
    """A file that would not come out as it went in; its message says what."""


def formatted(data: bytes, file: str) -> str:
    """The text of a spec in one layout: two spaces a level, lists indented, one blank after a colon and no blanks at
    the ends of lines, line feeds, and no more than one empty line.

    Raises ProblemsFound where the text is no YAML, CannotFormat.
    """
    before = read(data, file)
    text = decode(data, file).replace("\r\n", "\n").replace("\r", "\n")
    laid = [line.rstrip() for line in _round_trip(text).split("\n")]
    results = [_BLANKS.sub("\n\n", "\n".join(lines)).strip("\n") + "\n" for lines in (_aligned(laid), laid)]
    whys = [_difference(before, text, each, file) for each in results]
    for result, why in zip(results, whys, strict=True):
        if not why:
            return result
    raise CannotFormat(whys[-1])


def _difference(before: Node, text: str, result: str, file: str) -> str:
    """Why a result is not the same spec with the same comments; empty where it is."""
    try:
        after = read(result.encode(), file)
    except ProblemsFound:
        return "its layout cannot be kept readable"
    if _bare(after) != _bare(before):
        return "a value would change"
    if sorted(_comments(result)) != sorted(_comments(text)):
        return "a comment would be lost or moved; move comments out of brackets"
    return ""


def _aligned(lines: list[str]) -> list[str]:
    """Lines that are comments begin where the line after them does."""
    found, column = [], 0
    for line in reversed(lines):
        bare = line.lstrip(" ")
        if bare.startswith("#"):
            line = " " * column + bare
        elif bare:
            column = len(line) - len(bare)
        found.append(line)
    return found[::-1]


def _round_trip(text: str) -> str:
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError
    from ruamel.yaml.resolver import VersionedResolver

    class Texts(VersionedResolver):
        """Every plain word is a text, so that `012`, `1.10` and `no` come out as they went in."""

        @property
        def versioned_resolver(self) -> Any:
            return {}

    yaml = YAML()
    yaml.Resolver = Texts
    yaml.preserve_quotes = True
    yaml.brace_single_entry_mapping_in_flow_sequence = True
    yaml.width = _WIDTH
    yaml.indent(mapping=2, sequence=4, offset=2)
    stream = io.StringIO()
    try:
        yaml.dump(yaml.load(text), stream)
    except (YAMLError, RecursionError) as error:
        raise CannotFormat(f"it cannot be taken apart ({type(error).__name__})") from None
    return stream.getvalue()


def _bare(node: Node) -> object:
    """A node without its places."""
    if isinstance(node, Scalar):
        return node.text, node.plain
    if isinstance(node, Sequence):
        return [_bare(item) for item in node.items]
    assert isinstance(node, Mapping)
    return [(key, _bare(entry.value)) for key, entry in node.entries.items()]


def _comments(text: str) -> list[str]:
    """What looks like a comment, in order; a `#` inside quotes is one on both sides."""
    return [found[0].strip() for line in text.split("\n") if (found := _COMMENT.search(line))]
