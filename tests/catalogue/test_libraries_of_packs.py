"""What packs know of libraries: the versions that are said are those that are rendered."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml

from tracegen.catalogue import catalogue
from tracegen.render.template import render_template

LANGUAGES = ["go", "java", "rust", "dotnet"]
#: Where a language's versions of libraries stand.
MANIFESTS = {"go": "parts/net-http/go.mod.j2", "dotnet": "sdk/Tracing.props.j2"}


def libraries(language: str) -> dict[str, dict[str, Any]]:
    path = catalogue().languages[language].folder / "libraries.yaml"
    found: dict[str, dict[str, Any]] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return found


def rendered(path: Path, language: str, asked: list[str]) -> str:
    service = SimpleNamespace(name="api", framework="net/http", instrumentation="sdk", needs=(), libraries=asked)
    pack = catalogue().languages[language]
    values = {"service": service, "pack": pack, "example": True, "grpc": False, "propagators": []}
    values["libraries"] = [pack.libraries[name] for name in asked]
    return render_template(path.relative_to(pack.folder).as_posix(), values, pack.folder)


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_has_a_title_and_no_key_that_nobody_knows(language: str) -> None:
    for name, library in libraries(language).items():
        assert library["title"], name
        assert set(library) <= {"title", "packages", "use"}, name


@pytest.mark.parametrize("language", sorted(MANIFESTS))
def test_a_library_brings_its_module_in_its_version_and_others_do_not(language: str) -> None:
    manifest = catalogue().languages[language].folder / MANIFESTS[language]
    without = rendered(manifest, language, [])
    for name, library in libraries(language).items():
        for module, version in library.get("packages", {}).items():
            assert module not in without
            line = next(each for each in rendered(manifest, language, [name]).splitlines() if module in each)
            assert version in line
        if "packages" not in library and language == "dotnet":
            assert rendered(manifest, language, [name]) == without


@pytest.mark.parametrize("language", ["go", "rust", "dotnet"])
def test_what_is_switched_on_is_in_the_stub(language: str) -> None:
    folder = catalogue().languages[language].folder / "sdk"
    sources = [path for path in folder.rglob("*.j2") if "test" not in path.name and "tracing.toml" not in path.name]
    without = {path: rendered(path, language, []) for path in sources}
    for name in libraries(language):
        assert name == "reqwest" or any(rendered(path, language, [name]) != without[path] for path in sources), name
