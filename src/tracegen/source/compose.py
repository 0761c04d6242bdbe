"""From events to nodes, one event at a time and without recursion, so that no input can exhaust the stack."""

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from tracegen.problems import Place, Problem, ProblemsFound
from tracegen.source import codes
from tracegen.source.findings import Findings
from tracegen.source.frames import Broken, Node, OpenMapping, OpenSequence, Special
from tracegen.source.merge import merge_into
from tracegen.source.node import Entry, Mapping, Scalar, Sequence
from tracegen.source.root import root_problem
from tracegen.source.tags import TagRefused, check_collection, scalar_is_plain
from tracegen.source.words import nearest, quoted, shortened

if TYPE_CHECKING:
    from yaml import MarkedYAMLError

_SURROGATE = re.compile("[\ud800-\udfff]")


class Composer:
    """Builds the nodes of one text; every mistake that is not the syntax itself is collected."""

    def __init__(self, text: str, file: str) -> None:
        """Begin with a decoded text; `file` is its name in problems."""
        self.text, self.file = text, file
        self.stack: list[OpenMapping | OpenSequence] = []
        self.found = Findings(self.stack)
        #: What each anchor stands for so far, with its size and height; itself while it is open.
        self.anchors: dict[str, tuple[Node, int, int] | OpenMapping | OpenSequence] = {}
        self.documents = 0
        self.root: Node | None = None
        self.last_scalar: Any = None

    def compose(self) -> Mapping:
        """The root mapping, or `ProblemsFound`."""
        from yaml import MarkedYAMLError

        try:
            self._walk()
        except MarkedYAMLError as error:
            # What was found before may be its fault (a conflict marker, say), so it stands alone.
            raise ProblemsFound([self._explain(error)]) from None
        if self.found.problems:
            raise ProblemsFound(self.found.problems)
        if not isinstance(self.root, Mapping):
            raise ProblemsFound([root_problem(self.root, self.text, self.file)])
        return self.root

    def _explain(self, error: "MarkedYAMLError") -> Problem:
        from tracegen.source.syntax import explain  # only a failure needs it

        return explain(error, self.text, self.file, self.stack, self.last_scalar)

    def _walk(self) -> None:
        from tracegen.source.events import parse

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
            self.found.report(codes.NOT_A_MAPPING, self._place(event), "a second document begins here", hint)

    def _scalar(self, event: Any) -> None:
        place = self._place(event)
        plain = not event.style
        if event.tag is not None:
            plain = self._plain_by_tag(event, place)
        self.last_scalar = event
        self.found.count(1, place)
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
            self.found.report(codes.SYNTAX, place, message, "write the character itself")

    def _plain_by_tag(self, event: Any, place: Place) -> bool:
        try:
            return scalar_is_plain(event.tag, event.value)
        except TagRefused as refused:
            self.found.report(codes.NOT_ALLOWED, place, refused.message, refused.hint)
            return False

    def _start_mapping(self, event: Any) -> None:
        self._start(event, "mapping", OpenMapping(self._place(event), event.anchor, bool(event.flow_style)))

    def _start_sequence(self, event: Any) -> None:
        self._start(event, "list", OpenSequence(self._place(event), event.anchor, bool(event.flow_style)))

    def _start(self, event: Any, kind: str, opened: OpenMapping | OpenSequence) -> None:
        self.found.count(1, opened.place)
        self.found.check_depth(1, opened.place)
        if event.tag is not None:
            try:
                check_collection(event.tag, kind)
            except TagRefused as refused:
                self.found.report(codes.NOT_ALLOWED, opened.place, refused.message, refused.hint)
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
            near = nearest(event.anchor, self.anchors) if self.found.are_few else ""
            hint = near or f"write `&{shortened(event.anchor)}` before its first use"
            self.found.report(codes.NOT_ALLOWED, place, f"no anchor {name} comes before this alias", hint)
            self._add(Broken("", True, place), 1, 0, True)
        elif isinstance(found, tuple):
            self._expand(*found, place)
        else:
            message = f"the alias {name} stands inside its own anchor"
            self.found.report(codes.NOT_ALLOWED, place, message, "it would have no end; write the value out")
            self._add(Broken("", True, place), 1, 0, True)

    def _expand(self, node: Node, size: int, height: int, place: Place) -> None:
        self.found.count(size, place)
        self.found.check_depth(height, place)
        # A scalar is wrong or right where it is used; what lies inside a collection, where it was written.
        if isinstance(node, Scalar) and not isinstance(node, Broken):
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
        if isinstance(top, OpenSequence):
            top.items.append(node)
            top.by_alias = top.by_alias and by_alias
        elif top.key is None:
            self._key(top, node)
        else:
            self._value(top, node, by_alias)

    def _key(self, top: OpenMapping, node: Node) -> None:
        top.key_place = node.place
        top.key = Special.SKIPPED
        if isinstance(node, Broken):
            return
        if not isinstance(node, Scalar):
            self._refuse_key(top, node)
        elif node.plain and node.text == "<<":
            if top.merge_place is not None:
                self._duplicate("<<", node.place, top.merge_place, "write both in one: `<<: [*a, *b]`")
                return
            top.key, top.merge_place = Special.MERGE, node.place
        elif node.text in top.entries:
            first = top.entries[node.text].key_place
            self._duplicate(node.text, node.place, first, "keep one; YAML would silently take the last")
        else:
            top.key = node.text

    def _duplicate(self, key: str, place: Place, first: Place, hint: str) -> None:
        message = f"the key {quoted(key)} is written twice, first on line {first.line}"
        self.found.report(codes.DUPLICATE_KEY, place, message, hint, key)

    def _refuse_key(self, top: OpenMapping, node: Node) -> None:
        kind = "mapping" if isinstance(node, Mapping) else "list"
        message = f"a {kind} cannot be a key"
        hint = "a key is a word; if the brackets belong to the text, put it in quotes"
        inside = top.flow and (top.place.line, top.place.column + 1) == (node.place.line, node.place.column)
        if kind == "mapping" and inside:
            message = "`{{` begins a mapping in YAML, not a placeholder"
            hint = "put the whole value in quotes, or fill the template in before tracegen reads it"
            top.template = True
        self.found.report(codes.NOT_ALLOWED, top.place if top.template else node.place, message, hint)

    def _value(self, top: OpenMapping, node: Node, by_alias: bool) -> None:
        key, top.key = top.key, None
        if isinstance(key, str):
            top.entries[key] = Entry(top.key_place, node)
        elif key is Special.MERGE and not merge_into(top.merged, node, by_alias):
            message = "`<<` takes an alias of a mapping, or a list of such aliases"
            hint = "write `<<: *name` or `<<: [*one, *two]`; other keys stand beside `<<`, not under it"
            self.found.report(codes.NOT_ALLOWED, top.key_place, message, hint, "<<")

    def _place(self, event: Any) -> Place:
        mark = event.start_mark
        return Place(self.file, mark.line + 1, mark.column + 1)
