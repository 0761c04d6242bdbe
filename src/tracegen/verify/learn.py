"""Calls that were seen, written into a spec: its text stays as it is, comments and all, but for new names."""

import collections.abc
from collections.abc import Iterable, Sequence

from tracegen.editing import with_items
from tracegen.source import Mapping, Node, find


def learned(text: str, root: Mapping, calls: collections.abc.Mapping[str, Sequence[str]]) -> tuple[str, set[str]]:
    """The text of a file with more `calls:`, and the callers that were written into; `root` is the file, read.

    A service that is not in this file, or whose `calls:` is an alias, is left out.
    """
    written = set()
    # From the last one to the first: what is written does not move what comes before it.
    for caller in sorted(calls, key=lambda name: _line(root, name), reverse=True):
        changed = with_items(text, root, ("services", caller), "calls", calls[caller])
        if changed is not None:
            text = changed
            written.add(caller)
    return text, written


def by_caller(edges: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """The callees of each caller."""
    found: dict[str, list[str]] = {}
    for caller, callee in sorted(edges):
        found.setdefault(caller, []).append(callee)
    return found


def _line(root: Node, name: str) -> int:
    node = find(root, ("services", name))
    return node.place.line if node else 0
