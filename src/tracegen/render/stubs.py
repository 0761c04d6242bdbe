"""Instrumentation stubs and example services, from the files of a language's pack.

A stub is the same in every environment: what differs between environments is read from variables at run time.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from tracegen.catalogue import Catalogue, LanguagePack
from tracegen.catalogue.stub_files import TEMPLATE, stub_files
from tracegen.render.template import render_template
from tracegen.system import Service, System
from tracegen.system.file import Written
from tracegen.system.needs import GRPC, PROPAGATORS

PROTOCOL = "OTEL_EXPORTER_OTLP_PROTOCOL"
TRACES_PROTOCOL = "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL"


def stubs(system: System, packs: Catalogue) -> Iterator[Written]:
    """The files below each service's stub folder, but of those that share the base's."""
    for name, files in stubs_by_service(system, packs):
        if not system.services[name].shared:
            yield from files


def stubs_by_service(system: System, packs: Catalogue) -> Iterator[tuple[str, list[Written]]]:
    """The name of each service, and the files below its stub folder."""
    texts = {name: _Texts(system, pack) for name, pack in packs.languages.items()}
    for name, service in system.services.items():
        yield name, list(_files(service, texts[service.language]))


def _files(service: Service, texts: "_Texts") -> Iterator[Written]:
    for path, text in texts.of(service):
        if text.strip():
            yield Written(f"{service.stub}/{_placed(service, path)}", text, f"languages/{service.language}")


def _placed(service: Service, path: str) -> str:
    """A package that comes into a folder of its own name, within a service that exists, is that folder."""
    folder = f"{PurePosixPath(service.stub).name}/"
    return path if service.build else path.removeprefix(folder)


class _Texts:
    """The texts of a language's files, each rendered once for all services that are the same to it.

    What a template reads of a service is noted while it renders; a service with the same values gets the same text.
    """

    def __init__(self, system: System, pack: LanguagePack) -> None:
        self._system, self._pack = system, pack
        self._files: dict[tuple[object, ...], tuple[tuple[str, Path], ...]] = {}
        self._plain: dict[Path, str] = {}
        self._read: dict[Path, tuple[str, ...]] = {}
        self._rendered: dict[tuple[object, ...], str] = {}

    def of(self, service: Service) -> Iterator[tuple[str, str]]:
        """Path and text of each file."""
        kind = (service.framework, service.instrumentation, bool(service.build))
        if kind not in self._files:
            self._files[kind] = tuple(stub_files(self._pack, *kind).items())
        for path, source in self._files[kind]:
            yield path, self._template(source, service) if source.suffix == TEMPLATE else self._copied(source)

    def _copied(self, source: Path) -> str:
        if source not in self._plain:
            self._plain[source] = source.read_text(encoding="utf-8")
        return self._plain[source]

    def _template(self, source: Path, service: Service) -> str:
        known = self._rendered.get(self._key(source, service))
        if known is not None:
            return known
        noted = _Noted(service, set(self._read.get(source, ())))
        name = source.relative_to(self._pack.folder).as_posix()
        text = render_template(name, self._values(noted), self._pack.folder)
        self._read[source] = tuple(sorted(noted.read))
        self._rendered[self._key(source, service)] = text
        return text

    def _key(self, source: Path, service: Service) -> tuple[object, ...]:
        """Two services with one key are the same to a template: all that it was ever seen to read is in it."""
        names = self._read.get(source, ())
        return (source, *((name, _hashable(getattr(service, name))) for name in names))

    def _values(self, service: "_Noted") -> dict[str, Any]:
        pack = self._pack
        return {
            "service": service,
            "pack": pack,
            "images": self._system.images,
            "example": bool(service.build),
            "propagators": [name for name in service.needs if name in PROPAGATORS],
            "grpc": GRPC in service.needs,
            "libraries": [pack.libraries[name] for name in service.libraries],
        }


class _Noted:
    """A service that notes which of its attributes are read."""

    def __init__(self, service: Service, read: set[str]) -> None:
        self.read, self._service = read, service

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._service, name)
        self.read.add(name)
        return value


def _hashable(value: object) -> object:
    return tuple(value.items()) if isinstance(value, Mapping) else value
