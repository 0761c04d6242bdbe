"""New lines in the text of a spec: an entry of a section, items of a list."""

from collections.abc import Sequence

from tracegen.source.node import Mapping, Node, Path, find
from tracegen.source.node import Sequence as ListNode


def with_entry(text: str, root: Mapping, section: str, name: str, value: str) -> str | None:
    """The text with one more entry of a mapping at the top, such as a service; `value` is YAML on one line.

    `root` is the text, read. None where the section is an alias or no mapping.
    """
    lines = text.split("\n")
    end = "\r" if lines[0].endswith("\r") else ""
    entry = root.entries.get(section)
    if entry is None:
        lines[_last(lines) + 1 : _last(lines) + 1] = [f"{section}:{end}", f"  {name}: {value}{end}"]
        return "\n".join(lines) if text.endswith("\n") else "\n".join(lines) + "\n"
    node = entry.value
    if not isinstance(node, Mapping):
        return None
    row, column = node.place.line - 1, node.place.column - 1
    if lines[row][column : column + 1] == "{":
        before, after = lines[row][: column + 1], lines[row][column + 1 :]
        lines[row] = f"{before}{name}: {value}{', ' if node.entries else ''}{after}"
    elif lines[row][column : column + 1] in ("*", "&") or not node.entries:
        return None
    else:
        last = max(each.key_place.line for each in node.entries.values()) - 1
        lines.insert(_end_of(lines, last, column), f"{' ' * column}{name}: {value}{end}")
    return "\n".join(lines)


def with_items(text: str, root: Node, path: Path, key: str, items: Sequence[str]) -> str | None:
    """The text with more items in the list `key` of the mapping at a path; None where that is an alias or no list."""
    mapping = find(root, path)
    if not isinstance(mapping, Mapping) or not mapping.entries:
        return None
    there = mapping.entries.get(key)
    lines = text.split("\n")
    if there is None:
        _begin(lines, mapping, key, items)
    elif isinstance(there.value, ListNode):
        _continue(lines, there.value, items)
    else:
        return None
    return "\n".join(lines)


def _begin(lines: list[str], mapping: Mapping, key: str, items: Sequence[str]) -> None:
    row, column = mapping.place.line - 1, mapping.place.column - 1
    said = f"{key}: [{', '.join(items)}]"
    if lines[row][column : column + 1] == "{":
        lines[row] = f"{lines[row][: column + 1]}{said}, {lines[row][column + 1 :]}"
    else:
        lines.insert(row, " " * column + said + ("\r" if lines[row].endswith("\r") else ""))


def _continue(lines: list[str], there: ListNode, items: Sequence[str]) -> None:
    row, column = there.place.line - 1, there.place.column - 1
    if lines[row][column : column + 1] == "[":
        before, after = lines[row][: column + 1], lines[row][column + 1 :]
        lines[row] = before + ", ".join(items) + (", " if there.items else "") + after
        return
    # A list of lines: in front of its first one, so that a comment behind its last one stays there.
    end = "\r" if lines[row].endswith("\r") else ""
    lines[row:row] = [f"{lines[row][:column]}- {name}{end}" for name in items]


def _end_of(lines: list[str], row: int, column: int) -> int:
    """The row after the last line of what begins in a row and is indented deeper than a column."""
    end = row + 1
    for number in range(row + 1, len(lines)):
        bare = lines[number].strip()
        if bare and not bare.startswith("#"):
            if len(lines[number]) - len(lines[number].lstrip(" ")) <= column:
                break
            end = number + 1
    return end


def _last(lines: list[str]) -> int:
    """The last row that is not empty."""
    return max((row for row, line in enumerate(lines) if line.strip()), default=-1)
