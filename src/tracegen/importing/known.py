"""The table of what images, packages, variables and commands say (`known.yaml`), and how it is asked."""

import re
from collections.abc import Iterable
from fnmatch import translate
from functools import cache
from pathlib import Path
from typing import Any

from tracegen.importing.facts import Role

_FORMS = re.compile(r"@.*$|(?<=[^/]):[^/]*$")


@cache
def known() -> dict[str, Any]:
    """The table as it stands in the file."""
    import yaml

    text = Path(__file__).with_name("known.yaml").read_text(encoding="utf-8")
    found: dict[str, Any] = yaml.safe_load(text)
    return found


@cache
def _patterns(key: tuple[str, ...]) -> tuple[tuple[str, "re.Pattern[str]"], ...]:
    node: Any = known()
    for step in key:
        node = node.get(step, {})
    if isinstance(node, list):
        lines = node
        flat = [each for line in lines for each in (line if isinstance(line, list) else [line])]
        return tuple((each, re.compile(translate(each))) for each in flat)
    pairs: list[tuple[str, re.Pattern[str]]] = []
    for name, patterns in node.items():
        listed = patterns.get("images", []) if isinstance(patterns, dict) else patterns
        pairs += [(name, re.compile(translate(each))) for each in listed]
    return tuple(pairs)


def named(key: Iterable[str], texts: Iterable[str]) -> str:
    """The first name of a part of the table one of whose patterns fits one of the texts; '' when none does."""
    candidates = [each for each in texts if each]
    for name, pattern in _patterns(tuple(key)):
        if any(pattern.match(each) for each in candidates):
            return name
    return ""


def image_names(image: str) -> tuple[str, str]:
    """The last part of a reference without tag and digest, and its last two parts; '' for an unknown one."""
    bare = image
    while (shorter := _FORMS.sub("", bare)) != bare:
        bare = shorter
    if "$" in bare.rpartition("/")[2]:
        return "", ""
    parts = bare.lower().split("/")
    return parts[-1], "/".join(parts[-2:])


def tag_of(image: str) -> str:
    """The tag of a reference; '' where it has none, or one that a variable says."""
    last = image.partition("@")[0].rpartition("/")[2]
    tag = last.partition(":")[2]
    return "" if "$" in tag else tag


def role_of_image(image: str) -> tuple[Role, str]:
    """What an image of everybody's is for, and its kind; `SERVICE` and '' for one that is in no list."""
    names = image_names(image)
    if kind := named(("tracing",), names):
        return Role.TRACING, kind
    if kind := named(("stores",), names):
        return Role.STORE, kind
    if kind := named(("proxies",), names):
        return Role.PROXY, kind
    if kind := named(("tools",), names):
        return Role.TOOL, kind
    return Role.SERVICE, ""


def language_of_image(image: str) -> str:
    """The language of an image that is a language's own; '' for others."""
    return named(("languages",), image_names(image))


def store_of_words(*texts: str) -> str:
    """The kind of store that a name ends in or is: `user-db` has none, `orders-mongo` has; '' without one."""
    stores: dict[str, Any] = known()["stores"]
    for text in texts:
        words = [each for each in re.split(r"[^a-z0-9]+", text.lower()) if each]
        while words and re.fullmatch(r"\d+|master|primary|replica|slave|headless|server|svc|service|ha", words[-1]):
            words.pop()
        for kind, store in stores.items():
            if words and words[-1] in store["words"]:
                return kind
    return ""
