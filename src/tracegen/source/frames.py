"""A collection that is still open while its events come in."""

from enum import Enum

from tracegen.problems import Place
from tracegen.source.node import Entry, Mapping, Scalar, Sequence
from tracegen.source.node import Node as Node


class Special(Enum):
    """Keys that hold no value of their own."""

    MERGE = "<<"
    SKIPPED = "the key is a problem already, so its value is read and dropped"


class Broken(Scalar):
    """Stands where a problem was reported, so that one mistake is not reported twice."""

    __slots__ = ()


class Open:
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


class OpenSequence(Open):
    """A list that is still open."""

    __slots__ = ("items",)

    def __init__(self, place: Place, anchor: str | None, flow: bool) -> None:
        """Begin at a place; `flow` says that it stands in brackets."""
        super().__init__(place, anchor, flow)
        self.items: list[Node] = []

    def close(self) -> Node:
        """The finished list."""
        return Sequence(tuple(self.items), self.place)


class OpenMapping(Open):
    """A mapping that is still open."""

    __slots__ = ("entries", "key", "key_place", "merge_place", "merged")

    def __init__(self, place: Place, anchor: str | None, flow: bool) -> None:
        """Begin at a place; `flow` says that it stands in brackets."""
        super().__init__(place, anchor, flow)
        self.entries: dict[str, Entry] = {}
        #: None while the next node is a key.
        self.key: str | Special | None = None
        self.key_place = place
        self.merge_place: Place | None = None
        self.merged: dict[str, Entry] = {}

    def close(self) -> Node:
        """The finished mapping; keys written out win over merged ones."""
        if self.template:
            return Broken("", True, self.place)
        return Mapping(self.merged | self.entries if self.merged else self.entries, self.place)
