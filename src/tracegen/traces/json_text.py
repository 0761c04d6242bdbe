"""JSON that is read piece by piece: walk into the objects and lists that matter, parse the rest whole."""

import codecs
import re
from collections.abc import Iterator
from json import JSONDecodeError, JSONDecoder
from typing import Any, BinaryIO

from tracegen.traces.values import BadSpan

_PIECE = 1 << 18
_SPACE = re.compile(r"[ \t\n\r]*")


class JsonText:
    """A stream of JSON documents in UTF-8, and a place in it.

    `members` and `elements` walk into the object or list before which the text stands; for each key or element the
    caller takes the value: by `value`, or by walking into it.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._decode = codecs.getincrementaldecoder("utf-8-sig")("replace").decode
        self._parse = JSONDecoder().raw_decode
        self._text = ""
        self._at = 0
        self._before = 0
        self._ended = False

    def peek(self) -> str:
        """The next character that is no space; '' at the end."""
        while True:
            match = _SPACE.match(self._text, self._at)
            self._at = match.end() if match else self._at
            if self._at < len(self._text):
                return self._text[self._at]
            if not self._more():
                return ""

    def members(self) -> Iterator[str]:
        """The keys of the object that begins here."""
        for _ in self._separated("{", "}"):
            key = self.value()
            if not isinstance(key, str):
                raise self._bad("a key in quotation marks")
            self._take(":")
            yield key

    def elements(self) -> Iterator[None]:
        """Once for each element of the list that begins here; null is an empty list."""
        if self.peek() == "n":
            self.value()
            return
        yield from self._separated("[", "]")

    def value(self) -> Any:
        """The value that begins here, parsed whole."""
        if not self.peek():
            raise self._bad("a value")
        while True:
            try:
                found, end = self._parse(self._text, self._at)
            except RecursionError as error:
                raise BadSpan("the JSON is nested too deeply") from error
            except JSONDecodeError as error:
                if self._more():
                    continue
                raise self._bad("a value") from error
            # A number at the end of the text may go on.
            if end < len(self._text) or not self._more():
                self._at = end
                return found

    def _separated(self, opening: str, closing: str) -> Iterator[None]:
        self._take(opening)
        if self.peek() == closing:
            self._at += 1
            return
        while True:
            yield
            if self.peek() == closing:
                self._at += 1
                return
            self._take(",")

    def _take(self, expected: str) -> None:
        if self.peek() != expected:
            raise self._bad(repr(expected))
        self._at += 1

    def _more(self) -> bool:
        """Read on, at least as much as is there already, so that a long value is not parsed again and again."""
        if self._ended:
            return False
        rest = len(self._text) - self._at
        piece = self._stream.read(max(_PIECE, rest))
        self._ended = not piece
        self._before += self._at
        self._text = self._text[self._at :] + self._decode(piece, self._ended)
        self._at = 0
        return len(self._text) > rest or not self._ended

    def _bad(self, expected: str) -> BadSpan:
        found = self._text[self._at : self._at + 20]
        place = self._before + self._at
        return BadSpan(f"this is no JSON: {expected} is expected at character {place}, not {found or 'the end'!r}")
