"""Instrumentation stubs and example services, from the files of a language's pack.

A stub is the same in every environment: what differs between environments is read from variables at run time.
"""

from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from tracegen.catalogue import Catalogue, LanguagePack
from tracegen.catalogue.data import data_path
from tracegen.catalogue.stub_files import TEMPLATE, stub_files
from tracegen.render.file import Written
from tracegen.render.template import render_template
from tracegen.system import Model, Service


def stubs(model: Model, packs: Catalogue) -> Iterator[Written]:
    """The files below each service's stub folder."""
    for service in model.services.values():
        pack = packs.languages[service.language]
        files = stub_files(pack, service.framework, service.instrumentation, bool(service.build))
        for path, source in files.items():
            text = _text(source, service, model, pack)
            if text.strip():
                target = f"{service.stub}/{_placed(service, path)}"
                yield Written(target, text, f"languages/{pack.name}", _keys(service, source))


def _placed(service: Service, path: str) -> str:
    """A package that comes into a folder of its own name, within a service that exists, is that folder."""
    folder = f"{PurePosixPath(service.stub).name}/"
    return path if service.build else path.removeprefix(folder)


def _text(source: Path, service: Service, model: Model, pack: LanguagePack) -> str:
    if source.suffix != TEMPLATE:
        return source.read_text(encoding="utf-8")
    values = {
        "service": service,
        "pack": pack,
        "images": model.images,
        "example": bool(service.build),
        "libraries": (),
    }
    return render_template(source.relative_to(data_path("templates")).as_posix(), values)


def _keys(service: Service, source: Path) -> tuple[str, ...]:
    images = ("registry", "versions") if source.name.startswith("Dockerfile") else ()
    return (f"services.{service.name}", "service_defaults", *images)
