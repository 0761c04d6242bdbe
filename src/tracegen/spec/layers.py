"""A document becomes layer stacks: included files folded in, environments merged, defaults put under services."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tracegen.catalogue import Catalogue
from tracegen.problems import Place, Problem
from tracegen.source.files import Document
from tracegen.source.node import Entry, Node, Sequence, find
from tracegen.source.node import Mapping as MappingNode
from tracegen.spec.codes import DEFINED_TWICE, EMPTY_VALUE, GIVE_IT_A_VALUE, NO_VALUE
from tracegen.spec.merge import Dropped, MergeLog, merge
from tracegen.spec.nodes import is_null, lengthen, null_places, nulls_of, with_entry, with_nulls
from tracegen.spec.schema import Schema, property_schema, schema, schema_of
from tracegen.spec.wording import flow

_NULL_HAS_A_MEANING = ("environments", "overrides")


@dataclass(frozen=True)
class Stack:
    """One environment's layers, merged but not yet validated; `environment` None is the base alone."""

    environment: str | None
    root: MappingNode
    dropped: tuple[Dropped, ...]
    layer: MappingNode | None


def base_of(document: Document, packs: Catalogue) -> tuple[MappingNode, list[Problem]]:
    """The spec and its included files as one mapping in the long form, without empty values."""
    problems: list[Problem] = []
    defaults = document.root.entries.get("service_defaults")
    removable = defaults.value if defaults else None
    root = _without_nulls(document.root, removable, problems)
    for _, included in document.included:
        root = _fold(root, _without_nulls(included, removable, problems), problems)
    long = lengthen(root, schema_of(packs))
    assert isinstance(long, MappingNode)
    return long, problems


def environments_of(base: MappingNode) -> Mapping[str, MappingNode]:
    """The environment layers by name; what is not a mapping is left to the schema."""
    entry = base.entries.get("environments")
    if entry is None or not isinstance(entry.value, MappingNode):
        return {}
    layers = {}
    for name, each in entry.value.entries.items():
        if isinstance(each.value, MappingNode):
            layers[name] = each.value
        elif is_null(each.value):
            layers[name] = MappingNode({}, each.key_place)
    return layers


def stack(base: MappingNode, environment: str | None, packs: Catalogue) -> tuple[Stack, list[Problem]]:
    """The base with one environment's layer over it, and `service_defaults` under every service."""
    log = MergeLog()
    root, layer = base, None
    if environment is not None:
        layer = environments_of(base)[environment]
        root = merge(with_entry(base, "environments", None), layer, schema_of(packs), log)
    root = _with_service_defaults(root, layer, log, packs)
    return Stack(environment, root, tuple(log.dropped), layer), log.problems


def _with_service_defaults(
    root: MappingNode, layer: MappingNode | None, log: MergeLog, packs: Catalogue
) -> MappingNode:
    defaults, services = root.entries.get("service_defaults"), root.entries.get("services")
    if defaults is None or services is None:
        return root
    if not isinstance(defaults.value, MappingNode) or not isinstance(services.value, MappingNode):
        return root
    merged = {}
    of_a_service = property_schema(property_schema(schema_of(packs), "services") or {}, "") or {}
    for name, entry in services.value.entries.items():
        value: Node = entry.value
        if isinstance(value, MappingNode):
            taken_away = nulls_of(find(layer, ("services", name))) if layer else None
            over = with_nulls(value, taken_away) if taken_away else value
            value = MappingNode(
                _over_defaults(defaults.value, over, name, of_a_service, log).entries, entry.value.place
            )
        merged[name] = Entry(entry.key_place, value)
    return with_entry(root, "services", Entry(services.key_place, MappingNode(merged, services.value.place)))


def _over_defaults(
    defaults: MappingNode, service: MappingNode, name: str, schema_: Schema, log: MergeLog
) -> MappingNode:
    """A service over the defaults; what the merge of the layer called nothing may have been a default."""
    own = MergeLog()
    merged = merge(defaults, service, schema_, own, f"services.{name}")
    missing = {problem.place for problem in own.problems}
    removed = set(null_places(service)) - missing
    log.problems[:] = [problem for problem in log.problems if problem.place not in removed]
    log.dropped.extend(own.dropped)
    return merged


def _fold(root: MappingNode, included: MappingNode, problems: list[Problem]) -> MappingNode:
    services, slos = included.entries.get("services"), included.entries.get("slos")
    if services and isinstance(services.value, MappingNode):
        root = _fold_services(root, services, problems)
    if slos and isinstance(slos.value, Sequence):
        root = _fold_objectives(root, slos.key_place, slos.value)
    return root


def _fold_objectives(root: MappingNode, key_place: Place, more: Sequence) -> MappingNode:
    mine = root.entries.get("slos")
    if mine is None:
        return with_entry(root, "slos", Entry(key_place, more))
    if not isinstance(mine.value, Sequence):
        return root  # its form is wrong, which is told later
    joined = Sequence((*mine.value.items, *more.items), mine.value.place)
    return with_entry(root, "slos", Entry(mine.key_place, joined))


def _fold_services(root: MappingNode, services: Entry, problems: list[Problem]) -> MappingNode:
    assert isinstance(services.value, MappingNode)
    mine = root.entries.get("services")
    if mine and not isinstance(mine.value, MappingNode):
        return root
    entries = dict(mine.value.entries) if mine and isinstance(mine.value, MappingNode) else {}
    for name, entry in services.value.entries.items():
        if name in entries:
            first = entries[name].key_place
            problems.append(
                Problem.of(
                    DEFINED_TWICE,
                    entry.key_place,
                    f"services.{name}",
                    f"service {name!r} is defined here and in {first.file}:{first.line}",
                    "a service has one owner: keep it in one file; environments may change it",
                )
            )
        else:
            entries[name] = entry
    place = mine or services
    return with_entry(root, "services", Entry(place.key_place, MappingNode(entries, place.value.place)))


def _without_nulls(root: MappingNode, defaults: Node | None, problems: list[Problem]) -> MappingNode:
    """Empty values of the base are problems; inside environments they take keys away, in a service defaults."""
    kept = {}
    for key, entry in root.entries.items():
        below = key in _NULL_HAS_A_MEANING and not is_null(entry.value)
        under = _for_each(entry.value, defaults) if key == "services" else None
        kept[key] = entry if below else Entry(entry.key_place, _cleaned(entry, key, under, problems))
    return MappingNode(dict(_not_null(kept)), root.place)


def _for_each(services: Node, defaults: Node | None) -> MappingNode | None:
    """The defaults under every name, so that services and what lies under them have one shape."""
    if defaults is None or not isinstance(services, MappingNode):
        return None
    names = {name: Entry(each.key_place, defaults) for name, each in services.entries.items()}
    return MappingNode(names, services.place)


def _cleaned(entry: Entry, path: str, under: Node | None, problems: list[Problem]) -> Node:
    if is_null(entry.value):
        problems.append(_empty(entry, path))
    elif isinstance(entry.value, MappingNode):
        entries = {}
        for key, each in entry.value.entries.items():
            below = find(under, (key,)) if under else None
            removes = is_null(each.value) and below is not None and "." in path
            value = each.value if removes else _cleaned(each, f"{path}.{key}", below, problems)
            if removes or not is_null(value):
                entries[key] = Entry(each.key_place, value)
        return MappingNode(entries, entry.value.place)
    return entry.value


def _not_null(entries: Mapping[str, Entry]) -> Iterator[tuple[str, Entry]]:
    return ((key, entry) for key, entry in entries.items() if not is_null(entry.value))


def _empty(entry: Entry, path: str) -> Problem:
    return Problem.of(EMPTY_VALUE, entry.key_place, path, NO_VALUE, _value_for(path))


def _value_for(path: str) -> str:
    if glued := re.search(r"(?:^|\.)([\w-]+):[^\s.]", path):
        return f"a space is missing after the colon: write `{glued[1]}: …`"
    if apart := re.search(r"(?:^|\.)([a-z_]+) +([\w./-]+)$", path):
        return f"a colon is missing: write `{apart[1]}: {apart[2]}`"
    if path in schema()["required"]:
        example = next(iter(schema()["properties"][path].get("examples", ())), None)
        beside = f", such as {path}: {flow(example)}" if example is not None else ""
        return f"every spec has one{beside}"
    if path.startswith("services.") and path.count(".") == 1:
        return "say at least its language, such as {language: python}"
    if ".env." in path or "attributes." in path:
        return f'{GIVE_IT_A_VALUE}; write "" for the empty text'
    return GIVE_IT_A_VALUE
