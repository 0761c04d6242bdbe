"""The language, framework, libraries and port of a unit, each with how sure it is and why."""

import re
from collections.abc import Iterable
from fnmatch import fnmatch
from pathlib import PurePosixPath
from typing import Any

from tracegen.catalogue import catalogue
from tracegen.importing.facts import Guess, Sure, Unit
from tracegen.importing.known import image_names, known, language_of_image
from tracegen.importing.sources import Sources

#: What has no pack of its own.
OTHER = "other"
_OPENING = re.compile(r"^\[?\s*\"?([^\s\",]+)")


def language_of(unit: Unit, sources: Sources) -> Guess:
    """The language; `other` where nothing says it."""
    final = sources.stages[-1] if sources.stages else ""
    by_stage = language_of_image(final)
    tables: dict[str, Any] = known()["languages"]
    if by_stage == OTHER and tables.get(sources.language, {"beside_others": True}).get("beside_others"):
        return Guess(OTHER, Sure.CERTAIN, f"the last stage of its Dockerfile is {image_names(final)[0]}")
    if sources.language:
        sure = Sure.LIKELY if sources.named or by_stage not in ("", sources.language, OTHER) else Sure.CERTAIN
        found = by_stage if by_stage not in ("", OTHER, sources.language) else sources.language
        where = f"the folder of that name has {sources.file}" if sources.named else sources.file
        return Guess(found, sure, where if found == sources.language else f"its Dockerfile is FROM {final}")
    for stage in reversed(sources.stages):
        if language := language_of_image(stage):
            return Guess(language, Sure.LIKELY, f"its Dockerfile is FROM {image_names(stage)[0]}")
    return _without_sources(unit, sources)


def _without_sources(unit: Unit, sources: Sources) -> Guess:
    if unit.image and (language := language_of_image(unit.image)):
        return Guess(language, Sure.CERTAIN, f"its image is {image_names(unit.image)[0]}")
    opening = _OPENING.match(sources.command)
    words = [*unit.words, *([opening.group(1)] if opening else [])]
    if language := _of_command(words):
        return Guess(language, Sure.LIKELY, f"its command is {' '.join(words)[:40]}")
    if language := _of_variables(unit.env):
        return Guess(language, Sure.LIKELY, f"its variable {_first_variable(unit.env, language)}")
    if language := _of_name(unit):
        return Guess(language, Sure.UNSURE, "its name")
    return Guess(OTHER, Sure.UNSURE, "nothing in these files says its language")


def _of_command(words: Iterable[str]) -> str:
    tables: dict[str, Any] = known()["languages"]
    for word in [part for each in words for part in each.split()][:12]:
        name = PurePosixPath(word).name or word
        for language, table in tables.items():
            if name in table["commands"] or name.endswith(tuple(table.get("endings", ()))):
                return language
    return ""


def _of_variables(env: Iterable[str]) -> str:
    found = {language: _fitting(env, patterns) for language, patterns in known()["variables"].items()}
    found = {language: name for language, name in found.items() if name}
    return max(found, key=lambda language: len(found[language]), default="")


def _fitting(env: Iterable[str], patterns: Iterable[str]) -> str:
    """The longest pattern that a variable fits; '' when none does."""
    names = list(env)
    return max((each for each in patterns if any(fnmatch(name, each) for name in names)), key=len, default="")


def _first_variable(env: Iterable[str], language: str) -> str:
    patterns = known()["variables"][language]
    return next(name for name in env if any(fnmatch(name, each) for each in patterns))


def _of_name(unit: Unit) -> str:
    tables: dict[str, Any] = known()["languages"]
    words = set(re.split(r"[^a-z0-9]+", f"{unit.name} {image_names(unit.image)[0]}".lower()))
    return next((language for language, table in tables.items() if words & set(table.get("names", ()))), "")


def framework_of(language: str, sources: Sources) -> Guess | None:
    """A framework that the language's pack knows, from the packages of the manifests."""
    offered = catalogue().languages[language].frameworks if language in catalogue().languages else ()
    table: dict[str, str] = known()["frameworks"].get(language, {})
    for package, framework in table.items():
        if framework in offered and package in sources.packages:
            return Guess(framework, Sure.CERTAIN, f"{sources.file} has {package}")
    return None


def libraries_of(language: str, sources: Sources) -> dict[str, Guess]:
    """The pack's libraries that the manifests name."""
    if language not in catalogue().languages:
        return {}
    offered = catalogue().languages[language].libraries
    table: dict[str, str] = known()["libraries"].get(language, {})
    found: dict[str, Guess] = {}
    for package in sorted(sources.packages):
        name = next((table[each] for each in table if fnmatch(package, each)), package)
        if name in offered:
            found.setdefault(name, Guess(name, Sure.CERTAIN, f"{sources.file} has {package}"))
    return found


def library_for_store(language: str, kind: str) -> str:
    """What programs of a language most often talk with a store by; '' where the pack has nothing for it."""
    name = known()["stores"].get(kind, {}).get("libraries", {}).get(language, "")
    packs = catalogue().languages
    return str(name) if language in packs and name in packs[language].libraries else ""


def port_of(unit: Unit, sources: Sources) -> Guess | None:
    """The port that it listens on."""
    port = next((unit.env[key] for key in ("PORT", "HTTP_PORT", "SERVER_PORT", "APP_PORT") if unit.env.get(key)), "")
    if unit.ports:
        listened = int(port) if port.isdigit() and int(port) in unit.ports else unit.ports[0]
        return Guess(listened, Sure.CERTAIN, "its ports")
    if port.isdigit() and 0 < int(port) < 65536:
        return Guess(int(port), Sure.LIKELY, "its variable of that name")
    if sources.ports:
        return Guess(sources.ports[0], Sure.LIKELY, "EXPOSE of its Dockerfile")
    return None
