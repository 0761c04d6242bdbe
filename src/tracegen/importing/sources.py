"""What a build context says: the stages of its Dockerfile, its manifests, and the packages that they name."""

import contextlib
import json
import os
import re
import tomllib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from fnmatch import fnmatch
from functools import cache
from pathlib import Path
from typing import Any

from tracegen.importing.facts import Unit
from tracegen.importing.known import image_names, known

_FROM = re.compile(r"^\s*FROM\s+(?:--\S+\s+)*(\S+)(?:\s+AS\s+(\S+))?", re.I | re.M)
_EXPOSE = re.compile(r"^\s*EXPOSE\s+(\d+)", re.I | re.M)
_ARG = re.compile(r"^\s*ARG\s+(\w+)=(\S+)", re.I | re.M)
_COMMANDS = re.compile(r"^\s*(?:CMD|ENTRYPOINT)\s+(.+)$", re.I | re.M)
_LARGEST = 2 * 1024 * 1024

_MOST_TEXTS = 500
_MOST_FOLDERS = 60
_NOT_OWN = {"node_modules", "vendor", "target", "bin", "obj", "dist", "build", "venv"}
_OF_PROGRAMS = {
    *(".py", ".js", ".mjs", ".ts", ".tsx", ".go", ".java", ".kt", ".scala", ".rs", ".cs", ".rb", ".php", ".ex"),
    *(".exs", ".cpp", ".cc", ".h", ".yml", ".yaml", ".properties", ".json", ".conf", ".template", ".sh", ".lua"),
}
_CONFIGURATION = (
    *("*.conf", "*.conf.*", "*.template", "Caddyfile", "envoy*.y*ml", "application*.yml", "application*.properties"),
    *("appsettings.json", "src/main/resources/application*.yml", "src/main/resources/application*.properties"),
)
_ENV = re.compile(r"^\s*(?:ENV\s+)?([A-Z][A-Z0-9_]+)[= ](?:\"([^\"\n]*)\"|([^\s\\]+))\s*\\?\s*$", re.M)

#: Folders of a repository in which services lie, beside its top.
_PLACES = ("", "src", "services", "apps", "cmd", "packages", "backend", "microservices", "app", "server")
_ABOVE = 4


@dataclass(slots=True)
class Sources:
    """What was found of a program's own files.

    where      the folder, as it is told; empty where there is none
    stages     images of its Dockerfile's stages, the last one last
    language   of its manifests; empty where there are none
    packages   names of its dependencies
    env        variables that its Dockerfile sets
    texts      configuration that lies beside its Dockerfile
    folders    where its own files lie
    """

    where: str = ""
    file: str = ""
    named: bool = False
    stages: list[str] = field(default_factory=list)
    command: str = ""
    ports: list[int] = field(default_factory=list)
    language: str = ""
    packages: set[str] = field(default_factory=set)
    env: dict[str, str] = field(default_factory=dict)
    texts: list[str] = field(default_factory=list)
    folders: list[Path] = field(default_factory=list)

    def mentions(self, name: str) -> bool:
        """Whether a word stands in the program's own files."""
        return any(name in text for text in _program(tuple(self.folders)))


def sources_of(unit: Unit) -> Sources:
    """The sources of a unit: its build context, or a folder of the repository that is called like it."""
    if unit.build is not None:
        dockerfile = unit.dockerfile or unit.build / "Dockerfile"
        return _read(unit.build, dockerfile, named=False)
    folder = _folder_called(unit)
    return _read(folder, folder / "Dockerfile", named=True) if folder else Sources()


def _folder_called(unit: Unit) -> Path | None:
    """`src/checkout` of the repository for a unit `checkout`; files and not names decide the language."""
    if unit.root is None:
        return None
    last = image_names(unit.image)[0]
    names = {each for each in (unit.name.lower(), last, *unit.names) if each and "." not in each}
    start = unit.root.resolve()
    above = [start, *start.parents][:_ABOVE]
    # Without a repository, what lies higher up may be anybody's.
    top = next((each for each in above if (each / ".git").exists()), above[min(1, len(above) - 1)])
    for folder in above[: above.index(top) + 1]:
        for place in _PLACES:
            found = _folders(folder / place, deep=bool(place))
            for name in sorted(names, key=lambda each: (each != unit.name.lower(), each)):
                key = re.sub(r"[^a-z0-9]", "", name)
                if key in found and _language_of_folder(found[key])[0]:
                    return found[key]
    return None


@cache
def _folders(path: Path, *, deep: bool) -> dict[str, Path]:
    """The folders in a folder (`deep`: and in those) by their names without what is no letter; near ones win."""
    found: dict[str, Path] = {}
    nearer = _below(path)
    for each in [*nearer, *(deeper for one in nearer[: _MOST_FOLDERS * deep] for deeper in _below(one))]:
        found.setdefault(re.sub(r"[^a-z0-9]", "", each.name.lower()), each)
    return found


def _below(path: Path) -> list[Path]:
    try:
        return sorted(each for each in path.iterdir() if each.is_dir() and each.name not in _NOT_OWN)
    except OSError:
        return []


def _read(folder: Path, dockerfile: Path, *, named: bool) -> Sources:
    text = _text(dockerfile)
    found = Sources(where=folder.name if folder.name not in ("", "..") else folder.resolve().name, named=named)
    arguments = dict(_ARG.findall(text))
    stages: dict[str, str] = {}
    for image, name in _FROM.findall(text):
        image = re.sub(
            r"\$\{?(\w+)(?::-[^}]*)?\}?", lambda match: arguments.get(match.group(1), match.group(0)), image
        )
        image = stages.get(image.lower(), image)
        found.stages.append(image)
        if name:
            stages[name.lower()] = image
    commands = _COMMANDS.findall(text)
    found.command = " ".join(commands[-2:])
    found.env = {name: first or second for name, first, second in _ENV.findall(text)}
    found.texts = _configuration(dockerfile.parent if text else folder)
    found.ports = [int(each) for each in _EXPOSE.findall(text) if 0 < int(each) < 65536]
    for place in dict.fromkeys([dockerfile.parent, folder, *_copied(text, folder, dockerfile)]):
        language, file = _language_of_folder(place)
        if language:
            found.language, found.file = language, f"{place.name}/{file}"
            found.packages = packages_of(place, language)
            found.folders = [place]
            break
    return found


def _copied(text: str, folder: Path, dockerfile: Path) -> Iterable[Path]:
    """Folders below the context that the Dockerfile copies from, where a repository is the context of all."""
    for match in re.finditer(r"^\s*(?:COPY|ADD)\s+(?!--from)(?:--\S+\s+)*(\S+)", text, re.I | re.M):
        source = match.group(1).strip("\"'[,")
        if "*" not in source and "$" not in source and source not in (".", "./"):
            target = folder / source
            yield target if target.is_dir() else target.parent
    yield dockerfile.parent.parent


def _language_of_folder(folder: Path) -> tuple[str, str]:
    """The language of the manifests in a folder, and the manifest; patterns of sources come after names."""
    try:
        names = sorted(each.name for each in folder.iterdir()) if folder.is_dir() else []
    except OSError:
        return "", ""
    tables: dict[str, Any] = known()["languages"]
    # A package.json may stand beside anything, for tools; others are there for their own language alone.
    order = sorted(tables, key=lambda language: bool(tables[language].get("beside_others")))
    for exact in (True, False):
        for language in order:
            for pattern in tables[language]["files"]:
                if ("*" not in pattern or pattern.endswith("proj")) is exact and "/" not in pattern:
                    for name in names:
                        if fnmatch(name, pattern):
                            return language, name
    return "", ""


def _configuration(folder: Path) -> list[str]:
    """Configuration of proxies and applications that goes into an image."""
    try:
        named = [each for pattern in _CONFIGURATION for each in sorted(folder.glob(pattern))[:10]]
    except OSError:
        return []
    return [_text(each) for each in named]


@cache
def _program(folders: tuple[Path, ...]) -> tuple[str, ...]:
    """The texts of a program, as far as they are few and small."""
    found: list[str] = []
    for folder in folders:
        for path, below, names in os.walk(folder):
            below[:] = sorted(each for each in below if each not in _NOT_OWN and not each.startswith("."))
            found += [_text(Path(path) / each) for each in sorted(names) if Path(each).suffix in _OF_PROGRAMS]
            if len(found) > _MOST_TEXTS:
                return tuple(found)
    return tuple(found)


def packages_of(folder: Path, language: str) -> set[str]:
    """The names of dependencies in the manifests of a folder; those of tests and tools too."""
    readers: dict[str, list[str]] = known()["languages"].get(language, {}).get("packages", {})
    found: set[str] = set()
    for name, patterns in readers.items():
        for pattern in patterns:
            try:
                files = sorted(folder.glob(pattern))[:20]
            except OSError:
                continue
            for file in files:
                with contextlib.suppress(ValueError, TypeError, AttributeError):
                    found |= set(_READERS[name](_text(file)))
    return found


def _text(path: Path) -> str:
    try:
        if not path.is_file() or path.stat().st_size > _LARGEST:
            return ""
        return path.read_text(encoding="utf-8-sig", errors="replace")
    except OSError:
        return ""


def _package_json(text: str) -> Iterable[str]:
    value = json.loads(text)
    for key in ("dependencies", "optionalDependencies", "peerDependencies"):
        yield from value.get(key) or ()


def _requirements(text: str) -> Iterable[str]:
    for match in re.finditer(r"^\s*([A-Za-z0-9][\w.-]*)", text, re.M):
        yield match.group(1).lower().replace("_", "-")


def _pyproject(text: str) -> Iterable[str]:
    value = tomllib.loads(text)
    project = value.get("project") or {}
    groups = [project.get("dependencies") or [], *(project.get("optional-dependencies") or {}).values()]
    for group in groups:
        yield from _requirements("\n".join(map(str, group)))
    poetry = (value.get("tool") or {}).get("poetry") or {}
    yield from (str(name).lower() for name in poetry.get("dependencies") or ())
    yield from (str(name).lower() for name in value.get("packages") or ())


def _cargo(text: str) -> Iterable[str]:
    value = tomllib.loads(text)
    yield from value.get("dependencies") or ()
    yield from (value.get("workspace") or {}).get("dependencies") or ()


def _matches(pattern: str) -> Any:
    compiled = re.compile(pattern, re.M)
    return lambda text: (match.group(1) for match in compiled.finditer(text))


def _gradle(text: str) -> Iterable[str]:
    for group, name in re.findall(r"['\"]([\w.-]+):([\w.-]+)(?::[^'\"]*)?['\"]", text):
        yield from (group, name)
    for match in re.finditer(r"id\s*\(?['\"]([\w.-]+)['\"]", text):
        yield match.group(1)


def _composer(text: str) -> Iterable[str]:
    yield from json.loads(text).get("require") or ()


#: By the name that `known.yaml` has for them.
_READERS: dict[str, Callable[[str], Iterable[str]]] = {
    "package_json": _package_json,
    "requirements": _requirements,
    "pyproject": _pyproject,
    "setup": _matches(r"['\"]([A-Za-z][\w.-]+)(?:[><=~!][^'\"]*)?['\"]"),
    "go_mod": _matches(r"^\s*(?:require\s+)?([\w.-]+\.[\w.-]+/[\w./-]+)\s+v\S+(?!.*// indirect)\s*(?://.*)?$"),
    "pom": _matches(r"<artifactId>\s*([\w.-]+)\s*</artifactId>"),
    "gradle": _gradle,
    "cargo": _cargo,
    "project": _matches(r"PackageReference\s+[^>]*?Include=\"([\w.-]+)\""),
    "gemfile": _matches(r"^\s*gem\s+['\"]([\w.-]+)['\"]"),
    "composer": _composer,
}
