"""Files with their lines: YAML whose every key knows where it stands, files of variables, Compose files merged.

Files may have been edited by anybody: what cannot be read is a finding, and no failure of ours.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tracegen.doctor.finding import Mark

Steps = tuple[str | int, ...]

LARGEST = 4 * 1024 * 1024
DEEPEST = 100
#: `!reset` of a Compose file: the key is taken away.
RESET = "\0reset"
#: Keys of a Compose service whose lists are replaced and not joined.
_REPLACED = ("command", "entrypoint", "test")


class Unreadable(Exception):
    """A file that its program cannot read either."""

    def __init__(self, mark: Mark, why: str) -> None:
        super().__init__(f"{mark}: {why}")
        self.mark, self.why = mark, why


@dataclass(frozen=True, slots=True)
class Document:
    """Plain data, and where each path of it stands."""

    file: str
    data: Any
    marks: Mapping[Steps, Mark] = field(default_factory=dict)

    def at(self, *steps: str | int) -> Any:
        """The value at a path, or None."""
        found = self.data
        for step in steps:
            if isinstance(found, dict):
                found = found.get(step)
            elif isinstance(found, list) and isinstance(step, int) and step < len(found):
                found = found[step]
            else:
                return None
        return found

    def table(self, *steps: str | int) -> dict[str, Any]:
        """The mapping at a path; an empty one where there is none."""
        found = self.at(*steps)
        return found if isinstance(found, dict) else {}

    def mark(self, *steps: str | int) -> Mark:
        """Where a path stands, or the nearest above it that exists."""
        for length in range(len(steps), -1, -1):
            if steps[:length] in self.marks:
                return self.marks[steps[:length]]
        return Mark(self.file)

    def part(self, *steps: str | int) -> "Document":
        """What stands at a path, as a document of its own."""
        size = len(steps)
        marks = {path[size:]: mark for path, mark in self.marks.items() if path[:size] == steps}
        return Document(self.file, self.at(*steps), marks)


def read_yaml(folder: Path, file: str) -> list[Document]:
    """All documents of a YAML file. Raises Unreadable."""
    return read_yaml_text(read_text(folder, file), file)


def read_yaml_text(text: str, file: str) -> list[Document]:
    """All documents of a text that is called so. Raises Unreadable."""
    try:
        _guard(text, file)
        nodes = list(yaml.compose_all(text, Loader=yaml.CSafeLoader))
    except yaml.YAMLError as error:
        where = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
        why = getattr(error, "problem", None) or "it is no YAML"
        raise Unreadable(Mark(file, where.line + 1 if where else 1), f"no YAML: {why}") from error
    return [_document(node, file) for node in nodes if node is not None]


def read_text(folder: Path, file: str) -> str:
    """A file of at most 4 MiB. Raises Unreadable."""
    try:
        with (folder / file).open("rb") as stream:
            data = stream.read(LARGEST + 1)
        if len(data) > LARGEST:
            raise Unreadable(Mark(file), "larger than 4 MiB")
        return data.decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Unreadable(Mark(file), getattr(error, "strerror", None) or "no UTF-8") from error


def read_variables(folder: Path, file: str) -> dict[str, tuple[str, Mark]]:
    """`NAME=value` lines; quotes around a value are taken off, as Docker Compose does. Raises Unreadable."""
    found = {}
    for number, line in enumerate(read_text(folder, file).splitlines(), 1):
        name, sign, value = line.strip().removeprefix("export ").partition("=")
        if sign and not name.startswith("#"):
            found[name.strip()] = (_unquoted(value.strip()), Mark(file, number))
    return found


def merged(first: Document, second: Document) -> Document:
    """A Compose file and the one that is laid over it: https://docs.docker.com/reference/compose-file/merge/."""
    below, above = _in_long_forms(first), _in_long_forms(second)
    marks = dict(below.marks)
    data = _merge(below.data, above.data, (), (), marks, above.marks)
    return Document(first.file, data, marks)


def _in_long_forms(document: Document) -> Document:
    """`environment` as a mapping and `env_file` as a list, so that two files can be merged key by key."""
    marks, data = dict(document.marks), document.data
    for name, service in document.table("services").items():
        if not isinstance(service, dict):
            continue
        path: Steps = ("services", name, "environment")
        if isinstance(service.get("environment"), list):
            service["environment"] = _pairs(service["environment"], path, marks)
        if isinstance(service.get("env_file"), str):
            service["env_file"] = [service["env_file"]]
            marks[*path[:2], "env_file", 0] = document.mark(*path[:2], "env_file")
    return Document(document.file, data, marks)


def _merge(
    below: Any, above: Any, path: Steps, source: Steps, marks: dict[Steps, Mark], new: Mapping[Steps, Mark]
) -> Any:
    """`path` is where the result stands, `source` where the upper value stood."""
    if isinstance(below, dict) and isinstance(above, dict):
        result = dict(below)
        for key, value in above.items():
            if value == RESET:
                result.pop(key, None)
            else:
                result[key] = _merge(below.get(key), value, (*path, key), (*source, key), marks, new)
        return result
    if isinstance(below, list) and isinstance(above, list) and path[-1] not in _REPLACED:
        for number in range(len(above)):
            _take(marks, new, (*path, len(below) + number), (*source, number))
        return [*below, *above]
    _take(marks, new, path, source)
    return above


def _take(marks: dict[Steps, Mark], new: Mapping[Steps, Mark], path: Steps, source: Steps) -> None:
    for steps, mark in new.items():
        if steps[: len(source)] == source:
            marks[*path, *steps[len(source) :]] = mark


def _pairs(value: list[Any], path: Steps, marks: dict[Steps, Mark]) -> dict[str, Any]:
    """A list of `NAME=value` as a mapping; None is a variable that is taken from outside."""
    found = {}
    for number, each in enumerate(value):
        name, sign, text = str(each).partition("=")
        found[name] = text if sign else None
        if (*path, number) in marks:
            marks[*path, name] = marks[*path, number]
    return found


def environment_of(document: Document, *steps: str | int) -> dict[str, tuple[str | None, Mark]]:
    """The `environment` of a Compose service that was merged; None is a variable that is taken from outside."""
    return {
        str(name): (None if each is None else _word(each), document.mark(*steps, name))
        for name, each in document.table(*steps).items()
    }


def interpolated(text: str, variables: Mapping[str, str]) -> str | None:
    """A value of a Compose file with its variables; None when one of them has no value."""
    missing = False

    def value(match: re.Match[str]) -> str:
        nonlocal missing
        if match[0] == "$$":
            return "$"
        name, sign, default = match["braced"] or match["bare"], match["sign"] or "", match["default"] or ""
        if variables.get(name) or (name in variables and not sign.startswith(":")):
            return default if sign.endswith("+") else variables[name]
        if sign.endswith("-"):
            return default
        missing = missing or not sign.endswith("+")
        return ""

    pattern = r"\$\$|\$(?:\{(?P<braced>\w+)(?:(?P<sign>:?[-?+])(?P<default>[^}]*))?\}|(?P<bare>[A-Za-z_]\w*))"
    found = re.sub(pattern, value, text)
    return None if missing else found


def _word(value: Any) -> str:
    return {True: "true", False: "false"}[value] if isinstance(value, bool) else str(value)


def _unquoted(value: str) -> str:
    quoted = len(value) > 1 and value[0] == value[-1] and value[0] in "'\""
    return value[1:-1] if quoted else re.split(r"\s+#", value, maxsplit=1)[0]


def _guard(text: str, file: str) -> None:
    """Before the C composer, which nested brackets crash: how deep is it, and does it use what it named often?"""
    depth = aliases = 0
    for event in yaml.parse(text, Loader=yaml.CSafeLoader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        aliases += isinstance(event, yaml.AliasEvent)
        if depth > DEEPEST or aliases > DEEPEST:
            line = event.start_mark.line + 1 if event.start_mark else 1
            raise Unreadable(Mark(file, line), "nested too deeply, or too many aliases")


def _document(node: yaml.Node, file: str) -> Document:
    marks: dict[Steps, Mark] = {}
    data = _plain(node, (), marks, file, frozenset())
    return Document(file, data, marks)


def _plain(node: yaml.Node, path: Steps, marks: dict[Steps, Mark], file: str, above: frozenset[int]) -> Any:
    if id(node) in above:
        raise Unreadable(Mark(file, node.start_mark.line + 1), "an alias of what it stands in")
    marks.setdefault(path, Mark(file, node.start_mark.line + 1))
    inside = above | {id(node)}
    if isinstance(node, yaml.MappingNode):
        return dict(_entries(node, path, marks, file, inside))
    if isinstance(node, yaml.SequenceNode):
        return [_plain(each, (*path, number), marks, file, inside) for number, each in enumerate(node.value)]
    if node.tag == "!reset":
        return RESET
    if node.tag == "tag:yaml.org,2002:timestamp" or node.tag.startswith("!"):
        return node.value
    return yaml.constructor.SafeConstructor().construct_object(node)


def _entries(
    node: yaml.MappingNode, path: Steps, marks: dict[Steps, Mark], file: str, above: frozenset[int]
) -> Iterator[tuple[str, Any]]:
    for key, value in node.value:
        if key.tag == "tag:yaml.org,2002:merge":
            for each in value.value if isinstance(value, yaml.SequenceNode) else [value]:
                if isinstance(each, yaml.MappingNode):
                    yield from _entries(each, path, marks, file, above)
            continue
        name = str(key.value)
        marks[*path, name] = Mark(file, key.start_mark.line + 1)
        yield name, _plain(value, (*path, name), marks, file, above)
