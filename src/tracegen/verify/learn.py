"""Calls that were seen, written into a spec: its text stays as it is, comments and all, but for new names."""

import collections.abc
from collections.abc import Iterable, Sequence

from tracegen.source import Mapping, Node, find
from tracegen.source import Sequence as ListNode


def learned(text: str, root: Mapping, calls: collections.abc.Mapping[str, Sequence[str]]) -> tuple[str, set[str]]:
    """The text of a file with more `calls:`, and the callers that were written into; `root` is the file, read.

    A service that is not in this file, or whose `calls:` is an alias, is left out.
    """
    written = set()
    # From the last one to the first: what is written does not move what comes before it.
    for caller in sorted(calls, key=lambda name: _line(root, name), reverse=True):
        changed = _with_calls(text, root, caller, calls[caller])
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


def _with_calls(text: str, root: Node, caller: str, callees: Sequence[str]) -> str | None:
    service = find(root, ("services", caller))
    if not isinstance(service, Mapping) or not service.entries:
        return None
    calls = service.entries.get("calls")
    lines = text.split("\n")
    if calls is None:
        _begin(lines, service, callees)
    elif isinstance(calls.value, ListNode):
        _continue(lines, calls.value, callees)
    else:
        return None
    return "\n".join(lines)


def _begin(lines: list[str], service: Mapping, callees: Sequence[str]) -> None:
    row, column = service.place.line - 1, service.place.column - 1
    said = f"calls: [{', '.join(callees)}]"
    if lines[row][column : column + 1] == "{":
        lines[row] = f"{lines[row][: column + 1]}{said}, {lines[row][column + 1 :]}"
    else:
        lines.insert(row, " " * column + said)


def _continue(lines: list[str], calls: ListNode, callees: Sequence[str]) -> None:
    row, column = calls.place.line - 1, calls.place.column - 1
    if lines[row][column : column + 1] == "[":
        before, after = lines[row][: column + 1], lines[row][column + 1 :]
        lines[row] = before + ", ".join(callees) + (", " if calls.items else "") + after
        return
    # A list of lines: in front of its first one, so that a comment behind its last one stays there.
    lines[row:row] = [f"{lines[row][:column]}- {name}" for name in callees]
