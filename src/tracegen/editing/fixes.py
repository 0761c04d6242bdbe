"""What `validate --fix` does: the words that problems give in place of others, written into the text."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from tracegen.problems import Problem
from tracegen.source.node import Mapping, Node, Scalar
from tracegen.source.words import shortened

_QUOTED = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"\\]|\\.)*\"")


@dataclass(frozen=True)
class Fixed:
    """One word that was replaced, by line and column from 1."""

    line: int
    column: int
    path: str
    old: str
    new: str


def fixed(text: str, root: Node, problems: Iterable[Problem]) -> tuple[str, list[Fixed]]:
    """The text with the fixes of problems, all of this file, and what was replaced; `root` is the text, read.

    A fix is left out where its word is not on one line, or an alias stands in its place.
    """
    lines = text.split("\n")
    words = dict(_words(root))
    done: dict[tuple[int, int], Fixed] = {}
    # From the last one to the first: what is written does not move what comes before it.
    for each in sorted((each for each in problems if each.fix), key=lambda each: each.sort_key, reverse=True):
        at = (each.place.line, each.place.column)
        if at in done or at not in words:
            continue
        line, column = lines[at[0] - 1], at[1] - 1
        old = _written(line, column, *words[at])
        begins_line = not line[:column].strip(" -")
        if old and (begins_line or ": " not in each.fix or each.fix[0] in "[{\"'"):
            lines[at[0] - 1] = line[:column] + each.fix + line[column + len(old) :]
            done[at] = Fixed(*at, each.path, shortened(old), each.fix)
    return "\n".join(lines), [done[at] for at in sorted(done)]


def _written(line: str, column: int, text: str, plain: bool) -> str:
    """A word as it stands in its line; empty where it does not."""
    if plain:
        return text if text and line.startswith(text, column) else ""
    found = _QUOTED.match(line, column)
    return found[0] if found else ""


def _words(node: Node) -> Iterator[tuple[tuple[int, int], tuple[str, bool]]]:
    """Keys and scalars by line and column: their text, and whether they stand without quotes."""
    if isinstance(node, Scalar):
        yield (node.place.line, node.place.column), (node.text, node.plain)
    elif isinstance(node, Mapping):
        for key, entry in node.entries.items():
            yield (entry.key_place.line, entry.key_place.column), (key, True)
            yield from _words(entry.value)
    else:
        for item in node.items:
            yield from _words(item)
