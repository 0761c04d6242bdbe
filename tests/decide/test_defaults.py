"""A default stands in the schema alone: changed there, it is another decision, explanation, page and file."""

from collections.abc import Iterator, Mapping
from copy import deepcopy
from functools import cache
from io import BytesIO
from typing import Any

import pytest
import yaml

import reference
from patches import merged
from support import one_service
from tracegen import decide as deciding
from tracegen.build import build_system
from tracegen.catalogue import catalogue
from tracegen.checking import check
from tracegen.decide import Settings, decide
from tracegen.decide.schema_nodes import Node, root_node
from tracegen.decide.table import PATTERNS
from tracegen.render import planned_files, render
from tracegen.source.files import load
from tracegen.spec.said import Path, Said, dotted
from tracegen.spec.schema import Schema, composed, resolve, schema_of
from tracegen.system.record import Record, names_of

#: A spec has each key with a default in one of these; what they say aside, all is decided.
SPECS: Mapping[str, Mapping[str, Any]] = {
    "both targets": {"targets": ["compose", "kubernetes"]},
    "targets unsaid": {"targets": None},
    "elsewhere": {
        "targets": ["compose", "kubernetes"],
        "services": {"api": {"deploy": False, "workload": {"name": "prod-api"}}},
    },
    "tail": {"sampling": {"tail": {"keep": ["errors", {"attribute": {"key": "tier", "values": ["gold"]}}]}}},
    "traffic": {"services": {"api": {"traffic": {"requests_per_second": 40}}}},
    "planned": {
        "metrics": True,
        "sampling": {
            "tail": {
                "keep": ["errors", {"slower_than": "1s"}, {"attribute": {"key": "tier", "values": ["gold"]}}],
                "decision_wait": "20s",
            }
        },
        "services": {"api": {"traffic": {"requests_per_second": 40}}},
    },
    "remote": {"sampling": {"head": {"type": "remote"}}},
    "also": {"collector": {"also": [{"name": "vendor", "endpoint": "https://otlp.example.com"}]}},
    "external": {"backend": {"type": "external", "endpoint": "https://otlp.example.com"}},
    "opensearch": {"backend": {"storage": "opensearch"}},
    "elasticsearch": {"backend": {"storage": "elasticsearch"}},
    "cassandra": {"backend": {"storage": "cassandra"}},
    "clickhouse": {"backend": {"storage": "clickhouse"}},
    "servers of others": {"backend": {"storage": {"type": "opensearch", "url": "https://search.example.com:9200"}}},
    "other servers of others": {"backend": {"storage": {"type": "cassandra", "servers": ["cassandra.example.com"]}}},
    "one more": {"backend": {"storage": {"type": "elasticsearch", "url": "https://search.example.com:9200"}}},
    "tempo": {"backend": {"type": "tempo"}, "targets": ["compose", "kubernetes"]},
    "tenants": {"backend": {"type": "tempo", "tenants": [{"name": "red"}]}},
    "s3": {"backend": {"type": "tempo", "storage": "s3"}},
    "azure": {"backend": {"type": "tempo", "storage": {"type": "azure", "account": "acme", "container": "traces"}}},
    "scalable": {"backend": {"mode": "scalable", "storage": "opensearch"}},
    "certificates": {
        "targets": ["kubernetes"],
        "security": {"tls": {"enabled": True, "cert_manager": {"issuer": "company"}}},
    },
    "secrets": {
        "targets": ["kubernetes"],
        "services": {"api": {"env": {"KEY": {"env": "KEY"}}}},
        "kubernetes": {"external_secrets": {"store": "vault"}},
    },
    "login": {
        "targets": ["kubernetes"],
        "kubernetes": {
            "ingress": {
                "host": "traces.example.com",
                "tls_secret": "traces",
                "login": {
                    "issuer": "https://login.example.com",
                    "client_id": "traces",
                    "client_secret": {"env": "LOGIN"},
                    "cookie_secret": {"env": "COOKIE"},
                },
            }
        },
    },
    **{
        language: {"services": {"api": {"language": language}}}
        for language, pack in catalogue().languages.items()
        if pack.frameworks
    },
}

#: Keys of which the other value is refused by a rule, so that it shapes no file.
REFUSED = {"strategies": "TG413"}

#: Defaults that say nothing, of which no file can tell.
NOTHING: tuple[Any, ...] = ([], {})


#: Mappings that are derived as a whole: their defaults are those of another place.
INHERITED = (("services", "*", "sampling", "head"),)


@cache
def said(name: str) -> Said:
    text = yaml.safe_dump(merged(one_service(), SPECS[name]), sort_keys=False)
    document = load("-", BytesIO(text.encode()))
    return check(document, catalogue(), []).settings[None].said


def places(schema: Schema) -> list[tuple[str, ...]]:
    """The places of all defaults: in which mapping (`*` for any name), under which variant, and the key."""
    return sorted(set(_places(root_node(schema), ())))


def _places(node: Node, place: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    for chosen in node.schema.get("x-variants") or [None]:
        for key, below in node.keys(chosen).items():
            here = (*place, key)
            if below.has_default and below.default not in NOTHING and here not in PATTERNS:
                yield here
            if here in INHERITED:
                continue
            inner = below if below.is_mapping else below.each or below.items
            if inner is not None:
                yield from _places(inner, here if inner is below else (*here, "*"))


PLACES = places(schema_of(catalogue()))


def other(schema: Schema) -> Any:
    """Another value that the schema takes."""
    default = schema["default"]
    if "enum" in schema:
        return next((each for each in schema["enum"] if each != default), default)
    if isinstance(default, bool):
        return not default
    if isinstance(default, int | float):
        return schema.get("maximum", default + 1) if default < schema.get("maximum", default + 1) else default - 1
    if isinstance(default, list):
        return _other_list(schema)
    if default == "none":
        return {"bearer": {"env": "TOKEN"}}
    return {"m": "20m", "d": "9d", "s": "20s", "i": f"7{default[-2:]}"}.get(default[-1], "127.0.0.2")


def _other_list(schema: Schema) -> list[Any]:
    choices = schema["items"].get("enum", [])
    left = [each for each in choices if each not in schema["default"]]
    example = schema["examples"][0]
    return [left[0]] if left else schema["default"][:1] if choices else example


def changed(place: tuple[str, ...]) -> Schema:
    """The schema of tracegen with another default at a place, wherever a variant has it."""
    schema = composed(catalogue())
    for node in _nodes(root_node(schema), place):
        for each in _written(node, place[-1]):
            each["default"] = deepcopy(other(resolve(each)))
    return schema


def _nodes(node: Node, place: tuple[str, ...]) -> Iterator[Node]:
    """The mappings that have the last key of a place."""
    if len(place) == 1:
        yield node
        return
    for chosen in node.schema.get("x-variants") or [None]:
        below = node.keys(chosen).get(place[0])
        if below is None:
            continue
        if below.is_mapping:
            yield from _nodes(below, place[1:])
        elif (inner := below.each or below.items) is not None and place[1] == "*":
            yield from _nodes(inner, place[2:])


def _written(node: Node, key: str) -> Iterator[Schema]:
    groups = [node.schema["properties"], *(each["properties"] for each in node.schema.get("x-variants", {}).values())]
    yield from (group[key] for group in groups if isinstance(group.get(key), dict))


def at(values: Any, place: tuple[str, ...]) -> Iterator[tuple[Path, Any]]:
    """The values at a place, with their paths."""
    if not place:
        yield (), values
    elif isinstance(values, list):
        for index, each in enumerate(values):
            yield from (((index, *path), value) for path, value in at(each, place[1:]))
    elif isinstance(values, dict):
        for key in list(values) if place[0] == "*" else [place[0]]:
            if key in values:
                yield from (((key, *path), value) for path, value in at(values[key], place[1:]))


def paths(name: str, place: tuple[str, ...]) -> list[Path]:
    return [path for path, _ in at(before(name)[0].origin.values, place)]


def tree(settings: Settings) -> Mapping[str, bytes]:
    return render(planned_files(build_system(settings, catalogue()), catalogue()))


@cache
def before(name: str) -> tuple[Settings, Mapping[str, bytes]]:
    settings = decide(said(name), catalogue())
    return settings, tree(settings)


@pytest.mark.parametrize("place", PLACES, ids=".".join)
def test_another_default_is_another_decision_explanation_page_and_file(
    place: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    unsaid = [
        name
        for name in SPECS
        for path, _ in at(before(name)[0].origin.values, place)
        if said(name).get(*path) is None
    ]
    assert unsaid, "no spec of this test leaves it to the default"
    schema = changed(place)
    monkeypatch.setattr(deciding, "_plan", lambda packs: root_node(schema))
    rendered = False
    decided = 0
    for name in dict.fromkeys(unsaid):
        settings = decide(said(name), catalogue())
        for path, value in at(settings.origin.values, place):
            was = dict(at(before(name)[0].origin.values, place)).get(path)
            if said(name).get(*path) is None and was is not None and not _is_settled(name, place, path):
                assert value != was, f"{name}: the old default is decided all the same"
                decided += 1
                explained = [each for each in settings.origin.decisions if each.path.startswith(dotted(path))]
                assert explained, f"{name}: nothing explains it"
        rendered = rendered or _differs(settings, name)
    assert decided, "no spec has it"
    assert rendered or place[-1] in REFUSED, "no file of any spec of this test depends on it"
    assert reference.reference(schema) != reference.reference(schema_of(catalogue())), "the page does not say it"


def _is_settled(name: str, place: tuple[str, ...], path: Path) -> bool:
    """Whether a language has no other framework, or a storage has one node."""
    if before(name)[0].origin.reasons.get(path) == "one node":
        return True
    service = before(name)[0].services["api"]
    return place[-1] == "framework" and len(catalogue().languages[service.language].frameworks) == 1


def _differs(settings: Settings, name: str) -> bool:
    return dict(tree(settings)) != dict(before(name)[1])


def test_every_key_with_a_value_is_explained() -> None:
    for name in SPECS:
        settings = before(name)[0]
        explained = {each.path for each in settings.origin.decisions}
        for place in PLACES:
            for path, value in at(settings.origin.values, place):
                if value is not None:
                    key = dotted(path)
                    below = (f"{key}.", f"{key}[")
                    assert key in explained or any(each.startswith(below) for each in explained), key


def test_a_key_that_the_schema_does_not_have_cannot_be_asked_for() -> None:
    settings = before("tail")[0]
    with pytest.raises(AttributeError):
        settings.collector.topolgy  # type: ignore[attr-defined]  # noqa: B018
    for path in (
        ("collector", "topolgy"),
        ("services", "api", "prot"),
        ("backend", "roles", "ingestor"),
        ("name", 0),
    ):
        for ask in (settings.is_said, settings.said.place, settings.said.said_by_layer, settings.said.written):
            with pytest.raises(LookupError, match=f"the schema has no {path[0]}"):
                ask(*path)


def test_an_option_that_no_storage_has_cannot_be_asked_for() -> None:
    settings = before("tail")[0]
    assert settings.option("urls") is None
    with pytest.raises(LookupError, match="no storage has nodes"):
        settings.option("nodes")


def test_a_key_that_any_pack_has_may_be_asked_for() -> None:
    settings = before("tail")[0]
    assert not settings.is_said("backend", "storage", "urls")
    assert not settings.is_said("overrides", "compose.yaml", "services", "api", "labels")
    assert settings.is_said("sampling", "tail", "keep", 1, "attribute", "values")


def test_values_that_have_keys_are_records() -> None:
    found = [each for name in SPECS for each in held(before(name)[0]) if isinstance(each, dict)]
    texts = (str, int, float, bool, tuple, type(None))
    for mapping in found:
        for key, each in mapping.items():
            assert isinstance(each, (*texts, Record)) or key.endswith(".yaml"), mapping


def held(value: Any) -> Iterator[Any]:
    """A record, and everything that it holds."""
    yield value
    if isinstance(value, Record):
        for name in names_of(value):
            if name != "origin":
                yield from held(getattr(value, name))
    for each in value.values() if isinstance(value, dict) else value if isinstance(value, tuple) else ():
        yield from held(each)


@pytest.mark.parametrize("place", PLACES, ids=dotted)
def test_a_default_that_decides_nothing_in_a_spec_can_be_asked_for(place: tuple[str, ...]) -> None:
    origin = before("both targets")[0].origin
    found = origin.possible(".".join(place))
    assert found is not None
    assert found.description
    assert found.defaults
    assert origin.possible(".".join([*place, "nothing"])) is None


def test_what_one_node_has_stands_in_its_pack() -> None:
    for storage in catalogue().storages.values():
        for key, option in storage.options.get("properties", {}).items():
            if "x-inside" in option:
                settings = before(storage.name)[0]
                assert settings.option(key) == option["x-inside"] != option["default"]
