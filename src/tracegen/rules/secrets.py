"""Secrets are referred to, never written: not in a URL, not in a header or a configuration that carries one."""

import re
from collections.abc import Iterator, Mapping
from posixpath import normpath
from typing import Any

from tracegen.catalogue import Catalogue
from tracegen.decide import Settings
from tracegen.problems import Code, Problem
from tracegen.rules._shared import at
from tracegen.rules.environment import LOOKS_LIKE_A_SECRET, is_secret_variable
from tracegen.spec.codes import LITERAL_SECRET
from tracegen.spec.said import Path
from tracegen.spec.secret_words import (
    has_login,
    holds_password,
    is_secret_header,
    is_secret_key,
    may_be_secret_key,
    may_hold_secret,
    refers,
)
from tracegen.system.component import key_of_file, variable_of

SECRETS_MEET = Code("TG207", "Two secrets with one name")

_URL_KEYS = ("url", "endpoint")


def check(settings: Settings, packs: Catalogue) -> Iterator[Problem]:
    """Every URL and every header of the spec, and every reference."""
    yield from _meeting(settings)
    for path, value in _leaves((), settings.said.value):
        if path[0] == "environments":
            continue  # each is looked at where it lies over the spec
        message, hint = _refusal(path, value)
        if message:
            yield at(settings, LITERAL_SECRET, path, message, hint)
        elif _looks_like_one(path, value):
            message = "this looks like a secret and is written in the spec"
            yield at(settings, LOOKS_LIKE_A_SECRET, path, message, _refer(path, _variable(path)))


def _refusal(path: Path, value: str) -> tuple[str, str]:
    """Why a text is a secret that is written out, and the way out; two empty texts when it is none."""
    of_a_file, key = path[0] == "overrides", str(path[-1])
    if of_a_file and refers(value):
        return "", ""
    if len(path) > 1 and path[-2] == "headers" and is_secret_header(key):
        return f"the value of header {key} is a secret and is written in the spec", _refer(path, _variable(path))
    if not of_a_file and (path[-1] in _URL_KEYS or "urls" in path) and has_login(value):
        beside = "username and password: {env: NAME} beside it" if path[:2] == ("backend", "storage") else "headers"
        return "a user name or password stands in the URL", f"take it out of the URL, and use {beside}"
    if holds_password(value):
        return "a password stands in the URL", _refer(path, _variable(path))
    if of_a_file and value and is_secret_key(key):
        return f"the value of {key} is a secret and is written in the spec", _refer(path, _variable(path))
    return "", ""


def _looks_like_one(path: Path, value: str) -> bool:
    if path[0] == "overrides" and value and may_be_secret_key(str(path[-1])):
        return not refers(value)
    if len(path) > 1 and path[-2] == "attributes" and is_secret_key(str(path[-1])):
        return True
    # The rule of variables tells those whose name says it.
    return may_hold_secret(value) and not is_secret_variable(path)


def _variable(path: Path) -> str:
    """A name for the variable that would hold the secret at a path."""
    name = path[-1] if isinstance(path[-1], str) else ""
    return re.sub(r"[^A-Z0-9]+", "_", name.upper()).strip("_") or "NAME"


def _refer(path: Path, name: str) -> str:
    if path[0] == "overrides":
        return f"refer to it: ${{env:{name}}}"
    if "attributes" in path[:-1]:
        return "leave it out: every span carries it, and who reads spans reads it"
    return f"refer to it, for example {{env: {name}}}, and change the secret if this file was shared"


def _leaves(path: Path, value: object) -> Iterator[tuple[Path, str]]:
    if isinstance(value, dict):
        for key, below in value.items():
            yield from _leaves((*path, key), below)
    elif isinstance(value, list):
        for index, below in enumerate(value):
            yield from _leaves((*path, index), below)
    elif isinstance(value, str) and path:
        yield path, value


def _meeting(settings: Settings) -> Iterator[Problem]:
    """A variable or a mounted file that is two secrets is one of them, and nobody knows which."""
    seen: dict[tuple[str, str], str] = {}
    for path, reference in _references(settings.said.value, ()):
        (name, what), shown = _name_of(reference), _shown(reference)
        first = seen.setdefault((name, what), shown)
        if first != shown:
            message = f"{shown} has the {what} {name}, as {first} has"
            yield at(settings, SECRETS_MEET, path, message, "name one of them otherwise, or use {env: NAME}")


def _references(value: object, path: Path) -> Iterator[tuple[Path, Mapping[str, Any]]]:
    if isinstance(value, Mapping):
        if len(value) == 1 and (isinstance(value.get("file"), str) or isinstance(value.get("secret"), Mapping)):
            yield path, value
            return
        for key, below in value.items():
            if path or key not in ("environments", "overrides"):
                yield from _references(below, (*path, key))
    elif isinstance(value, list):
        for index, below in enumerate(value):
            yield from _references(below, (*path, index))


def _name_of(reference: Mapping[str, Any]) -> tuple[str, str]:
    if "file" in reference:
        return key_of_file(reference["file"]), "mounted file"
    return variable_of(reference["secret"]["name"], reference["secret"]["key"]), "variable"


def _shown(reference: Mapping[str, Any]) -> str:
    if "file" in reference:
        return str(normpath(reference["file"]))
    return f"{reference['secret']['key']} of Secret {reference['secret']['name']}"
