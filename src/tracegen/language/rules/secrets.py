"""Secrets are referred to, never written: not in a URL, not as the value of a header that carries one."""

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from tracegen.language.codes import LITERAL_SECRET
from tracegen.language.rules._shared import at
from tracegen.language.spec import Path, Spec, dotted
from tracegen.packs import Catalogue
from tracegen.problems import Problem

_SECRET_HEADER = re.compile(
    r"(^authorization$|^proxy-authorization$|^cookie$|api-?key$|-token$|-secret$)", re.IGNORECASE
)
_URL_KEYS = ("url", "endpoint")


def check(spec: Spec, packs: Catalogue) -> Iterator[Problem]:
    """Every URL and every header of the spec."""
    for path, value in _leaves((), spec.value):
        if path[0] in ("overrides", "environments"):
            continue
        if len(path) > 1 and path[-2] == "headers" and _SECRET_HEADER.search(str(path[-1])):
            message = f"the value of header {path[-1]} is a secret and is written in the spec"
            yield at(spec, LITERAL_SECRET, path, message, "refer to it, for example {env: VENDOR_KEY}")
        if (path[-1] in _URL_KEYS or "urls" in path) and _has_password(value):
            message = f"{dotted(path)} has a user name or password in the URL"
            yield at(spec, LITERAL_SECRET, path, message, "use username and password: {env: NAME} beside it")


def _has_password(url: str) -> bool:
    try:
        return "@" in urlsplit(url if "://" in url else f"//{url}").netloc
    except ValueError:
        return False


def _leaves(path: Path, value: object) -> Iterator[tuple[Path, str]]:
    if isinstance(value, dict):
        for key, below in value.items():
            yield from _leaves((*path, key), below)
    elif isinstance(value, list):
        for index, below in enumerate(value):
            yield from _leaves((*path, index), below)
    elif isinstance(value, str) and path:
        yield path, value
