"""Secrets are referred to, never written: not in a URL, not as the value of a header that carries one."""

from collections.abc import Iterator

from tracegen.catalogue import Catalogue
from tracegen.problems import Problem
from tracegen.rules._shared import at
from tracegen.spec.codes import LITERAL_SECRET
from tracegen.spec.said import Path, Said
from tracegen.spec.secret_words import has_login, holds_password, is_secret_header, refers

_URL_KEYS = ("url", "endpoint")


def check(spec: Said, packs: Catalogue) -> Iterator[Problem]:
    """Every URL and every header of the spec."""
    for path, value in _leaves((), spec.value):
        if path[0] == "environments":
            continue  # each is looked at where it lies over the spec
        message, hint = _refusal(path, value)
        if message:
            yield at(spec, LITERAL_SECRET, path, message, hint)


def _refusal(path: Path, value: str) -> tuple[str, str]:
    if len(path) > 1 and path[-2] == "headers" and is_secret_header(str(path[-1])):
        if path[0] == "overrides" and refers(value):
            return "", ""
        name = str(path[-1]).upper().replace("-", "_")
        return f"the value of header {path[-1]} is a secret and is written in the spec", _refer(path, name)
    if path[0] != "overrides" and (path[-1] in _URL_KEYS or "urls" in path) and has_login(value):
        beside = "username and password: {env: NAME} beside it" if path[:2] == ("backend", "storage") else "headers"
        return "a user name or password stands in the URL", f"take it out of the URL, and use {beside}"
    if holds_password(value):
        name = str(path[-1]).upper().replace("-", "_") if isinstance(path[-1], str) else "NAME"
        return "a password stands in the URL", _refer(path, name)
    return "", ""


def _refer(path: Path, name: str) -> str:
    if path[0] == "overrides":
        return f"refer to it: ${{env:{name}}}"
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
