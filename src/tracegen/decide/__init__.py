"""Said → Settings: every key of the schema has its value, and where it was said or why it is so.

Defaults that are the same in every spec stand in the schema; `table.TABLE` has the others.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

from tracegen.catalogue import Catalogue, StoragePack
from tracegen.decide.draft import Draft
from tracegen.decide.recording import record
from tracegen.decide.records import Spec
from tracegen.decide.schema_nodes import Node, root_node
from tracegen.decide.table import PATTERNS, derive
from tracegen.spec.said import Path, Said, dotted
from tracegen.spec.schema import schema_of
from tracegen.system.decision import Decision

__all__ = ["Origin", "Settings", "decide"]


@dataclass(frozen=True)
class Possible:
    """A key that decides nothing in this spec: its description, and each default that it has, with the reason."""

    description: str
    defaults: tuple[tuple[Any, str], ...]


@dataclass(frozen=True)
class Origin:
    """Where values come from: what the spec says, all values as plain data, and the reasons of the others."""

    said: Said
    plan: Node
    values: Mapping[str, Any]
    reasons: Mapping[Path, str]

    @cached_property
    def decisions(self) -> tuple[Decision, ...]:
        """Every key that has a value, and what the layers dropped, by path."""
        found = {each.path: each for each in _decisions(self, self.plan, (), self.values)}
        for dropped in self.said.dropped:
            why = f"dropped from {dropped.place.file}:{dropped.place.line}: {dropped.because} does not know it"
            found[dropped.path] = Decision(dropped.path, "dropped", why)
        return tuple(found[path] for path in sorted(found))

    def possible(self, key: str) -> Possible | None:
        """What the schema says of a key such as `sampling.tail.decision_wait`; None where it has no such key."""
        nodes = list(self.plan.at(re.sub(r"\[\w*\]", ".*", key).split(".")))
        if not nodes:
            return None
        defaults = {repr(each.default): (each.default, each.why) for each in nodes if each.has_default}
        return Possible(nodes[0].schema.get("description", ""), tuple(defaults.values()))


class Settings(Spec):
    """All keys of a spec, decided: what rules judge and the system is built from."""

    origin: Origin

    @property
    def said(self) -> Said:
        """What the spec says, for the places of problems."""
        return self.origin.said

    def option(self, key: str) -> Any:
        """An option of the storage; None where this one has no such key. LookupError where no storage has it."""
        if ("backend", "storage", key) not in self.said.paths:
            raise LookupError(f"no storage has {key}")
        return getattr(self.backend.storage, key, None)

    def runs_server(self, storage: StoragePack) -> bool:
        """Whether the rendered system runs what the storage needs: no server that exists is named."""
        return not any(self.option(key) for key in storage.server_named_by)

    def is_said(self, *path: str | int) -> bool:
        """Whether the spec itself says something at a path.

        Only for what is about the words of the spec: a key that has no effect here, and which line to point at.
        """
        return self.said.get(*path) is not None

    def as_said(self, *path: str | int) -> Any:
        """What the spec says at a path, for a message about a value that was dropped."""
        return self.said.get(*path)


def decide(said: Said, packs: Catalogue) -> Settings:
    """The settings of a spec whose form is right; what it means is not judged yet."""
    plan = _plan(packs)
    draft = Draft(said, packs, plan, PATTERNS)
    derive(draft)
    values = {key: record(node, draft.values[key]) for key, node in plan.keys().items()}
    return Settings(**values, origin=Origin(said, plan, draft.values, draft.reasons))


@cache
def _plan(packs: Catalogue) -> Node:
    return root_node(schema_of(packs))


def _decisions(origin: Origin, node: Node | None, path: Path, value: Any, above: str = "") -> Iterator[Decision]:
    """The decisions at and below a path; `above` is the reason of a mapping that was derived as a whole."""
    why = origin.reasons.get(path, above)
    for step, below, each in _below(node, value):
        yield from _decisions(origin, below, (*path, step), each, why)
    if node is not None and node.holds_places(value):
        return
    said = origin.said.get(*path) is not None
    if said and path not in origin.reasons:
        yield Decision(dotted(path), value, "said", origin.said.place(*path))
    elif why and (path in origin.reasons or value is not None):
        yield Decision(dotted(path), "dropped" if said else value, why)


def _below(node: Node | None, value: Any) -> Iterator[tuple[str | int, Node | None, Any]]:
    """What lies below a value that has places of its own, with its node."""
    if node is None:
        return
    if isinstance(value, list) and node.items:
        yield from ((index, node.items, each) for index, each in enumerate(value))
    elif isinstance(value, dict) and node.is_mapping:
        keys = node.keys(value.get(node.chooser))
        yield from ((key, keys[key], each) for key, each in value.items())
    elif isinstance(value, dict) and node.each:
        yield from ((name, node.each, each) for name, each in value.items())
    elif isinstance(value, dict) and node.has_names:
        yield from ((name, None, each) for name, each in value.items())
