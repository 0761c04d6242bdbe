"""Folders of services: lawful on every system, apart from each other, and none of tracegen's own."""

from collections.abc import Iterator

from tracegen.catalogue import Catalogue
from tracegen.decide import Settings
from tracegen.emit.output_paths import fault_of, folded, folders_above
from tracegen.problems import Code, Problem
from tracegen.rules._shared import at, cause
from tracegen.source.words import quoted
from tracegen.spec.said import Path

STUBS_IN_ONE_FOLDER = Code("TG504", "Two stubs in one folder")
NO_FOLDER_OF_A_SERVICE = Code("TG506", "Not a folder for a service")

#: What tracegen, its skeleton and the spec itself need at the top, beside a folder for each backend and storage.
TAKEN = frozenset(
    (
        *("collector", "kubernetes", "kubernetes-overlay", "prometheus", "grafana", "kafka", "env", "services"),
        *("compose.yaml", "compose.override.yaml", "tracing.md", "readme.md", "tracegen.yaml", "renovate.json"),
        *("requirements-tracegen.txt", "makefile"),
    )
)


def check(settings: Settings, packs: Catalogue) -> Iterator[Problem]:
    """The folder of each service, and that of its stub."""
    taken = TAKEN | {name.casefold() for name in (*packs.backends, *packs.storages)}
    owners: dict[str, str] = {}
    for name in settings.services:
        if fault := fault_of(f"services/{name}"):
            message = f"the folder services/{name} {fault}"
            hint = "give the service another name: files of every target are called after it"
            yield at(settings, NO_FOLDER_OF_A_SERVICE, ("services", name), message, hint)
        elif refused := _refusal(settings.services[name].stub, taken):
            yield at(settings, NO_FOLDER_OF_A_SERVICE, ("services", name, "stub"), *refused)
        else:
            owners.setdefault(folded(settings.services[name].stub), name)
    for name in settings.services:
        yield from _shared_folder(settings, name, owners)


def _refusal(stub: str, taken: frozenset[str]) -> tuple[str, str] | None:
    if fault := fault_of(stub):
        return f"{quoted(stub)} {fault}", "choose another folder, such as apps/<name>/tracing"
    first, *below = folded(stub).split("/")
    if first in taken and not (first == "services" and below):
        message = f"{quoted(stub)} lies where tracegen or its skeleton writes files of its own"
        return message, "choose another folder, such as apps/<name>/tracing"
    return None


def _shared_folder(settings: Settings, name: str, owners: dict[str, str]) -> Iterator[Problem]:
    """The nearest folder of another service that the stub of a service is, or lies in."""
    stub = settings.services[name].stub
    for folder in (stub, *reversed(folders_above(stub))):
        other = owners.get(folded(folder)) or _in_services(settings, folder)
        if other is not None and other != name:
            where = cause(settings, _said(name), _said(other))
            yield at(settings, STUBS_IN_ONE_FOLDER, where, *_words(name, other, stub, folder))
            return


def _said(name: str) -> Path:
    return ("services", name, "stub")


def _in_services(settings: Settings, folder: str) -> str | None:
    """The service that has a folder by its name: files for its variables lie there, wherever its stub does."""
    parent, _, name = folder.rpartition("/")
    return name if parent == "services" and name in settings.services else None


def _words(name: str, other: str, stub: str, folder: str) -> tuple[str, str]:
    hint = "give each its own; the default is services/<name>"
    if stub == folder:
        return f"the stubs of {name} and {other} would be in one folder, {stub}", hint
    return f"the stub of {name}, {stub}, would lie in the folder of {other}, {folder}", hint
