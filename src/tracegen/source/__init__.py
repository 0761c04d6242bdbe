"""From bytes to a `Document`: nodes that know their line and column, and nothing of their meaning yet."""

from tracegen.source.files import CannotRead, Document, load
from tracegen.source.node import Entry, Mapping, Node, Scalar, Sequence, dotted, find, place_of, plain
from tracegen.source.reader import read

__all__ = [
    "CannotRead",
    "Document",
    "Entry",
    "Mapping",
    "Node",
    "Scalar",
    "Sequence",
    "dotted",
    "find",
    "load",
    "place_of",
    "plain",
    "read",
]
