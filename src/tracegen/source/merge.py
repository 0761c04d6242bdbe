"""Merge keys: `<<: *base` brings the keys of another mapping in, and what is written out wins."""

from tracegen.source.frames import Broken
from tracegen.source.node import Entry, Mapping, Node, Sequence


def merge_into(merged: dict[str, Entry], node: Node, by_alias: bool) -> bool:
    """Add the keys of the value of a `<<`; False when that value is not an alias of mappings.

    The keys keep the places where they were written, since that is where a mistake in them is mended.
    """
    sources = node.items if isinstance(node, Sequence) else (node,)
    if not by_alias or not all(isinstance(source, Mapping | Broken) for source in sources):
        return isinstance(node, Broken)
    for source in sources:
        if isinstance(source, Mapping):
            # Of several sources the first wins.
            merged.update({key: entry for key, entry in source.entries.items() if key not in merged})
    return True
