"""Units → services, stores and tracing, with the edges between them."""

import re
from collections.abc import Sequence

from tracegen.catalogue import catalogue
from tracegen.importing.edges import AFTER, by_caller, edges, runs_once
from tracegen.importing.facts import Edge, Found, FoundService, Guess, Role, Sure, Unit
from tracegen.importing.known import (
    image_names,
    known,
    language_of_image,
    named,
    role_of_image,
    store_of_words,
    tag_of,
)
from tracegen.importing.languages import OTHER, framework_of, language_of, libraries_of, library_for_store, port_of
from tracegen.importing.sources import Sources, sources_of
from tracegen.importing.tracing import has_an_sdk_of_opentelemetry, receivers_for, tracing_of

_LONGEST = 40
_SECRET = re.compile(r"HEADERS|TOKEN|SECRET|PASSWORD|_KEY$|CERTIFICATE", re.I)


def judged(found: Found, units: Sequence[Unit]) -> Found:
    """`found` with what the units are; units of one name, in Compose and on Kubernetes, are one service."""
    units = _joined(units)
    sources = {unit.name: sources_of(unit) for unit in units}
    roles = {unit.name: _role(unit, sources[unit.name]) for unit in units}
    seen = by_caller(edges(units, sources))
    for unit in units:
        role, what = roles[unit.name]
        callees = [roles[each.callee][0] for each in seen.get(unit.name, ())]
        if role is Role.PROXY and Role.SERVICE in callees:
            role, what = Role.SERVICE, ""
            roles[unit.name] = role, what
        if role is not Role.SERVICE:
            found.left_out[unit.name] = what
            if role is Role.TRACING:
                found.tracing.append(f"{unit.name} ({what})")
                found.backend = next((each for each in catalogue().backends if f"({each})" in what), found.backend)
    names = spec_names([unit.name for unit in units if roles[unit.name][0] is Role.SERVICE])
    for unit in units:
        if unit.name in names:
            service = _service(unit, names[unit.name], sources[unit.name])
            for edge in _without_order(seen.get(unit.name, ()), roles):
                _take(service, edge.callee, edge.guess, roles, names)
            _with_tracing(service, unit, sources[unit.name], roles, [e.callee for e in seen.get(unit.name, ())])
            found.services[service.name] = service
    _of_all(found)
    return found


def _without_order(found: Sequence[Edge], roles: dict[str, tuple[Role, str]]) -> list[Edge]:
    """Edges without those that only the order of starting shows, where a unit is told the addresses of others."""
    to_services = [edge for edge in found if roles[edge.callee][0] is Role.SERVICE]
    told = any(edge.guess.why.startswith(("its variable", "its command")) for edge in to_services)
    return [edge for edge in found if not (told and edge.guess.why == AFTER and edge in to_services)]


def _joined(units: Sequence[Unit]) -> list[Unit]:
    found: dict[str, Unit] = {}
    for unit in units:
        first = found.get(_key(unit.name))
        if first is None:
            found[_key(unit.name)] = unit
        elif first.target != unit.target:
            _merge(first, unit)
        else:
            # Two of one name on one target: two files that are not meant for the same cluster, or a namespace each.
            _merge(first, unit)
    return list(found.values())


def _key(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


def _merge(first: Unit, other: Unit) -> None:
    first.names |= other.names
    first.env = {**other.env, **first.env}
    first.own_files = {**other.own_files, **first.own_files}
    first.texts += other.texts
    first.words = first.words or other.words
    first.ports = first.ports or other.ports
    first.needs += other.needs
    first.workload = first.workload or other.workload
    first.build = first.build or other.build
    first.dockerfile = first.dockerfile or other.dockerfile
    first.image = first.image or other.image
    first.entry = first.entry or other.entry
    if first.target != other.target and first.target == "kubernetes":
        first.networks, first.profiles = other.networks, other.profiles


def _role(unit: Unit, sources: Sources) -> tuple[Role, str]:
    """What a unit is for, and in words what it is."""
    role, kind = role_of_image(unit.image)
    name = image_names(unit.image)[0]
    if unit.build is None or (role in (Role.STORE, Role.TRACING) and not sources.language):
        if role is not Role.SERVICE:
            return role, f"{_what(role, kind)}, by its image {name}"
    elif sources.stages:
        role, kind = role_of_image(sources.stages[-1])
        of_others = role is Role.TOOL and not named(("bases",), image_names(sources.stages[-1]))
        if role in (Role.STORE, Role.TRACING) or (of_others and not sources.language):
            return role, f"{_what(role, kind)}, by FROM {image_names(sources.stages[-1])[0]} of its Dockerfile"
    if not sources.language and not any(map(_is_language, sources.stages)):
        if kind := store_of_words(unit.name, name):
            return Role.STORE, f"{_what(Role.STORE, kind)}, by its name"
        last = re.split(r"[^a-z0-9]+", unit.name.lower())[-1]
        if unit.name.lower() in known()["store_names"] or last == "db":
            return Role.STORE, "a store, by its name"
    if runs_once(unit):
        return Role.TOOL, "runs once and prepares something, by its name"
    return Role.SERVICE, ""


def _is_language(stage: str) -> bool:
    return language_of_image(stage) not in ("", OTHER)


def _what(role: Role, kind: str) -> str:
    words = {Role.STORE: f"a store ({kind})", Role.TRACING: f"tracing ({kind})", Role.PROXY: "a proxy"}
    return words.get(role, "a tool, or a program of others")


def spec_names(names: Sequence[str]) -> dict[str, str]:
    """Names as the spec takes them: DNS labels that begin with a letter, 40 characters at most, each once."""
    found: dict[str, str] = {}
    for name in names:
        text = re.sub(r"[^a-z0-9-]+", "-", name.lower()).strip("-")
        text = text if text[:1].isalpha() else f"s-{text}".strip("-")
        label = text[:_LONGEST].rstrip("-")
        number = 2
        while label in found.values():
            label, number = f"{text[: _LONGEST - 3].rstrip('-')}-{number}", number + 1
        found[name] = label
    return found


def _service(unit: Unit, name: str, sources: Sources) -> FoundService:
    service = FoundService(name, unit)
    language = language_of(unit, sources)
    service.guesses["language"] = language
    if framework := framework_of(language.value, sources):
        service.guesses["framework"] = framework
    if port := port_of(unit, sources):
        service.guesses["port"] = port
    for library, guess in libraries_of(language.value, sources).items():
        service.guesses[f"libraries.{library}"] = guess
    if tag := tag_of(unit.image):
        service.guesses["version"] = Guess(tag, Sure.CERTAIN, "the tag of its image")
    return service


def _take(
    service: FoundService, callee: str, guess: Guess, roles: dict[str, tuple[Role, str]], names: dict[str, str]
) -> None:
    role, what = roles[callee]
    if role is Role.SERVICE:
        # What many are told from one file says of none of them what it calls.
        if not guess.why.endswith("from one file"):
            service.calls[names[callee]] = guess
    elif role is Role.STORE:
        service.stores[callee] = guess
        kind = what.partition("(")[2].partition(")")[0]
        language = service.guesses["language"].value
        library = library_for_store(language, kind)
        known_ones = any(key.startswith("libraries.") for key in service.guesses)
        if library and not known_ones:
            why = f"it talks with {callee}, and most programs of its language do it with this"
            service.guesses[f"libraries?{library}"] = Guess(library, Sure.UNSURE, why)


def _with_tracing(
    service: FoundService, unit: Unit, sources: Sources, roles: dict[str, tuple[Role, str]], callees: Sequence[str]
) -> None:
    hosts = [each for each in callees if roles[each][0] is Role.TRACING]
    service.tracing = tracing_of(unit, sources, hosts)
    if has_an_sdk_of_opentelemetry(service.tracing) and service.guesses["language"].value != OTHER:
        why = "it makes its own spans already, and needs the environment alone"
        service.guesses["instrumentation"] = Guess("none", Sure.LIKELY, why)
    service.kept = {
        name: value
        for name, value in unit.own_files.items()
        if name.startswith("OTEL_") and value and "$" not in value and not _SECRET.search(name)
    }


def _of_all(found: Found) -> None:
    """What the collector has to understand as long as not all have moved."""
    receivers = [each for service in found.services.values() for each in receivers_for(service.tracing)]
    found.receivers = sorted(set(receivers))
    languages = {str(service.guesses["language"].value) for service in found.services.values()}
    for receiver, propagator in (("jaeger", "jaeger"), ("zipkin", "b3multi")):
        if receiver in found.receivers:
            without = sorted(each for each in languages if propagator not in catalogue().languages[each].propagators)
            if without:
                found.notes.append(
                    f"clients of {receiver} are here, whose headers ({propagator}) these languages cannot read: "
                    f"{', '.join(without)}"
                )
            else:
                found.propagators.append(propagator)
