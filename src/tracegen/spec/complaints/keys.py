"""Keys that are unknown, missing, without a meaning, or not of the form of a name."""

from collections.abc import Iterator, Mapping
from typing import Any

from tracegen.problems import Problem
from tracegen.source.node import Path, dotted, place_of
from tracegen.source.words import quoted
from tracegen.spec import codes
from tracegen.spec.complaints import certain, habits
from tracegen.spec.complaints.context import Context
from tracegen.spec.nodes import key_place
from tracegen.spec.repair import repaired
from tracegen.spec.schema import Schema, known_keys, property_schema, variants_with
from tracegen.spec.wording import either, flow

_NOT_IN_A_LAYER = "say it in the spec itself, where it counts for all environments"

#: What the names below a key are made of.
_NAMES: Mapping[object, str] = {
    "accept": "the code stands in front of each problem that is printed",
    "env": "letters, digits and _, and no digit at the beginning",
    "attributes": "letters, digits and . _ - : /, and a letter or digit at the beginning",
    "headers": "letters, digits and signs such as -, no spaces and colons",
    "overrides": "a path as `tracegen render --plan` prints it",
}


def unknown_key(error: Any, path: Path, context: Context) -> Iterator[Problem]:
    """A key that no mapping here has, or only one of another type."""
    parent = context.schema_at(path)
    allowed = error.schema.get("properties", {})
    for key in error.instance:
        if key not in allowed:
            yield _unknown(key, path, parent, context)


def _unknown(key: str, path: Path, parent: Schema, context: Context) -> Problem:
    place = key_place(context.root, (*path, key))
    where = dotted(path) or "the spec"
    elsewhere = variants_with(parent, key)
    if elsewhere:
        chooser = parent["x-chooser"]
        message = f"{quoted(key)} has no meaning in {where} with {chooser}: {context.at((*path, chooser))}"
        hint = f"delete it; it belongs to {chooser}: {either(elsewhere)}"
        return context.problem(codes.MEANINGLESS_KEY, (*path, key), message, hint, place)
    known = keys_of(parent, context.at(path))
    hint = habits.glued(key) or habits.key_of(key, known) or habits.section_of(key, path, context)
    hint = hint or context.near(codes.UNKNOWN_KEY, key, known, parent.get("properties", ()))
    hint = hint or keys_hint(known)
    message, meant = f"{quoted(key)} is not a key of {where}", certain.key(key, known)
    fix = "" if meant in context.at(path) else meant
    return context.problem(codes.UNKNOWN_KEY, (*path, key), message, hint, place, fix)


def keys_of(parent: Schema, value: Any) -> set[str]:
    """The keys that fit a mapping; those of all variants while it is open which one it is."""
    variants = parent.get("x-variants", {})
    if variants and str(value.get(parent["x-chooser"])) not in variants:
        return {*parent["properties"], *(key for each in variants.values() for key in each["properties"])}
    return known_keys(parent, value) or set()


def keys_hint(known: set[str]) -> str:
    """The keys that a mapping has, to choose from."""
    return f"its keys are {either(sorted(known), 'and')}" if len(known) > 1 else f"its key is {either(known)}"


def missing_key(error: Any, path: Path, context: Context) -> Iterator[Problem]:
    """Points at what demands the key, where something does: `type: ratio` wants a ratio."""
    parent = context.schema_at(path)
    for key in error.validator_value:
        if key in error.instance:
            continue
        below = _property(parent, key, error.instance)
        chooser = next(iter(below.get("x-when", {})), parent.get("x-chooser", ""))
        demanding = "then" in error.absolute_schema_path and chooser
        place = place_of(context.root, (*path, chooser) if demanding else path)
        because = f" with {chooser}: {error.instance.get(chooser)}" if demanding else ""
        message = f"{dotted(path) or 'the spec'} needs the key {quoted(key)}{because}"
        hint = _misspelled_name(path, key, context) or _example_hint(key, below)
        yield context.problem(codes.MISSING_KEY, (*path, key), message, hint, place)


def _misspelled_name(path: Path, key: str, context: Context) -> str:
    """A hint for a service without a language: the name of one that has it may be meant."""
    if path[:1] != ("services",) or len(path) != 2 or key != "language":
        return ""
    services = context.at(("services",))
    others = [name for name, each in services.items() if isinstance(each, Mapping) and "language" in each]
    return context.near(codes.MISSING_KEY, str(path[1]), others)


def _property(parent: Schema, key: str, value: Mapping[str, Any]) -> Schema:
    return property_schema(parent, key, value.get(parent.get("x-chooser", ""))) or {}


def _example_hint(key: str, schema_: Schema) -> str:
    if "enum" in schema_:
        return f"say {key}: {either(map(str, schema_['enum']))}"
    examples = [f"For example: {key}: {flow(each)}" for each in schema_.get("examples", [])[:1]]
    return " ".join([schema_.get("description", ""), *examples]).strip()


def meaningless_key(error: Any, path: Path, context: Context) -> Iterator[Problem]:
    """A key that counts only beside another value of a sibling, or only in the spec itself."""
    *above, key = path
    parents = tuple(above)
    parent, siblings = context.schema_at(parents), context.at(parents)
    condition = _property(parent, str(key), siblings).get("x-when", {})
    if not condition:
        message = f"{quoted(str(key))} has no meaning in an environment"
        yield context.problem(codes.MEANINGLESS_KEY, path, message, _NOT_IN_A_LAYER, key_place(context.root, path))
        return
    for name in condition:
        if not _is_settled(_property(parent, name, siblings), name, siblings):
            return  # which key fits is open until that is right
    wanted = " and ".join(f"{name}: {either(map(flow, values))}" for name, values in condition.items())
    message = f"{quoted(str(key))} has a meaning only with {wanted}"
    hint = f"delete it, or say {wanted} in {dotted(parents)}"
    yield context.problem(codes.MEANINGLESS_KEY, path, message, hint, key_place(context.root, path))


def _is_settled(switch: Schema, name: str, siblings: Mapping[str, Any]) -> bool:
    if name not in siblings:
        return "default" in switch and name != "type"
    value = siblings[name]
    return value in switch["enum"] if "enum" in switch else isinstance(value, bool)


def wrong_name(error: Any, path: Path, context: Context) -> Problem:
    """A key that has not the form of a name; `path` is that of the mapping."""
    key = str(error.instance)
    wanted = error.schema.get("x-expected", "")
    message = f"{quoted(key)} is not {wanted}"
    meant = repaired(key, error.schema)
    return context.problem(
        codes.WRONG_FORM,
        (*path, key),
        message,
        f"did you mean {quoted(meant)}?" if meant and meant not in context.at(path) else _other_name(error, path),
        key_place(context.root, (*path, key)),
    )


def _other_name(error: Any, path: Path) -> str:
    length = len(error.instance)
    if length > error.schema.get("maxLength", length):
        return f"it has {length} characters"
    return _NAMES.get(path[-1], "give it another name")
