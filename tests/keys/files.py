"""Which keys change which files: every key is changed in each of some systems, and what comes out is compared."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import islice, pairwise, product
from random import Random
from typing import Any

from invariants._specs import SMALLEST, dimensions, stores
from keys.outcome import Outcome, Spec, outcome
from keys.values import spec_with, specs, value_at
from keys.walk import Key, Path, keys
from patches import merged
from tracegen.catalogue import catalogue
from tracegen.cli.file_keys import ANY, OTHER

Patch = Mapping[str, Any]
#: Patterns of files, and the keys that change files of each.
Table = dict[str, set[str]]

#: How a spec is put together, what changes no file, what is known without a table, and what is tried at once.
_NOT_TRIED = ("tracegen", "include", "accept", "service_defaults", "overrides", "versions")
#: Mappings of free names, which are named as a whole.
_WHOLE = ("versions", "attributes")

_CERTIFICATES = {
    "enabled": True,
    "ca": {"file": "certs/ca.pem"},
    "cert": {"file": "certs/tls.crt"},
    "key": {"file": "certs/tls.key"},
}
_BASIC = {"basic": {"username": "shop", "password": {"env": "INGEST_PASSWORD"}}}
_LOGIN = {
    "host": "traces.example.com",
    "tls_secret": "traces-tls",
    "login": {
        "issuer": "https://login.example.com",
        "client_id": "traces",
        "client_secret": {"env": "LOGIN_CLIENT"},
        "cookie_secret": {"env": "LOGIN_COOKIE"},
    },
}
_OF_AN_SDK = {"OTEL_PROPAGATORS": "b3", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}
_SECRETS = {"TOKEN": {"env": "API_TOKEN"}, "KEY": {"secret": {"name": "api", "key": "key"}}}
_VENDOR = {"name": "vendor", "endpoint": "https://otlp.example.com", "headers": {"x-key": {"env": "VENDOR_KEY"}}}
_TAIL = {"tail": {"keep": ["errors", {"slower_than": "1s"}, {"ratio": 0.05}]}}

#: What is said in turn beside each store, so that all that can be rendered is, in one system or another.
TURNS: tuple[Patch, ...] = (
    {},
    {
        "kubernetes": {"flavor": "operator"},
        "collector": {"topology": "agent+gateway", "replicas": 2},
        "sampling": _TAIL,
        "metrics": True,
    },
    {"security": {"tls": _CERTIFICATES, "ingest_auth": _BASIC}, "collector": {"also": [_VENDOR]}, "metrics": True},
    {
        "services": {"web": {"deploy": False, "env": _SECRETS}, "api": {"env": _SECRETS, "replicas": 2}},
        "kubernetes": {"external_secrets": {"store": "vault"}, "ingress": _LOGIN},
    },
    {
        "collector": {"topology": "agent", "receivers": ["otlp", "jaeger", "zipkin"]},
        "sampling": {"head": {"type": "remote", "default": {"ratio": 0.1}}},
        "kubernetes": {"ingress": {"host": "traces.example.com", "gateway": {"name": "public", "namespace": "gate"}}},
    },
    {"collector": {"topology": "none"}, "services": {"web": {"image": "ghcr.io/acme/web:1"}}},
    {
        "targets": ["kubernetes"],
        "security": {"tls": {"enabled": True, "cert_manager": {"issuer": "company-ca"}}},
        "sampling": _TAIL,
        "collector": {"replicas": 3},
        "kubernetes": {"k8s_attributes": True},
    },
)
#: Systems in which a file has keys that it has in none of those, and the keys that are changed there.
FURTHER: tuple[tuple[Patch, tuple[str, ...]], ...] = (
    ({"backend": {"type": "tempo", "tenants": ["red", "blue"]}}, ("backend",)),
    ({"metrics": True, "sampling": _TAIL, "collector": {"replicas": 2}}, ("collector", "sampling")),
    (
        {
            "kubernetes": {"flavor": "operator"},
            "services": {
                "api": {"instrumentation": "auto", "image": "ghcr.io/acme/api:1"},
                "ledger": {"instrumentation": "auto", "image": "ghcr.io/acme/ledger:1"},
            },
        },
        ("collector", "sampling", "propagators", "security", "kubernetes", "services"),
    ),
    (
        {"targets": ["kubernetes"], "services": {"api": {"deploy": False}}},
        ("services", "propagators", "sampling", "collector", "name", "baggage"),
    ),
)
_BOTH: Patch = {"targets": ["compose", "kubernetes"]}
#: How many values of a key are tried in each system at most, and how many that change something are enough.
MOST, ENOUGH = 3, 2
#: The turns in which one store takes the place of another, and how many pairs of choices are laid over each other.
MOVED, LAID = (0, 1, 3, 4), 600
_SHOP: Patch = merged(SMALLEST, merged(_BOTH, {"services": {"ledger": {"calls": ["api"]}}}))
_STORE: tuple[Path, ...] = (("backend", "type"), ("backend", "mode"), ("backend", "storage"), ("backend", "endpoint"))
_OF_A_STORE = ("backend",)
_OF_A_LANGUAGE = ("services", "name", "registry", "propagators")
_OTHER_VERSIONS: Patch = {"versions": dict.fromkeys(catalogue().images, "9.9.9")}
#: The service that is there or not.
_MORE = ("services", "more", "language")
_LANGUAGE = ("services", "api", "language")


@dataclass(frozen=True)
class Base:
    """A system, and the keys that are changed in it, by what their paths start with; all where nothing is said."""

    spec: Spec
    tops: tuple[str, ...] = ()


@cache
def bases() -> tuple[Base, ...]:
    """Each store with one of the turns, each language with each framework, built here or elsewhere, and some more."""
    further = (Base(merged(_SHOP, said), tops) for said, tops in FURTHER)
    return (*_stores(), *_languages(), *further)


@cache
def learnt() -> Mapping[str, tuple[str, ...]]:
    """The keys by the pattern of a file, in the order of the schema."""
    found: Table = {}
    for path, one, other in (*moves(), *(each for base in bases() for each in changes(base))):
        note(path, one, other, found)
    order = list(dict.fromkeys(name_of(key.path, "") for key in keys()))
    ranks = {key: rank for rank, each in enumerate(order) for key in (each, each.replace(ANY, OTHER))}
    return {pattern: tuple(sorted(found[pattern], key=ranks.__getitem__)) for pattern in sorted(found)}


def as_groups(table: Mapping[str, tuple[str, ...]]) -> str:
    """The table as it is stored: files of the same keys together."""
    groups: dict[tuple[str, ...], list[str]] = {}
    for pattern, named in table.items():
        groups.setdefault(named, []).append(pattern)
    return json.dumps([{"files": files, "keys": named} for named, files in groups.items()], indent=1) + "\n"


def changes(base: Base) -> Iterator[tuple[Path, Outcome, Outcome]]:
    """Keys changed one by one in a system: the path of each, and what the specs before and after come to."""
    bare = outcome(base.spec)
    assert not bare.errors, f"{base} is no base: {bare.errors}"
    yield ("versions",), bare, outcome(merged(base.spec, _OTHER_VERSIONS))
    for targets in (["compose"], ["kubernetes"], []):
        other = outcome(merged(base.spec, {"targets": targets}))
        if not other.errors:
            yield ("targets",), bare, other
    yield _MORE, bare, outcome(spec_with(base.spec, _MORE, "go"))
    if base.tops == _OF_A_LANGUAGE:
        yield from ((_LANGUAGE, bare, outcome(each)) for each in _other_languages(base.spec))
        yield ("services", "api", "env"), bare, outcome(merged(base.spec, {"services": {"api": {"env": _OF_AN_SDK}}}))
    for key in keys():
        if key.path[0] not in _NOT_TRIED and key.path[0] in (base.tops or key.path) and fits(key, base.spec):
            enough = None if key.path[-1] == "libraries" else ENOUGH
            yield from ((key.path, *pair) for pair in _pairs(specs(key, base.spec), enough))


def _other_languages(spec: Any) -> Iterator[Spec]:
    """The service in another language, without the framework that only its own has."""
    for language in ("go", "python"):
        api = {**spec["services"]["api"], "language": language, "framework": None}
        yield merged(spec, {"services": {"api": api}})


def _pairs(specs_: list[Spec], enough: int | None) -> Iterator[tuple[Outcome, Outcome]]:
    """The first that is valid beside some others, the last ones first: those before are often what is the default."""
    first, *others = specs_
    found = (each for each in map(outcome, [first, *reversed(others)]) if not each.errors)
    before, differing = next(found, None), 0
    for after in islice(found, MOST if enough else None):
        assert before is not None
        yield before, after
        differing += bool(changed(before, after))
        if differing == enough:
            break


def moves() -> Iterator[tuple[Path, Outcome, Outcome]]:
    """One store in the place of another, and one choice of the matrix over another, key by key."""
    for turn in (TURNS[number] for number in MOVED):
        specs_ = [merged(merged(_SHOP, turn), each) for each in stores(catalogue())]
        for one, other in pairwise(each for each in specs_ if not outcome(each).errors):
            path = next(each for each in _STORE if value_at(one, each) != value_at(other, each))
            yield path, outcome(one), outcome(other)
    over_stores = (_laid(merged(_SHOP, store), turn) for store in stores(catalogue()) for turn in TURNS)
    for steps in (*over_stores, *sample(LAID, 1)):
        for (before, after), paths in steps:
            if len(paths) == 1:
                yield paths[0], before, after


def sample(number: int, seed: int) -> Iterator[list[tuple[tuple[Outcome, Outcome], list[Path]]]]:
    """For pairs of choices of the matrix: from one valid spec to the next, with the keys that were said between."""
    choices = [choice for dimension in dimensions().values() for choice in dimension if choice]
    for one, other in Random(seed).sample(list(product(choices, choices)), number):
        yield _laid(merged(merged(SMALLEST, _BOTH), one), other)


def _laid(spec: Any, patch: Patch) -> list[tuple[tuple[Outcome, Outcome], list[Path]]]:
    """A patch laid over a spec, key by key."""
    before, paths = outcome(spec), list[Path]()
    steps: list[tuple[tuple[Outcome, Outcome], list[Path]]] = []
    for path, piece in _said(patch):
        spec = merged(spec, piece)
        after, paths = outcome(spec), [*paths, path]
        if not after.errors:
            steps += [] if before.errors else [((before, after), paths)]
            before, paths = after, []
    return steps


def _said(patch: Patch) -> Iterator[tuple[Path, Patch]]:
    """A patch in pieces that say one key each, as deep as the table names them."""
    for top, value in patch.items():
        if top == "services":
            for name, said in value.items():
                yield from (((top, name, key), {top: {name: {key: each}}}) for key, each in said.items())
        elif isinstance(value, dict) and top not in (*_WHOLE, *_NOT_TRIED, "environments"):
            yield from (((top, key), {top: {key: each}}) for key, each in value.items())
        elif top not in (*_NOT_TRIED, "environments"):
            yield (top,), {top: value}


def fits(key: Key, base: Spec) -> bool:
    """Whether a key has a meaning beside the base's backend and storage, or language."""
    chosen = [each for each in key.beside if not each.any_value]
    choices = [each for each in chosen if each.path[-1] in ("type", "language") and each.path[0] in base]
    return all(value_at(base, each.path) == each.value for each in choices if each.path[0] in ("backend", "services"))


def note(path: Path, one: Outcome, other: Outcome, table: Table) -> None:
    """Every file that differs, or that only one has."""
    for pattern, service in changed(one, other).values():
        table.setdefault(pattern, set()).add(name_of(path, service))


def changed(one: Outcome, other: Outcome) -> Mapping[str, tuple[str, str]]:
    """The paths of the files that differ or that only one has, with pattern and service."""
    assert one.tree is not None and other.tree is not None and one.patterns is not None and other.patterns is not None
    patterns = {**one.patterns, **other.patterns}
    paths = sorted(path for path in patterns if one.tree.get(path) != other.tree.get(path))
    return {path: patterns[path] for path in paths}


def name_of(path: Path, service: str) -> str:
    """A key as the table names it, for a file of a service: two levels, and a service's name is no level."""
    parts = [str(part) for part in path if isinstance(part, str)]
    if parts[0] == "services":
        return f"services.{OTHER if service and parts[1] != service else ANY}.{parts[2]}"
    return parts[0] if parts[0] in _WHOLE else ".".join(parts[:2])


def _stores() -> Iterator[Base]:
    """In the first system of each turn that has not that storage yet all keys are tried, elsewhere the backend's."""
    whole: dict[int, Any] = {}
    for number, store in enumerate(stores(catalogue())):
        turn, storage = number % len(TURNS), value_at(store, ("backend", "storage", "type"))
        is_whole = turn not in whole and storage not in whole.values()
        whole |= {turn: storage} if is_whole else {}
        yield Base(merged(merged(_SHOP, TURNS[turn]), store), () if is_whole else _OF_A_STORE)


def _languages() -> Iterator[Base]:
    for pack in catalogue().languages.values():
        for framework in pack.frameworks or [None]:
            for image in (None, "ghcr.io/acme/api:1") if pack.example else ("ghcr.io/acme/api:1",):
                service = {"language": pack.name, "framework": framework, "image": image}
                yield Base(merged(_SHOP, {"targets": ["compose"], "services": {"api": service}}), _OF_A_LANGUAGE)
