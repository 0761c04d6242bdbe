"""Layers are merged by RFC 7396 (https://www.rfc-editor.org/rfc/rfc7396), on nodes, so that places survive."""

from dataclasses import dataclass, field

from tracegen.problems import Place, Problem
from tracegen.source.node import Entry, Mapping, Node
from tracegen.spec.codes import REMOVES_NOTHING
from tracegen.spec.nodes import choice_of, is_null, to_value
from tracegen.spec.schema import Schema, known_keys, property_schema, resolve, switches


@dataclass(frozen=True, slots=True)
class Dropped:
    """A key of a lower layer that the type or mode chosen by a higher one does not know (ruling 1)."""

    path: str
    place: Place
    because: str


@dataclass
class MergeLog:
    """What a merge found worth telling; filled while merging."""

    dropped: list[Dropped] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def merge(target: Mapping | None, patch: Mapping, schema: Schema, log: MergeLog, path: str = "") -> Mapping:
    """`patch` over `target`; null takes a key away, lists and scalars replace, mappings merge."""
    schema = resolve(schema)
    entries = dict(target.entries) if target else {}
    choice = choice_of(schema, patch, target) if target else choice_of(schema, patch)
    for key, entry in patch.entries.items():
        _apply(entries, key, entry, property_schema(schema, key, choice) or {}, log, _join(path, key))
    merged = Mapping(entries, patch.place if target is None else target.place)
    return _without_unknown(merged, target, patch, schema, log, path) if target else merged


def _apply(entries: dict[str, Entry], key: str, entry: Entry, schema: Schema, log: MergeLog, path: str) -> None:
    lower = entries.get(key)
    if schema.get("x-patch"):
        entries[key] = Entry(entry.key_place, _combine_patches(lower.value if lower else None, entry.value))
    elif is_null(entry.value):
        if entries.pop(key, None) is None:
            log.problems.append(_removes_nothing(entry.key_place, path))
    elif isinstance(entry.value, Mapping):
        below = lower.value if lower and isinstance(lower.value, Mapping) else None
        place = lower.key_place if lower and below else entry.key_place
        entries[key] = Entry(place, merge(below, entry.value, schema, log, path))
    else:
        entries[key] = entry


def _combine_patches(lower: Node | None, upper: Node) -> Node:
    """One patch that does what two do in turn: as merging, but null stays, since it still has to delete."""
    if not isinstance(lower, Mapping) or not isinstance(upper, Mapping):
        return upper
    entries = dict(lower.entries)
    for key, entry in upper.entries.items():
        below = entries.get(key)
        entries[key] = Entry(entry.key_place, _combine_patches(below.value if below else None, entry.value))
    return Mapping(entries, lower.place)


def _removes_nothing(place: Place, path: str) -> Problem:
    return Problem.of(
        REMOVES_NOTHING,
        place,
        path,
        "an empty value takes a key away, but no lower layer has it",
        "delete the line, or give it a value",
    )


def _without_unknown(
    merged: Mapping, target: Mapping, patch: Mapping, schema: Schema, log: MergeLog, path: str
) -> Mapping:
    changed = [key for key in sorted(switches(schema)) if _changes(key, target, patch)]
    known = known_keys(schema, _values(merged, schema)) if changed else None
    if known is None:
        return merged
    kept = {}
    because = ", ".join(f"{_join(path, key)}: {_text(patch.entries[key].value)}" for key in changed)
    for key, entry in merged.entries.items():
        if key in known or key in patch.entries:
            kept[key] = entry
        else:
            log.dropped.append(Dropped(_join(path, key), entry.key_place, because))
    return Mapping(kept, merged.place)


def _changes(key: str, target: Mapping, patch: Mapping) -> bool:
    if key not in patch.entries:
        return False
    return key not in target.entries or _text(target.entries[key].value) != _text(patch.entries[key].value)


def _values(node: Mapping, schema: Schema) -> dict[str, object]:
    value = to_value(node, schema)
    assert isinstance(value, dict)
    return value


def _text(node: Node) -> str:
    return str(getattr(node, "text", "…"))


def _join(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key
