"""The spec and its schema, on the way down to a failure."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tracegen.problems import Code, Place, Problem
from tracegen.source.node import Mapping as MappingNode
from tracegen.source.node import Path, dotted, place_of
from tracegen.source.words import Guesses
from tracegen.spec.schema import Schema, property_schema, resolve
from tracegen.spec.wording import flow


@dataclass(frozen=True)
class Context:
    """The spec as data, with the choosers filled in, and as nodes, for places; and the composed schema."""

    value: Mapping[str, Any]
    root: MappingNode
    schema: Schema
    #: For each code, what compares words.
    guesses: defaultdict[str, Guesses] = field(default_factory=lambda: defaultdict(Guesses))

    def at(self, path: Path) -> Any:
        """The data at a path, or None."""
        value: Any = self.value
        for part in path:
            try:
                value = value[part]
            except (KeyError, IndexError, TypeError):
                return None
        return value

    def schema_at(self, path: Path) -> Schema:
        """The schema of what stands at a path; empty where it has none."""
        node: Schema = resolve(self.schema)
        for index, part in enumerate(path):
            if isinstance(part, int):
                node = node.get("items", {})
            else:
                said = self.at(path[:index])
                choice = said.get(node.get("x-chooser")) if isinstance(said, Mapping) else None
                node = property_schema(node, part, choice) or {}
            node = resolve(node) if node else {}
        return node

    def near(self, code: Code, word: str, *known: Iterable[str]) -> str:
        """A hint for a problem of a code that names the nearest word of the first of some lists that has one."""
        guesses = self.guesses[code.id]
        return next((near for words in known if (near := guesses.near(word, words))), "")

    def problem(
        self, code: Code, path: Path, message: str, hint: str = "", place: Place | None = None, fix: str = ""
    ) -> Problem:
        """A problem at a path; the place is that of the path unless another is given."""
        return Problem.of(code, place or place_of(self.root, path), dotted(path), message, hint, fix)


def for_example(path: Path, node: Schema) -> str:
    """A hint that shows how the value of a key may look."""
    key = path[-1] if path and isinstance(path[-1], str) else ""
    example = next(iter(node.get("examples", [])), None)
    return f"for example {key}: {flow(example)}" if key and example is not None else ""
