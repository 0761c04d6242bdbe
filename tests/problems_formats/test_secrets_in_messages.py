"""Secrets that somebody wrote into a spec are not printed, in no place of it and in no format."""

import copy
import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import yaml

from tracegen.catalogue import catalogue
from tracegen.checking import check
from tracegen.compiler import judge
from tracegen.problems import Problem, ProblemsFound
from tracegen.problems.formats import FORMATS, formatter
from tracegen.problems.redact import redacted, redacted_line
from tracegen.source.files import load
from tracegen.spec.schema import resolve, schema

SECRET = "hunter2S3cr3t"

#: How a secret comes into a text that is meant to be something else.
PLANTED = {
    "a URL": f"https://user:{SECRET}@host.example.com/x",
    "a URL with a slash in its password": f"https://user:pa/{SECRET}/ss@host",
    "a URL with a token": f"https://{SECRET}@host.example.com",
    "no scheme": f"user:{SECRET}@host:9092",
    "a token before a host": f"{SECRET}@host:4317",
    "a query": f"https://host/x?user=a&password={SECRET}&x=1",
    "a connection": f"host=db user=a password={SECRET} sslmode=off",
    "a header": f"Bearer {SECRET}",
    "a long URL": f"https://user:{SECRET}{'x' * 200}@host",
}

_START: dict[str, Any] = {
    "tracegen": 1,
    "name": "shop",
    "backend": {"type": "jaeger"},
    "services": {"api": {"language": "go"}},
}


#: A reason to keep a trace may be made of reasons: so deep, and no deeper.
_DEEPEST = 8

Path = tuple[str, ...]
Choices = tuple[tuple[Path, str], ...]


@dataclass(frozen=True)
class PlaceOfText:
    """A path at which somebody may write a text, whether a reference is wanted there, and what has to be said so that
    the path has a meaning."""

    path: Path
    is_secret: bool
    choices: Choices


def places(node: dict[str, Any], path: Path = (), choices: Choices = ()) -> Iterator[PlaceOfText]:
    """Every place of the schema: of each backend, of each storage, and of one language."""
    node = resolve(node)
    if path:
        yield PlaceOfText(path, bool(node.get("x-secret")), choices)
    if len(path) > _DEEPEST:
        return
    for key, below in node.get("properties", {}).items():
        if key != "environments":
            yield from places(below, (*path, key), choices)
    for name, variant in list((node.get("x-variants") or {}).items())[: 1 if path[:1] == ("services",) else None]:
        for key, below in variant["properties"].items():
            yield from places(below, (*path, key), (*choices, ((*path, node["x-chooser"]), name)))
    if isinstance(node.get("additionalProperties"), dict):
        yield from places(node["additionalProperties"], (*path, "api" if path == ("services",) else "any"), choices)
    if isinstance(node.get("items"), dict):
        yield from places(node["items"], (*path, "0"), choices)


PLACES = list(dict.fromkeys(places(schema())))
SECRETS = [place for place in PLACES if place.is_secret]


def planted(place: PlaceOfText, text: object) -> str:
    """The smallest spec with a text at a place."""
    spec = copy.deepcopy(_START)
    for path, name in (*place.choices, (place.path, text)):
        put(spec, path, name)
    return yaml.safe_dump(spec, width=100_000)


def put(node: Any, path: Path, value: object) -> None:
    """Write a value at a path, making what leads to it; `0` is the first item of a list."""
    for index, key in enumerate(path):
        following: Any = value if index == len(path) - 1 else [] if path[index + 1] == "0" else {}
        if isinstance(node, list):
            node[:] = node or [following]
            node = node[0]
        elif index == len(path) - 1:
            node[key] = value
        else:
            node = node.setdefault(key, following)


def problems_of_text(text: str) -> list[Problem]:
    """What `validate` says."""
    try:
        document = load("-", io.BytesIO(text.encode()))
        checked = check(document, catalogue())
        for spec in checked.settings.values():
            judge(spec, catalogue())
    except ProblemsFound as found:
        return list(found.problems)
    return list(checked.problems)


def printed(problems: list[Problem]) -> str:
    """The problems in every format."""
    return "".join(formatter(name)(problems) for name in FORMATS)


def test_the_places_are_many() -> None:
    assert len(PLACES) > 300
    assert {("backend", "storage", "password"), ("security", "ingest_auth", "bearer")} <= {
        each.path for each in SECRETS
    }


@pytest.mark.parametrize("kind", PLANTED)
def test_a_secret_planted_at_any_place_is_never_printed(kind: str) -> None:
    told = 0
    for place in PLACES:
        problems = problems_of_text(planted(place, PLANTED[kind]))
        told += bool(problems)
        assert SECRET not in printed(problems), place
    assert told > 200


@pytest.mark.parametrize(
    "value",
    [
        {"env": f"{SECRET}!"},
        {"env": 123456789},
        {"file": f"{SECRET} ?"},
        {"secret": {"name": f"{SECRET}!", "key": "a"}},
        {"secret": {"name": "a", "key": f"{SECRET}!"}},
        {f"{SECRET}!": "x"},
        f"{SECRET}!",
        [f"{SECRET}!"],
    ],
    ids=str,
)
def test_what_stands_where_the_name_of_a_secret_belongs_is_never_printed(value: object) -> None:
    for place in SECRETS:
        problems = problems_of_text(planted(place, value))
        assert problems, place
        assert SECRET not in printed(problems), place
        assert "123456789" not in printed(problems), place


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("ghcr.io/acme/api:1.4@sha256:abc", "ghcr.io/acme/api:1.4@sha256:abc"),
        ("'https://u:p@h', and more", "'https://u:…@h', and more"),
        ("npm @scope/name is fine", "npm @scope/name is fine"),
        ("HTTP basic authentication", "HTTP basic authentication"),
        ("kafka://u:p@a:1,u:p@b:2", "kafka://u:…@b:2"),
        ("?api_key=abc&x=1", "?api_key=…&x=1"),
        ("Authorization: Bearer abc.def-123", "Authorization: Bearer …"),
    ],
)
def test_what_is_taken_out_of_a_text(text: str, left: str) -> None:
    assert redacted(text) == left
    assert redacted(left) == left


@pytest.mark.parametrize(
    "line",
    [
        "    password: hunter2S3cr3t",
        "  password: {env: 'hunter2S3cr3t!'}",
        "    env: hunter2S3cr3t!",
        "  x-honeycomb-team: hunter2S3cr3t",
        "env: {DB_PASSWORD: 'a hunter2S3cr3t b', X: y}",
        "urls: [https://u:hunter2S3cr3t@h]",
        "bearer: hunter2S3cr3t",
        '"secret" : "hunter2S3cr3t"',
    ],
)
def test_a_line_of_a_spec_is_shown_without_secrets(line: str) -> None:
    assert SECRET not in redacted_line(line)
    assert redacted_line("    password: {env: DB_PASSWORD}") == "    password: {env: DB_PASSWORD}"
