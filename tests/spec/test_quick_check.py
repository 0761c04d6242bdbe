"""The quick yes of `spec/quick_check.py` is jsonschema's yes: for good specs, and for every way to spoil one."""

from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from support import ROOT
from tracegen.catalogue import catalogue
from tracegen.source.files import load
from tracegen.spec.form import with_choosers
from tracegen.spec.json_schema import strict
from tracegen.spec.layers import base_of, environments_of, stack
from tracegen.spec.nodes import to_value
from tracegen.spec.quick_check import accepts
from tracegen.spec.schema import schema

SPECS = sorted((ROOT / "examples").glob("*/tracegen.yaml"))
SCHEMA = strict(schema())
VALIDATOR: Any = Draft202012Validator(SCHEMA)

#: One value of each kind, and the ones that look alike.
ODD_VALUES: list[Any] = [
    "",
    "x",
    "no",
    0,
    1,
    1.0,
    -1,
    0.5,
    True,
    False,
    None,
    [],
    ["x", "x"],
    [1, True],
    {},
    {"x": 1},
]

#: A spec that has all that the small ones lack: lists of mappings, alternatives, conditions, references.
WIDE = """
tracegen: 1
name: shop
backend: {type: tempo, storage: {type: s3, bucket: spans, region: eu, access_key: {env: A}, secret_key: {file: s/k}}}
collector:
  redact: {keys: [a.b], patterns: [email, {name: n, regex: "x+"}]}
  also: [{name: n, endpoint: "h:1", protocol: grpc}]
sampling:
  tail: {keep: [errors, {slower_than: 1s}, {all: [errors, {attribute: {key: k, values: [v]}}]}, {ratio: 0.05}]}
metrics: true
slos: [{service: a, availability: 99.9}, {service: a, latency: {threshold: 300ms, objective: 99}}]
security: {tls: {enabled: true}, ingest_auth: {basic: {username: u, password: {env: P}}}}
kubernetes: {ingress: {host: t.example.com, class: nginx}}
services: {a: {language: go, framework: gin, sampling: {head: {type: ratio, ratio: 1}}, env: {K: 012, S: {env: S}}}}
"""


def test_it_agrees_with_jsonschema_on_the_specs_and_on_every_way_to_spoil_one(tmp_path: Path) -> None:
    (tmp_path / "wide.yaml").write_text(WIDE, encoding="utf-8")
    values = [value for path in (*SPECS, tmp_path / "wide.yaml") for value in _values(path)]
    for value in values:
        assert accepts(SCHEMA, value) and VALIDATOR.is_valid(value)
    smallest_first = sorted(values, key=lambda value: len(repr(value)))
    spoilt = [each for value in (*smallest_first[:2], values[-1]) for each in _spoilt(value)]
    assert len(spoilt) > 1_000
    for value in spoilt:
        assert accepts(SCHEMA, value) == VALIDATOR.is_valid(value), value


@pytest.mark.parametrize("unknown", [{"contains": {"type": "string"}}, {"uniqueItems": True}])
def test_what_it_does_not_know_is_left_to_jsonschema(unknown: dict[str, Any]) -> None:
    assert not accepts(unknown, [1, 2])


def _values(path: Path) -> Iterator[Any]:
    base, _ = base_of(load(str(path), None), catalogue())
    for environment in (None, *environments_of(base)):
        layered, _ = stack(base, environment, catalogue())
        yield with_choosers(to_value(layered.root, schema()), catalogue())


def _spoilt(value: Any) -> Iterator[Any]:
    """The value with one place in it taken away, given an odd value, or given a key that nobody knows."""
    for path in _paths(value):
        for odd in ODD_VALUES:
            yield _with(value, path, odd)
        yield _with(value, path, None, delete=True)
        yield _with(value, (*path[:-1], "unknown"), 1)


def _paths(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    items: Any = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, below in items:
        yield (*path, key)
        yield from _paths(below, (*path, key))


def _with(value: Any, path: tuple[Any, ...], new: Any, delete: bool = False) -> Any:
    changed = deepcopy(value)
    parent = changed
    for key in path[:-1]:
        parent = parent[key]
    if isinstance(parent, list) and not isinstance(path[-1], int):
        parent.append(new)
    elif delete:
        del parent[path[-1]]
    else:
        parent[path[-1]] = new
    return changed
