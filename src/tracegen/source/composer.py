"""From a text to its nodes, one event at a time and without recursion, so that no input can exhaust the stack."""

import re
from collections.abc import Callable, Iterator
from enum import Enum
from typing import TYPE_CHECKING, Any

from tracegen.problems import Code, Place, Problem, ProblemsFound
from tracegen.source.node import Entry, Mapping, Node, Path, Scalar, Sequence, dotted
from tracegen.source.scalars import TagRefused, check_collection, scalar_is_plain
from tracegen.source.words import (
    DUPLICATE_KEY,
    NOT_A_MAPPING,
    NOT_ALLOWED,
    SYNTAX,
    TOO_LARGE,
    Guesses,
    quoted,
    shortened,
)

if TYPE_CHECKING:
    from yaml import MarkedYAMLError

#: Each problem is worth reading up to here. A file made to have more would fill the memory with their paths.
MOST_PROBLEMS = 1_000
DEEPEST = 100
MOST_NODES = 200_000

_SURROGATE = re.compile("[\ud800-\udfff]")


def compose(text: str, file: str) -> Node | None:
    """The root node of a text; `file` is its name in problems. None when the text holds nothing but comments.

    Raises `ProblemsFound` with every mistake but the first of the syntax itself, which ends the reading.
    """
    return _Composer(text, file).compose()


class _Special(Enum):
    """Keys that hold no value of their own."""

    MERGE = "<<"
    SKIPPED = "the key is a problem already, so its value is read and dropped"


class _Broken(Scalar):
    """Stands where a problem was reported, so that one mistake is not reported twice."""

    __slots__ = ()


class _Open:
    """A mapping or list between its start and its end."""

    __slots__ = ("anchor", "by_alias", "flow", "height", "place", "size", "template")

    def __init__(self, place: Place, anchor: str | None, flow: bool) -> None:
        """Begin at a place; `flow` says that it stands in brackets."""
        self.place, self.anchor, self.flow = place, anchor, flow
        #: Nodes inside and levels below, with every alias counted as what it stands for.
        self.size, self.height = 1, 1
        #: The value last added came through an alias (for a list: all of them did).
        self.by_alias = True
        #: It began with `{{`, which was reported.
        self.template = False


class _OpenSequence(_Open):
    """A list that is still open."""

    __slots__ = ("items",)

    def __init__(self, place: Place, anchor: str | None, flow: bool) -> None:
        """Begin at a place; `flow` says that it stands in brackets."""
        super().__init__(place, anchor, flow)
        self.items: list[Node] = []

    def close(self) -> Node:
        """The finished list."""
        return Sequence(tuple(self.items), self.place)


class _OpenMapping(_Open):
    """A mapping that is still open."""

    __slots__ = ("entries", "key", "key_place", "merge_place", "merged")

    def __init__(self, place: Place, anchor: str | None, flow: bool) -> None:
        """Begin at a place; `flow` says that it stands in brackets."""
        super().__init__(place, anchor, flow)
        self.entries: dict[str, Entry] = {}
        #: None while the next node is a key.
        self.key: str | _Special | None = None
        self.key_place = place
        self.merge_place: Place | None = None
        self.merged: dict[str, Entry] = {}

    def close(self) -> Node:
        """The finished mapping; keys written out win over merged ones."""
        if self.template:
            return _Broken("", True, self.place)
        return Mapping(self.merged | self.entries if self.merged else self.entries, self.place)


class _Composer:
    """Builds the nodes of one text; every mistake that is not the syntax itself is collected."""

    def __init__(self, text: str, file: str) -> None:
        """Begin with a decoded text; `file` is its name in problems."""
        self.text, self.file = text, file
        self.stack: list[_OpenMapping | _OpenSequence] = []
        self.problems: list[Problem] = []
        self.guesses = Guesses()
        self.nodes = 0
        #: What each anchor stands for so far, with its size and height; itself while it is open.
        self.anchors: dict[str, tuple[Node, int, int] | _OpenMapping | _OpenSequence] = {}
        self.documents = 0
        self.root: Node | None = None
        self.last_scalar: Any = None

    def compose(self) -> Node | None:
        """The root, which may be no mapping; None when the text says nothing. Raises `ProblemsFound`."""
        from yaml import MarkedYAMLError

        try:
            self._walk()
        except MarkedYAMLError as error:
            # What was found before may be its fault (a conflict marker, say), so it stands alone.
            raise ProblemsFound([self._explain(error)]) from None
        if self.problems:
            raise ProblemsFound(self.problems)
        return self.root

    def _explain(self, error: "MarkedYAMLError") -> Problem:
        from tracegen.source.mistakes import explain  # only a failure needs it
        from tracegen.source.trouble import trouble_of

        return explain(trouble_of(error, self.text, self.stack, self.last_scalar), self.file)

    def _walk(self) -> None:

        handlers = self._handlers()
        for event in parse(self.text):
            handler = handlers.get(type(event))
            if handler is not None:
                handler(event)
            if self.documents > 1:
                return

    def _handlers(self) -> dict[type, Callable[[Any], None]]:
        from yaml import events

        return {
            events.ScalarEvent: self._scalar,
            events.AliasEvent: self._alias,
            events.MappingStartEvent: self._start_mapping,
            events.SequenceStartEvent: self._start_sequence,
            events.MappingEndEvent: self._end,
            events.SequenceEndEvent: self._end,
            events.DocumentStartEvent: self._document,
        }

    # Events. Their class is PyYAML's and its C twin's, whose stubs make every mark optional: hence `Any`.

    def _document(self, event: Any) -> None:
        self.documents += 1
        if self.documents > 1:
            hint = "keep one document; more files are read with `include`"
            self._report(NOT_A_MAPPING, self._place(event), "a second document begins here", hint)

    def _scalar(self, event: Any) -> None:
        place = self._place(event)
        plain = not event.style
        if event.tag is not None:
            plain = self._plain_by_tag(event, place)
        self.last_scalar = event
        self._count(1, place)
        if not event.value.isascii():
            self._refuse_surrogates(event.value, place)
        node = Scalar(event.value, plain, place)
        if event.anchor is not None:
            self.anchors[event.anchor] = (node, 1, 0)
        self._add(node, 1, 0, False)

    def _refuse_surrogates(self, text: str, place: Place) -> None:
        """What libyaml refuses itself and its pure twin lets through: no encoder takes half a pair."""
        if _SURROGATE.search(text):
            message = "an escape names half of a surrogate pair, which is no character"
            self._report(SYNTAX, place, message, "write the character itself")

    def _plain_by_tag(self, event: Any, place: Place) -> bool:
        try:
            return scalar_is_plain(event.tag, event.value)
        except TagRefused as refused:
            self._report(NOT_ALLOWED, place, refused.message, refused.hint)
            return False

    def _start_mapping(self, event: Any) -> None:
        self._start(event, "mapping", _OpenMapping(self._place(event), event.anchor, bool(event.flow_style)))

    def _start_sequence(self, event: Any) -> None:
        self._start(event, "list", _OpenSequence(self._place(event), event.anchor, bool(event.flow_style)))

    def _start(self, event: Any, kind: str, opened: _OpenMapping | _OpenSequence) -> None:
        self._count(1, opened.place)
        self._check_depth(1, opened.place)
        if event.tag is not None:
            try:
                check_collection(event.tag, kind)
            except TagRefused as refused:
                self._report(NOT_ALLOWED, opened.place, refused.message, refused.hint)
        if opened.anchor is not None:
            self.anchors[opened.anchor] = opened
        self.stack.append(opened)

    def _end(self, event: Any) -> None:
        closed = self.stack.pop()
        node = closed.close()
        # An anchor may be given again inside; the later one stands.
        if closed.anchor is not None and self.anchors[closed.anchor] is closed:
            self.anchors[closed.anchor] = (node, closed.size, closed.height)
        self._add(node, closed.size, closed.height, closed.by_alias and isinstance(node, Sequence))

    def _alias(self, event: Any) -> None:
        place = self._place(event)
        name = quoted(event.anchor)
        found = self.anchors.get(event.anchor)
        if found is None:
            near = self.guesses.near(event.anchor, self.anchors)
            hint = near or f"write `&{shortened(event.anchor)}` before its first use"
            self._report(NOT_ALLOWED, place, f"no anchor {name} comes before this alias", hint)
            self._add(_Broken("", True, place), 1, 0, True)
        elif isinstance(found, tuple):
            self._expand(*found, place)
        else:
            message = f"the alias {name} stands inside its own anchor"
            self._report(NOT_ALLOWED, place, message, "it would have no end; write the value out")
            self._add(_Broken("", True, place), 1, 0, True)

    def _expand(self, node: Node, size: int, height: int, place: Place) -> None:
        self._count(size, place)
        self._check_depth(height, place)
        # A scalar is wrong or right where it is used; what lies inside a collection, where it was written.
        if isinstance(node, Scalar) and not isinstance(node, _Broken):
            node = Scalar(node.text, node.plain, place)
        self._add(node, size, height, True)

    # Nodes

    def _add(self, node: Node, size: int, height: int, by_alias: bool) -> None:
        if not self.stack:
            self.root = self.root or node
            return
        top = self.stack[-1]
        top.size += size
        if height >= top.height:
            top.height = height + 1
        if isinstance(top, _OpenSequence):
            top.items.append(node)
            top.by_alias = top.by_alias and by_alias
        elif top.key is None:
            self._key(top, node)
        else:
            self._value(top, node, by_alias)

    def _key(self, top: _OpenMapping, node: Node) -> None:
        top.key_place = node.place
        top.key = _Special.SKIPPED
        if isinstance(node, _Broken):
            return
        if not isinstance(node, Scalar):
            self._refuse_key(top, node)
        elif node.plain and node.text == "<<":
            if top.merge_place is not None:
                self._duplicate("<<", node.place, top.merge_place, "write both in one: `<<: [*a, *b]`")
                return
            top.key, top.merge_place = _Special.MERGE, node.place
        elif node.text in top.entries:
            first = top.entries[node.text].key_place
            self._duplicate(node.text, node.place, first, "keep one; YAML would silently take the last")
        else:
            top.key = node.text

    def _duplicate(self, key: str, place: Place, first: Place, hint: str) -> None:
        message = f"the key {quoted(key)} is written twice, first on line {first.line}"
        self._report(DUPLICATE_KEY, place, message, hint, key)

    def _refuse_key(self, top: _OpenMapping, node: Node) -> None:
        kind = "mapping" if isinstance(node, Mapping) else "list"
        message = f"a {kind} cannot be a key"
        hint = "a key is a word; if the brackets belong to the text, put it in quotes"
        inside = top.flow and (top.place.line, top.place.column + 1) == (node.place.line, node.place.column)
        if kind == "mapping" and inside:
            message = "`{{` begins a mapping in YAML, not a placeholder"
            hint = "put the whole value in quotes, or fill the template in before tracegen reads it"
            top.template = True
        self._report(NOT_ALLOWED, top.place if top.template else node.place, message, hint)

    def _value(self, top: _OpenMapping, node: Node, by_alias: bool) -> None:
        key, top.key = top.key, None
        if isinstance(key, str):
            top.entries[key] = Entry(top.key_place, node)
        elif key is _Special.MERGE and not _merge_into(top.merged, node, by_alias):
            message = "`<<` takes an alias of a mapping, or a list of such aliases"
            hint = "write `<<: *name` or `<<: [*one, *two]`; other keys stand beside `<<`, not under it"
            self._report(NOT_ALLOWED, top.key_place, message, hint, "<<")

    def _place(self, event: Any) -> Place:
        mark = event.start_mark
        return Place(self.file, mark.line + 1, mark.column + 1)

    # Problems and limits

    def _report(self, code: Code, place: Place, message: str, hint: str, key: str | None = None) -> None:
        """Add a problem at the open path, or at a key below it."""
        below = () if key is None else (shortened(key),)
        self.problems.append(Problem.of(code, place, dotted(self._path() + below), message, hint))
        if len(self.problems) == MOST_PROBLEMS:
            raise ProblemsFound(self.problems)

    def _count(self, more: int, place: Place) -> None:
        """Count nodes, and stop at too many."""
        self.nodes += more
        if self.nodes > MOST_NODES:
            message = f"the file holds more than {MOST_NODES:,} values, counting an alias as what it repeats"
            self._give_up(place, message, "is this the right file? aliases of aliases grow quickly")

    def _check_depth(self, below: int, place: Place) -> None:
        """Stop where something of so many levels, put where the composer stands, would nest too deep."""
        if len(self.stack) + below > DEEPEST:
            message = f"the file nests deeper than {DEEPEST} levels"
            self._give_up(place, message, "no spec needs that; look for brackets that are never closed")

    def _give_up(self, place: Place, message: str, hint: str) -> None:
        raise ProblemsFound([*self.problems, Problem.of(TOO_LARGE, place, "", message, hint)])

    def _path(self) -> Path:
        steps: list[str | int] = []
        for opened in self.stack:
            if isinstance(opened, _OpenSequence):
                steps.append(len(opened.items))
            elif isinstance(opened.key, str):
                steps.append(shortened(opened.key))
        return tuple(steps)


def _merge_into(merged: dict[str, Entry], node: Node, by_alias: bool) -> bool:
    """Add the keys of the value of a `<<`; False when that value is not an alias of mappings.

    The keys keep the places where they were written, since that is where a mistake in them is mended.
    """
    sources = node.items if isinstance(node, Sequence) else (node,)
    if not by_alias or not all(isinstance(source, Mapping | _Broken) for source in sources):
        return isinstance(node, _Broken)
    for source in sources:
        if isinstance(source, Mapping):
            # Of several sources the first wins.
            merged.update({key: entry for key, entry in source.entries.items() if key not in merged})
    return True


# yaml is imported inside the functions: it costs a fifth of the start-up of a command that reads nothing.


def parse(text: str) -> Iterator[Any]:
    """All events in order; raises `yaml.MarkedYAMLError` where the text stops being YAML.

    Both parsers keep their state in a list and not on the call stack, so depth cannot crash them; they do get
    slower with it, so whoever walks the events stops at a depth.
    """
    from yaml import MarkedYAMLError

    parser = _parser(text)
    try:
        # Each parser says None after the end of the stream.
        yield from iter(parser.get_event, None)
    except (ValueError, OverflowError) as error:
        # The pure scanner calls chr() on any number an escape names.
        mark = parser.get_mark()
        raise MarkedYAMLError(
            "while parsing a quoted scalar", None, "found invalid Unicode character escape code", mark
        ) from error


def _parser(text: str) -> Any:
    try:
        from yaml._yaml import CParser
    except ImportError:
        return _pure(text)
    return CParser(text)


def _pure(text: str) -> Any:
    from yaml.parser import Parser
    from yaml.reader import Reader
    from yaml.scanner import Scanner

    class PureParser(Reader, Scanner, Parser):
        def __init__(self, stream: str) -> None:
            Reader.__init__(self, stream)
            Scanner.__init__(self)
            Parser.__init__(self)

    return PureParser(text)
