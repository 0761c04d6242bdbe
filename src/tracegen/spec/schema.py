"""The JSON Schema of the long form, composed from the hand-written base and the options of all packs.

Extensions of `schemas/base.json` (JSON Schema 2020-12 otherwise):

x-variants   the mapping's keys depend on a pack: `backends` or `languages`, chosen by the key in `_CHOOSERS`
x-when       {key: [values]}: the property has a meaning only beside these values of a sibling key
x-required   with x-when: and is required there
x-short      the short form: `list` (one item stands for a list) or the key that a lone scalar stands for
x-inside     the default of an option where tracegen runs the storage's server, which has one node
x-text       scalars below keep their source text
x-secret     a reference to a secret: a literal is an error of its own
x-expected   what is wanted, in words, for messages
x-partial    nothing is required (it is merged under something else)
x-patch      a patch by itself: null has a meaning and survives merging
"""

import json
from collections.abc import Iterator, Mapping
from copy import deepcopy
from functools import cache
from typing import Any

from tracegen.catalogue import NO_FRAMEWORK, Catalogue, LanguagePack, Pack, catalogue
from tracegen.catalogue.data import data_path

Schema = dict[str, Any]

_CHOOSERS = {"backends": "type", "languages": "language", "storages": "type"}


class Reference(dict[str, Any]):
    """A node with `$ref` in a composed schema, and what it means there: who walks the schema needs no root."""

    definition: Schema


def schema() -> Schema:
    """The composed schema of the long form, with all packs that come with tracegen."""
    return schema_of(catalogue())


@cache
def schema_of(packs: Catalogue) -> Schema:
    """The composed schema of the long form, for reading only."""
    return composed(packs)


def composed(packs: Catalogue) -> Schema:
    """The schema of the long form for a set of packs; a fresh structure, free to change."""
    base: Schema = json.loads(data_path("schemas", "base.json").read_text(encoding="utf-8"))
    definitions = base["$defs"]
    for backend in filter(packs.storages_of, packs.backends):
        definitions[f"storage-of-{backend}"] = _storage(packs, backend)
    _expand(base["properties"]["backend"], "backends", packs.backends)
    _expand(definitions["service"], "languages", packs.languages)
    for language in packs.languages.values():
        _add_framework(definitions["service"], language)
        _add_libraries(definitions["service"], language)
    _name_patterns(base, packs)
    definitions["layer"] = _layer(base)
    whole: Schema = _with_references(base)
    _link(whole, whole)
    return whole


def resolve(node: Schema) -> Schema:
    """The schema that a node of a composed schema means: its `$ref` followed, what stands beside it kept."""
    beside: Schema = {}
    while isinstance(node, Reference):
        beside = {**{key: value for key, value in node.items() if key != "$ref"}, **beside}
        node = node.definition
    return {**node, **beside}


def _with_references(node: Any) -> Any:
    if isinstance(node, list):
        return [_with_references(each) for each in node]
    if not isinstance(node, dict):
        return node
    below = {key: _with_references(value) for key, value in node.items()}
    return Reference(below) if "$ref" in node else below


def _link(node: Any, root: Schema) -> None:
    for each in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        _link(each, root)
    if isinstance(node, Reference):
        target: Any = root
        for part in node["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        node.definition = target


def property_schema(node: Schema, key: str, choice: object = None) -> Schema | None:
    """The schema of a property of a mapping; None when there is none.

    `choice` is what the mapping's chooser says: the property is that variant's, or else any variant's.
    """
    node = resolve(node)
    for properties in _all_properties(node, choice):
        if key in properties and properties[key] is not True:
            return resolve(properties[key])
    additional = node.get("additionalProperties")
    return resolve(additional) if isinstance(additional, dict) else None


def known_keys(node: Schema, value: Mapping[str, Any]) -> set[str] | None:
    """The keys that have a meaning in a mapping with these values; None when any key does."""
    node = resolve(node)
    if "x-variants" not in node and node.get("additionalProperties") is not False:
        return None
    known = set(node.get("properties", {})) | set(chosen_variant(node, value).get("properties", {}))
    choice = value.get(node.get("x-chooser", ""))
    return {key for key in known if fits(property_schema(node, key, choice) or {}, value, node)}


def chosen_variant(node: Schema, value: Mapping[str, Any]) -> Schema:
    """The variant that the mapping's chooser picks, or an empty schema."""
    variants: Mapping[str, Schema] = node.get("x-variants", {})
    return variants.get(str(value.get(node.get("x-chooser", ""))), {})


def fits(property_: Schema, value: Mapping[str, Any], parent: Schema) -> bool:
    """Whether a property has a meaning beside the values of its siblings."""
    return all(
        value.get(key, _default_of(parent, value, key)) in choices
        for key, choices in property_.get("x-when", {}).items()
    )


def switches(node: Schema) -> set[str]:
    """The keys of a mapping whose value decides which of its other keys have a meaning."""
    node = resolve(node)
    found = {key for properties in _all_properties(node) for each in properties.values() for key in _when(each)}
    return found | ({node["x-chooser"]} if "x-chooser" in node else set())


def variants_with(node: Schema, key: str) -> list[str]:
    """The names of the variants in which a key is known."""
    node = resolve(node)
    return [name for name, each in node.get("x-variants", {}).items() if key in each.get("properties", {})]


def _default_of(node: Schema, value: Mapping[str, Any], key: str) -> Any:
    for properties in (node.get("properties", {}), chosen_variant(node, value).get("properties", {})):
        if isinstance(properties.get(key), dict):
            return resolve(properties[key]).get("default")
    return None


def _when(property_: Schema | bool) -> Iterator[str]:
    if isinstance(property_, dict):
        yield from property_.get("x-when", {})


def _all_properties(node: Schema, choice: object = None) -> Iterator[Mapping[str, Any]]:
    """Those of the mapping itself, then those of its variants, the chosen one first."""
    yield node.get("properties", {})
    variants: Mapping[str, Schema] = node.get("x-variants", {})
    for name in sorted(variants, key=lambda each: each != choice):
        yield variants[name].get("properties", {})


def _storage(packs: Catalogue, backend: str) -> Schema:
    names = packs.storages_of(backend)
    node: Schema = {
        "x-short": "type",
        "type": "object",
        "description": f"Storage of {backend}.",
        "x-variants": "storages",
        "properties": {},
    }
    _expand(node, "storages", {name: packs.storages[name] for name in names})
    pack = packs.backends[backend]
    node["properties"]["type"] |= {
        "default": pack.default_storage,
        "x-why": f"the default storage of {pack.title}",
    }
    return node


def _expand(node: Schema, kind: str, packs: Mapping[str, Pack]) -> None:
    chooser = _CHOOSERS[kind]
    titles = ", ".join(f"{name} ({pack.title})" for name, pack in packs.items())
    choice = {"enum": list(packs), "description": f"One of {titles}.", "examples": [next(iter(packs), "")]}
    node["properties"] = {chooser: choice, **node["properties"]}
    node["x-chooser"] = chooser
    node["x-variants"] = {
        name: {
            "properties": dict(pack.options.get("properties", {})),
            "required": pack.options.get("required", []),
        }
        for name, pack in packs.items()
    }


def _add_framework(service: Schema, language: LanguagePack) -> None:
    frameworks = language.frameworks
    none = " none: a worker or a job, without one." if language.without_framework else ""
    if frameworks:
        service["x-variants"][language.name]["properties"]["framework"] = {
            "enum": [*frameworks, *([NO_FRAMEWORK] if language.without_framework else [])],
            "default": frameworks[0],
            "x-why": f"the first of {language.title}",
            "description": f"The web framework.{none} Default: the language's first.",
            "examples": [frameworks[0]],
        }


def _add_libraries(service: Schema, language: LanguagePack) -> None:
    libraries = sorted(language.libraries)
    if libraries:
        service["x-variants"][language.name]["properties"]["libraries"] = {
            "type": "array",
            "uniqueItems": True,
            "items": {"enum": libraries},
            "default": [],
            "x-why": f"what {language.title} finds when it runs",
            "description": "Libraries whose spans are switched on. Default: what the language finds when it runs.",
            "examples": [libraries[:2]],
        }


def _name_patterns(base: Schema, packs: Catalogue) -> None:
    redact = base["properties"]["collector"]["properties"]["redact"]
    redact["properties"]["patterns"]["items"]["then"] = {"enum": list(packs.patterns)}


def _layer(base: Schema) -> Schema:
    own = ("tracegen", "environments", "include")
    return {
        "type": "object",
        "additionalProperties": False,
        "x-partial": True,
        "x-expected": "a layer, which is a mapping of keys of the spec",
        "examples": [{"collector": {"replicas": 3}}],
        "description": "A layer over the spec: merged into it (RFC 7396); null takes a key away.",
        "properties": {key: deepcopy(each) for key, each in base["properties"].items() if key not in own},
    }
