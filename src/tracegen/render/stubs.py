"""Instrumentation stubs and example services, from the files of a language's pack.

A stub is the same in every environment: what differs between environments is read from variables at run time.
"""

from collections.abc import Iterator
from pathlib import Path, PurePosixPath

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
    for service in system.services.values():
        if not service.shared:
            yield from stub(service, system, packs)


def stub(service: Service, system: System, packs: Catalogue) -> Iterator[Written]:
    """The files below the stub folder of a service."""
    pack = packs.languages[service.language]
    files = stub_files(pack, service.framework, service.instrumentation, bool(service.build))
    for path, source in files.items():
        text = _text(source, service, system, pack)
        if text.strip():
            yield Written(f"{service.stub}/{_placed(service, path)}", text, f"languages/{pack.name}")


def _placed(service: Service, path: str) -> str:
    """A package that comes into a folder of its own name, within a service that exists, is that folder."""
    folder = f"{PurePosixPath(service.stub).name}/"
    return path if service.build else path.removeprefix(folder)


def _text(source: Path, service: Service, system: System, pack: LanguagePack) -> str:
    if source.suffix != TEMPLATE:
        return source.read_text(encoding="utf-8")
    values = {
        "service": service,
        "pack": pack,
        "images": system.images,
        "example": bool(service.build),
        "propagators": [name for name in service.needs if name in PROPAGATORS],
        "grpc": GRPC in service.needs,
        "libraries": [pack.libraries[name] for name in service.libraries],
    }
    return render_template(source.relative_to(pack.folder).as_posix(), values, pack.folder)
