"""The composed schema in plain JSON Schema 2020-12: strict for validation, lenient for editors.

The strict one takes the long form only; the one for editors takes short forms, partial layers and scalars
that keep their source text too, and is committed as `schemas/tracegen.schema.json`.
"""

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from tracegen.spec.schema import Schema

_KEPT = ("x-expected", "x-secret")
#: Keywords with values of a spec below them, where a key such as `x-api-key` is no extension of ours.
_DATA = ("examples", "default", "enum", "const")
_LENGTHS = ("required", "minProperties")


def strict(composed: Schema) -> Schema:
    """For validation of the merged long form; `x-expected` and `x-secret` stay, for messages."""
    result = {key: _standard(value) for key, value in composed.items() if key not in ("$defs", "properties")}
    result["properties"] = {key: _standard(value) for key, value in composed["properties"].items()}
    result["properties"]["environments"] = _layers(composed)
    result["properties"]["service_defaults"] = _standard(_any_service(composed["$defs"]["service"]))
    result["$defs"] = {key: _standard(value) for key, value in composed["$defs"].items()}
    return result


def for_editors(composed: Schema) -> Schema:
    """For editors: hover texts, examples, short forms, and layers in which nothing is required."""
    result = deepcopy(composed)
    definitions = result.pop("$defs")
    partial = {f"partial-{name}": _partial(each) for name, each in definitions.items() if name != "layer"}
    result["properties"]["environments"]["additionalProperties"] = _partial(definitions.pop("layer"))
    result["properties"]["service_defaults"] = _partial(result["properties"]["service_defaults"])
    # Services may all come from included files.
    result["required"] = [key for key in result["required"] if key != "services"]
    result["$defs"] = {**definitions, "service": _removable(definitions["service"]), **partial}
    clean: Schema = _editor(result)
    return {"$schema": clean.pop("$schema"), **clean}


def _standard(node: Any) -> Any:
    """Variants and conditions written as `if`/`then`; extensions removed."""
    if isinstance(node, list):
        return [_standard(item) for item in node]
    if not isinstance(node, dict):
        return node
    kept = {key: value for key, value in node.items() if not key.startswith("x-") or key in _KEPT}
    result = {key: value if key in _DATA else _standard(value) for key, value in kept.items()}
    if "pattern" in result:
        result["pattern"] = _whole(result["pattern"])
    variants = _variants(node)
    if variants:
        result["properties"] = {**dict.fromkeys(sorted(_all_keys(node)), True), **result["properties"]}
        result["additionalProperties"] = False
    conditions = _conditions(node)
    if conditions:
        result["allOf"] = [_standard(condition) for condition in conditions]
    return result


def _all_keys(node: Mapping[str, Any]) -> set[str]:
    """Those of a mapping and of all its variants."""
    return {*node["properties"], *(key for each in _variants(node).values() for key in each["properties"])}


def _whole(pattern: Any) -> Any:
    """JSON Schema's `$` is the end of the text; Python's also stands before a last newline."""
    return f"{pattern[:-1]}\\Z" if isinstance(pattern, str) and pattern.endswith("$") else pattern


def _conditions(node: Mapping[str, Any]) -> list[Schema]:
    common = node.get("properties", {})
    if not isinstance(common, dict):
        return []
    conditions = _when_conditions(common)
    for name, variant in _variants(node).items():
        then: Schema = {
            "properties": {**dict.fromkeys(common, True), **variant["properties"]},
            "additionalProperties": False,
        }
        if variant.get("required"):
            then["required"] = variant["required"]
        nested = _when_conditions(variant["properties"])
        if nested:
            then["allOf"] = nested
        conditions.append(_if({node["x-chooser"]: [name]}, then))
    return conditions


def _variants(node: Mapping[str, Any]) -> Mapping[str, Any]:
    variants = node.get("x-variants", {})
    return variants if isinstance(variants, dict) else {}


def _when_conditions(properties: Mapping[str, Any]) -> list[Schema]:
    conditions = []
    for key, property_ in properties.items():
        if isinstance(property_, dict) and isinstance(property_.get("x-when"), dict):
            then: Schema = {"required": [key]} if property_.get("x-required") else {}
            conditions.append({**_if(property_["x-when"], then), "else": {"properties": {key: {"not": {}}}}})
    return conditions


def _if(choices: Mapping[str, list[Any]], then: Schema) -> Schema:
    properties = {key: {"enum": values} for key, values in choices.items()}
    return {"if": {"properties": properties, "required": list(choices)}, "then": then}


def _layers(composed: Schema) -> Schema:
    """Only that they are layers: each is checked where it lies over the spec."""
    known = composed["$defs"]["layer"]["properties"]
    elsewhere: Schema = {key: {"not": {}} for key in composed["properties"] if key not in known}
    names = _standard(composed["properties"]["environments"]["propertyNames"])
    layer = {"type": ["object", "null"], "properties": elsewhere}
    return {"type": "object", "propertyNames": names, "additionalProperties": layer}


def _any_service(service: Schema) -> Schema:
    """What stands under services of any language: merged with each of them, it is checked again as a whole."""
    kept = {key: value for key, value in service.items() if key not in ("required", "x-chooser", "x-variants")}
    some = {key for variant in service["x-variants"].values() for key in variant["properties"]}
    return {
        **kept,
        "properties": {**dict.fromkeys(sorted(some), True), **service["properties"]},
        "additionalProperties": False,
    }


def _partial(node: Any) -> Any:
    """Nothing required, null allowed (it takes the key away), references to the partial definitions."""
    if not isinstance(node, dict):
        return node
    result = {key: value for key, value in node.items() if key not in _LENGTHS and key != "x-required"}
    if "$ref" in result:
        result["$ref"] = result["$ref"].replace("#/$defs/", "#/$defs/partial-", 1)
    if "type" in result and "const" not in result:
        result["type"] = [*_as_list(result["type"]), "null"]
    if "enum" in result:
        result["enum"] = [*result["enum"], None]
    for key in ("properties", "x-variants"):
        if isinstance(result.get(key), dict):
            result[key] = {name: _partial(each) for name, each in result[key].items()}
    if isinstance(result.get("additionalProperties"), dict):
        result["additionalProperties"] = _partial(result["additionalProperties"])
    return result


def _removable(service: Schema) -> Schema:
    """A service lies over `service_defaults`: it may take away what they say, all but its language."""
    variants = {
        name: {**each, "properties": {key: _partial(below) for key, below in each["properties"].items()}}
        for name, each in service["x-variants"].items()
    }
    chooser = service["x-chooser"]
    properties = {key: each if key == chooser else _partial(each) for key, each in service["properties"].items()}
    return {**service, "properties": properties, "x-variants": variants}


def _editor(node: Any) -> Any:
    if isinstance(node, list):
        return [_editor(item) for item in node]
    if not isinstance(node, dict):
        return node
    lenient = dict(node)
    if lenient.get("x-text") is True:
        lenient["additionalProperties"] = _any_scalar(lenient["additionalProperties"])
    conditions = _conditions(lenient)
    kept = {key: value for key, value in lenient.items() if not key.startswith("x-")}
    result = {key: value if key in _DATA else _editor(value) for key, value in kept.items()}
    if _variants(lenient):
        # Not `properties`, from which an editor would offer keys of other variants too.
        result["propertyNames"] = {"enum": sorted(_all_keys(lenient))}
    if conditions:
        result["allOf"] = [_editor(_without_defaults(condition)) for condition in conditions]
    return _with_short_form(result, node)


def _without_defaults(condition: Schema) -> Schema:
    """An editor's file may leave a chooser out, and then no branch can be told: `else` would be wrong."""
    return {key: value for key, value in condition.items() if key != "else"}


def _any_scalar(node: Any) -> Schema:
    return {"anyOf": [node, {"type": ["string", "number", "boolean"]}]}


def _with_short_form(result: Schema, node: Schema) -> Schema:
    short = node.get("x-short")
    if not isinstance(short, str):
        return result
    words: Schema = {key: result.pop(key) for key in ("description", "examples", "default") if key in result}
    one = node["items"] if short == "list" else node["properties"][short]
    return {**words, "anyOf": [_editor(one), result]}


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
