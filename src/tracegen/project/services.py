"""A list of services as people type or paste it: `checkout python calls payment`, one a line or between commas.

    NAME LANGUAGE [FRAMEWORK] [image REFERENCE] [elsewhere] [calls NAME…]

Whether a language, framework or name is right is the spec's own affair.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from tracegen.catalogue import catalogue
from tracegen.spec.complaints.habits import meant

Service = Mapping[str, Any]

HOW = "NAME LANGUAGE [FRAMEWORK] [image REFERENCE] [elsewhere] [calls NAME…]"
_WORDS = ("image", "elsewhere", "calls")


class NotAService(ValueError):
    """An entry that cannot be read."""


def parse(text: str) -> dict[str, dict[str, Any]]:
    """The services of a list by name, as the spec has them; raises NotAService with the entry and a way out."""
    found: dict[str, dict[str, Any]] = {}
    for entry in filter(None, (each.strip() for each in re.split(r"[,;\r\n]+", text))):
        name, service = _service(entry.split(), entry)
        if name in found:
            raise NotAService(f"{name!r} is named twice")
        found[name] = service
    if not found:
        raise NotAService(f"name at least one service: {HOW}")
    return found


def lawful(name: str) -> str:
    """The name that a spec may have for a service: `my_service` and `Web` are `my-service` and `web`."""
    return re.sub(r"[_. ]+", "-", name.lower()).strip("-") if re.fullmatch(r"[\w. -]+", name) else name


def spoken(language: str) -> str:
    """A language by the name that a spec has for it: `js` and `.NET` are `node` and `dotnet`."""
    known = catalogue().languages
    return language.lower() if language.lower() in known else meant(language, known) or language


def listed(services: Mapping[str, Service]) -> str:
    """Services as the list that `parse` reads, with commas between them."""
    return ", ".join(" ".join(_entry(name, service)) for name, service in services.items())


def _service(words: list[str], entry: str) -> tuple[str, dict[str, Any]]:
    if len(words) < 2 or words[1] in _WORDS:
        more = " (several calls are parted by blanks)" if len(words) == 1 else ""
        raise NotAService(f"{entry!r} has no language: {HOW}{more}")
    name, language, *rest = words
    name = lawful(name)
    service: dict[str, Any] = {"language": spoken(language)}
    if rest and rest[0] not in _WORDS:
        service["framework"] = rest.pop(0)
    while rest:
        _take(service, rest, entry)
    return name, service


def _take(service: dict[str, Any], rest: list[str], entry: str) -> None:
    """Reads one of the words that may follow, and what belongs to it."""
    word = rest.pop(0)
    if word == "elsewhere":
        service["deploy"] = False
    elif word == "image" and rest:
        service["image"] = rest.pop(0)
    elif word == "calls" and rest:
        service["calls"] = list(dict.fromkeys(map(lawful, _until_a_word(rest))))
    else:
        raise NotAService(f"{entry!r} cannot be read at {word!r}: {HOW}")


def _until_a_word(rest: list[str]) -> Iterable[str]:
    while rest and rest[0] not in _WORDS:
        yield rest.pop(0)


def _entry(name: str, service: Service) -> Iterator[str]:
    yield from (name, service["language"])
    if "framework" in service:
        yield service["framework"]
    if "image" in service:
        yield from ("image", service["image"])
    if service.get("deploy") is False:
        yield "elsewhere"
    if service.get("calls"):
        yield from ("calls", *service["calls"])
