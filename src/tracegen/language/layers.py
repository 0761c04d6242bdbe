"""A document becomes layer stacks: included files folded in, environments merged, defaults put under services."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tracegen.language.codes import DEFINED_TWICE, EMPTY_VALUE
from tracegen.language.merge import Dropped, MergeLog, merge
from tracegen.language.nodes import is_null, lengthen, with_entry
from tracegen.language.schema import property_schema, schema
from tracegen.problems import Problem
from tracegen.source.files import Document
from tracegen.source.node import Entry, Node, Sequence
from tracegen.source.node import Mapping as MappingNode

_NULL_HAS_A_MEANING = ("environments", "overrides")


@dataclass(frozen=True)
class Stack:
    """One environment's layers, merged but not yet validated; `environment` None is the base alone."""

    environment: str | None
    root: MappingNode
    dropped: tuple[Dropped, ...]
    layer: MappingNode | None


def base_of(document: Document) -> tuple[MappingNode, list[Problem]]:
    """The spec and its included files as one mapping in the long form, without empty values."""
    problems: list[Problem] = []
    root = _without_nulls(document.root, problems)
    for file, included in document.included:
        root = _fold(root, _without_nulls(included, problems), file, problems)
    long = lengthen(root, schema())
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


def stack(base: MappingNode, environment: str | None) -> tuple[Stack, list[Problem]]:
    """The base with one environment's layer over it, and `service_defaults` under every service."""
    log = MergeLog()
    root, layer = base, None
    if environment is not None:
        layer = environments_of(base)[environment]
        root = merge(with_entry(base, "environments", None), layer, schema(), log)
    root = _with_service_defaults(root, log)
    return Stack(environment, root, tuple(log.dropped), layer), log.problems


def _with_service_defaults(root: MappingNode, log: MergeLog) -> MappingNode:
    defaults, services = root.entries.get("service_defaults"), root.entries.get("services")
    if defaults is None or services is None:
        return root
    if not isinstance(defaults.value, MappingNode) or not isinstance(services.value, MappingNode):
        return root
    service_schema = property_schema(property_schema(schema(), "services") or {}, "") or {}
    merged = {}
    for name, entry in services.value.entries.items():
        value: Node = entry.value
        if isinstance(value, MappingNode):
            value = merge(defaults.value, value, service_schema, log, f"services.{name}")
            value = MappingNode(value.entries, entry.value.place)
        merged[name] = Entry(entry.key_place, value)
    return with_entry(root, "services", Entry(services.key_place, MappingNode(merged, services.value.place)))


def _fold(root: MappingNode, included: MappingNode, file: str, problems: list[Problem]) -> MappingNode:
    services, slos = included.entries.get("services"), included.entries.get("slos")
    if services and isinstance(services.value, MappingNode):
        root = _fold_services(root, services, problems)
    if slos and isinstance(slos.value, Sequence):
        mine = root.entries.get("slos")
        items = mine.value.items if mine and isinstance(mine.value, Sequence) else ()
        joined = Sequence((*items, *slos.value.items), mine.value.place if mine else slos.value.place)
        root = with_entry(root, "slos", Entry(mine.key_place if mine else slos.key_place, joined))
    return root


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


def _without_nulls(root: MappingNode, problems: list[Problem]) -> MappingNode:
    """Empty values of the base are problems; inside environments they take keys away."""
    kept = {}
    for key, entry in root.entries.items():
        value = entry.value if key in _NULL_HAS_A_MEANING else _cleaned(entry, key, problems)
        kept[key] = Entry(entry.key_place, value)
    return MappingNode({key: each for key, each in kept.items() if not is_null(each.value)}, root.place)


def _cleaned(entry: Entry, path: str, problems: list[Problem]) -> Node:
    if is_null(entry.value):
        problems.append(_empty(entry, path))
    elif isinstance(entry.value, MappingNode):
        entries = {
            key: Entry(each.key_place, _cleaned(each, f"{path}.{key}", problems))
            for key, each in entry.value.entries.items()
        }
        return MappingNode(dict(_not_null(entries)), entry.value.place)
    return entry.value


def _not_null(entries: Mapping[str, Entry]) -> Iterator[tuple[str, Entry]]:
    return ((key, entry) for key, entry in entries.items() if not is_null(entry.value))


def _empty(entry: Entry, path: str) -> Problem:
    return Problem.of(
        EMPTY_VALUE,
        entry.key_place,
        path,
        f"{path} is empty",
        'give it a value, or delete the line to get the default; write "" for the empty text',
    )
