"""A stack whose form is wrong, without what is wrong in it, so that the rest can be judged and told at once."""

from collections.abc import Collection, Iterator
from dataclasses import replace
from typing import Any

from tracegen.catalogue import Catalogue
from tracegen.problems import Place, Problem
from tracegen.source.node import Entry, Mapping, Node, Scalar, Sequence, find
from tracegen.spec.codes import MISSING_KEY
from tracegen.spec.form import check_form
from tracegen.spec.layers import Stack

#: What is taken away may leave something else wrong.
_MOST_ROUNDS = 5

_ELSEWHERE = "external"


def mended(stack: Stack, wrong: Collection[Problem], packs: Catalogue) -> tuple[Stack, dict[str, Any]] | None:
    """The stack without the keys and items that problems point at, and its data, which is valid; None: not to be had.

    A service without a language is one of a language that asks nothing, and keys that every spec has are there.
    """
    for _ in range(_MOST_ROUNDS):
        root = _completed(_without(stack.root, {problem.place for problem in wrong if problem.code != MISSING_KEY}))
        if root == stack.root:
            break
        stack = replace(stack, root=root)
        value, wrong = check_form(stack, packs)
        if not wrong:
            return stack, value
    return None


def _without(node: Mapping, bad: Collection[Place]) -> Mapping:
    kept = {
        key: Entry(entry.key_place, _cut(entry.value, bad))
        for key, entry in node.entries.items()
        if entry.key_place not in bad and entry.value.place not in bad
    }
    return Mapping(kept, node.place)


def _cut(node: Node, bad: Collection[Place]) -> Node:
    if isinstance(node, Mapping):
        return _without(node, bad)
    if isinstance(node, Sequence):
        return Sequence(tuple(_cut(item, bad) for item in node.items if item.place not in bad), node.place)
    return node


def _completed(root: Mapping) -> Mapping:
    entries = dict(root.entries)
    for key, node in _of_every_spec(root.place):
        entries.setdefault(key, Entry(root.place, node))
    entries["backend"] = Entry(entries["backend"].key_place, _stored(entries["backend"].value))
    services = entries.get("services")
    if services and isinstance(services.value, Mapping):
        named = {name: Entry(each.key_place, _spoken(each.value)) for name, each in services.value.entries.items()}
        entries["services"] = Entry(services.key_place, Mapping(named, services.value.place))
    return Mapping(entries, root.place)


def _of_every_spec(place: Place) -> Iterator[tuple[str, Node]]:
    yield "tracegen", Scalar("1", True, place)
    yield "name", Scalar("shop", True, place)
    yield "backend", Mapping({"type": Entry(place, Scalar("jaeger", True, place))}, place)


def _stored(backend: Node) -> Node:
    """A backend that is somewhere else needs an address, and knows headers, where secrets may stand."""
    if not isinstance(backend, Mapping):
        return backend
    typed = backend if "type" in backend.entries else _with(backend, "type", _ELSEWHERE)
    kind = typed.entries["type"].value
    if isinstance(kind, Scalar) and kind.text == _ELSEWHERE and "endpoint" not in typed.entries:
        return _with(typed, "endpoint", "https://otlp.example.com")
    return typed


def _spoken(service: Node) -> Node:
    if not isinstance(service, Mapping) or find(service, ("language",)) is not None:
        return service
    return _with(_with(service, "language", "other"), "deploy", "false")


def _with(node: Mapping, key: str, text: str) -> Mapping:
    return Mapping({**node.entries, key: Entry(node.place, Scalar(text, True, node.place))}, node.place)
