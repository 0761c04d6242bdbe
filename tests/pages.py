"""Pages of the documentation, read for what can be checked in them.

A comment before a fenced block says what the block is, and is no part of what readers see:

    <!-- in: examples/01-hello -->               commands from here on run in a copy of it, rendered
    <!-- in: the spec of examples/01-hello -->   the same, but nothing is rendered yet
    <!-- run: sed -i … tracegen.yaml -->         runs, and shows nothing
    <!-- output of: tracegen validate -->        the next block is exactly what this prints
    <!-- exits: 1 -->                            the next `sh` block's commands of tracegen end with this code
    <!-- not run: it starts containers -->       the next `sh` block is not run, and why

A page begins in the spec of examples/01-hello, the README of an example in that example. Lines of `sh` blocks that
do not begin with `tracegen` are for people and are not run.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

_COMMENT = re.compile(r"<!-- ([a-z ]+): (.*) -->")
_FENCE = re.compile(r"( *)(`{3,})(\w*)$")
_LINK = re.compile(r"(?<!!)\[(?:[^\]\[]|\[[^\]]*\])*\]\(([^)\s]+)\)")
_HEADING = re.compile(r"#{1,6} (.*)")
_ANCHOR = re.compile(r"<a (?:id|name)=\"([^\"]+)\"")


@dataclass(frozen=True)
class Comment:
    """A comment that says something to the test: its word, and the rest."""

    line: int
    word: str
    text: str


@dataclass(frozen=True)
class Block:
    """A fenced block: `start` and `end` enclose its lines, counting from 0."""

    start: int
    end: int
    indent: str
    language: str
    text: str
    comments: tuple[Comment, ...]

    def said(self, word: str) -> str | None:
        """What a comment directly before the block says under a word."""
        return next((each.text for each in self.comments if each.word == word), None)


@dataclass(frozen=True)
class Page:
    """A Markdown file: comments and blocks in order, and its prose without blocks."""

    path: Path
    lines: list[str]
    parts: list[Comment | Block] = field(default_factory=list)
    prose: list[tuple[int, str]] = field(default_factory=list)

    @property
    def blocks(self) -> list[Block]:
        """The fenced blocks."""
        return [each for each in self.parts if isinstance(each, Block)]

    def links(self) -> Iterator[tuple[int, str]]:
        """Line and target of every link."""
        for number, line in self.prose:
            for target in _LINK.findall(re.sub(r"`[^`]*`", "", line)):
                yield number, target

    def anchors(self) -> set[str]:
        """What can follow `#` in a link to this page, as GitHub makes it from headings."""
        headings = [match.group(1) for _, line in self.prose if (match := _HEADING.fullmatch(line))]
        explicit = {anchor for _, line in self.prose for anchor in _ANCHOR.findall(line)}
        return {_slug(heading) for heading in headings} | explicit


def read_page(path: Path) -> Page:
    """The page in a file."""
    page = Page(path, path.read_text(encoding="utf-8").splitlines())
    before: list[Comment] = []
    number = 0
    while number < len(page.lines):
        line = page.lines[number]
        comment, fence = _COMMENT.fullmatch(line.strip()), _FENCE.fullmatch(line)
        if fence:
            block = _block(page.lines, number, fence, tuple(before))
            page.parts.append(block)
            number, before = block.end, []
        elif comment:
            before.append(Comment(number, *comment.groups()))
            page.parts.append(before[-1])
        else:
            page.prose.append((number, line))
            before = before if not line.strip() else []
        number += 1
    return page


def _block(lines: list[str], fence_line: int, fence: re.Match[str], comments: tuple[Comment, ...]) -> Block:
    indent, ticks, language = fence.groups()
    end = next(number for number in range(fence_line + 1, len(lines)) if lines[number] == indent + ticks)
    text = "\n".join(line.removeprefix(indent) for line in lines[fence_line + 1 : end])
    return Block(fence_line + 1, end, indent, language, text, comments)


def _slug(heading: str) -> str:
    words = re.sub(r"[^\w\- ]", "", heading.replace("`", "").strip().lower())
    return words.replace(" ", "-")
