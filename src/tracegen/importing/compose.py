"""Compose files as Compose reads them: overrides merged, `extends`, `include`, variables, `env_file`, configs."""

import re
from collections.abc import Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from tracegen.importing.documents import Tagged, documents, mapping, read_text, sequence, text_of
from tracegen.importing.facts import CannotImport, Unit
from tracegen.importing.variables import interpolated, variables_of

#: Lists of Compose that a later file adds to; others it replaces.
_DEEPEST = 20
_BY_NAME = ("environment", "labels", "args", "extra_hosts", "depends_on", "networks")
_REPLACED = ("command", "entrypoint", "healthcheck")
_PORTS = re.compile(r"^(?:.*:)?(\d+)(?:-\d+)?(?:/\w+)?$")
_TEXT_OF_CONFIGURATION = (".conf", ".yaml", ".yml", ".json", ".properties", ".toml", ".cfg", ".ini", ".env", ".lua")
_LARGEST_CONFIGURATION = 256 * 1024
_MOST_ENTRIES = 100
_SHELL = re.compile(r"""[^\s"']+|"[^"]*"|'[^']*'""")


class Project:
    """Compose files that belong together, merged in their order."""

    def __init__(self, files: Sequence[Path], *, variables: Mapping[str, str] | None = None) -> None:
        """`variables` stand in place of the shell's; the first file's folder is the project's, with its `.env`."""
        # Absolute, for paths are joined to it more than once.
        self.folder = files[0].parent.absolute()
        self.variables = {**variables_of(self.folder / ".env", {}), **(variables or {})}
        self.notes: list[str] = []
        self.names: dict[str, str] = {}
        self._bases: dict[str, Path] = {}
        self.raw: dict[str, Any] = {}
        for path in files:
            self._add(path, self.folder, self.variables, 0)

    @property
    def name(self) -> str:
        """`name:` of the files; '' without one."""
        return text_of(self.raw.get("name"))

    def units(self) -> list[Unit]:
        """A unit for each service, extended and with the files that it names."""
        services = mapping(self.raw.get("services"))
        configs = mapping(self.raw.get("configs"))
        return [self._unit(name, mapping(each), configs) for name, each in services.items()]

    def _add(self, path: Path, folder: Path, variables: Mapping[str, str], depth: int) -> None:
        if depth > _DEEPEST:
            self.notes.append(f"{path}: files include each other; read so far")
            return
        for document in documents(read_text(path), str(path)):
            value = mapping(_filled(document, variables))
            if "services" not in value and _is_of_compose_1(value):
                value = {"services": value}
            for each in sequence(value.pop("include", None)):
                self._include(each, path, folder, variables, depth)
            services = mapping(value.get("services"))
            for name in list(services):
                services[name] = self._extended(mapping(services[name]), services, path, folder, variables, 0)
                self.names[name] = str(path)
                self._bases.setdefault(name, folder)
            value["services"] = services
            self.raw = _merged(self.raw, value)

    def _include(self, each: Any, path: Path, folder: Path, variables: Mapping[str, str], depth: int) -> None:
        said = mapping(each) or {"path": each}
        paths = sequence(said.get("path")) or [said.get("path")]
        files = [folder / text_of(each) for each in paths if text_of(each)]
        if not files:
            return
        base = folder / text_of(said["project_directory"]) if said.get("project_directory") else files[0].parent
        env = sequence(said.get("env_file")) or [said.get("env_file") or ".env"]
        below = dict(variables)
        for each in env:
            below = {**variables_of(base / text_of(each), below), **below}
        for file in files:
            try:
                self._add(file, base, below, depth + 1)
            except CannotImport as error:
                self.notes.append(f"{path} includes what cannot be read: {error.message}")

    def _extended(
        self,
        service: dict[str, Any],
        siblings: Mapping[str, Any],
        path: Path,
        folder: Path,
        variables: Mapping[str, str],
        depth: int,
    ) -> dict[str, Any]:
        """The service with what it extends below it; paths of another file are seen from that file's folder."""
        service = _with_folder(service, folder)
        said = service.pop("extends", None)
        if said is None or depth > _DEEPEST:
            return service
        asked = mapping(said) or {"service": said}
        name, file = text_of(asked.get("service")), text_of(asked.get("file"))
        if not file:
            base = mapping(siblings.get(name))
            return mapping(_merged(self._extended(base, siblings, path, folder, variables, depth + 1), service))
        try:
            other = folder / file
            found = documents(read_text(other), str(other))
        except CannotImport as error:
            self.notes.append(f"{path} extends what cannot be read: {error.message}")
            return service
        services = mapping(mapping(_filled(found[0], variables)).get("services")) if found else {}
        base = self._extended(mapping(services.get(name)), services, other, other.parent, variables, depth + 1)
        return mapping(_merged(base, service))

    def _unit(self, name: str, said: dict[str, Any], configs: Mapping[str, Any]) -> Unit:
        folder = self._bases.get(name, self.folder)
        build, dockerfile = _build(said.get("build"), folder)
        own = self._from_files(said.get("env_file"), folder)
        networks = mapping(said.get("networks")) or {
            text_of(each): None for each in sequence(said.get("networks")) if text_of(each)
        }
        aliases = [text_of(a) for each in networks.values() for a in sequence(mapping(each).get("aliases"))]
        others = [text_of(said.get("container_name")), text_of(said.get("hostname"))]
        links = [text_of(each) for each in sequence(said.get("links"))]
        ports, published = _ports(said)
        unit = Unit(
            name=name,
            file=self.names.get(name, ""),
            target="compose",
            names={each.lower() for each in (name, *others, *aliases) if each},
            image=text_of(said.get("image")),
            build=build,
            dockerfile=dockerfile,
            env={**own, **_environment(said.get("environment"), self.variables)},
            own_files=own,
            words=[*_words(said.get("entrypoint")), *_words(said.get("command"))],
            texts=list(self._texts(said, configs, folder)),
            ports=ports,
            published=published,
            needs=_needs(said, links),
            networks=None if text_of(said.get("network_mode")) else list(networks),
            profiles=[text_of(each) for each in sequence(said.get("profiles"))],
            labels=_environment(said.get("labels"), {}),
            root=folder,
        )
        for link in links:
            target, _, alias = link.partition(":")
            if alias:
                unit.env.setdefault(f"__LINK_{alias}", target)
        return unit

    def _from_files(self, said: Any, folder: Path) -> dict[str, str]:
        found: dict[str, str] = {}
        for each in sequence(said) or ([said] if said else []):
            path = text_of(mapping(each).get("path")) or text_of(each)
            if path and "$" not in path:
                found |= variables_of(folder / path, {**self.variables, **found})
        return found

    def _texts(self, said: Mapping[str, Any], configs: Mapping[str, Any], folder: Path) -> Any:
        """Configuration that is mounted, as far as it is text and lies in the project."""
        for each in sequence(said.get("configs")):
            config = mapping(configs.get(text_of(mapping(each).get("source")) or text_of(each)))
            yield text_of(config.get("content"))
            if text_of(config.get("file")):
                yield from configuration(folder / text_of(config["file"]), folder)
        for each in sequence(said.get("volumes")):
            source = text_of(mapping(each).get("source")) or text_of(each).partition(":")[0]
            if source and not source.startswith(("/", "~")) and ("/" in source or source.startswith(".")):
                yield from configuration(folder / source, folder)


def configuration(path: Path, folder: Path, *, most: int = 20) -> list[str]:
    """Texts of a file or of the files of a folder that look like configuration; nothing far from `folder`."""
    try:
        top = folder.resolve().parent.parent
        inside = path.resolve()
        if not inside.is_relative_to(top) or inside == top or inside == folder.resolve():
            return []
        found: list[str] = []
        for file in _some_files(inside) if inside.is_dir() else [inside]:
            named = file.suffix.lower() in _TEXT_OF_CONFIGURATION or file.name.endswith(".template")
            if named and file.is_file() and file.stat().st_size <= _LARGEST_CONFIGURATION:
                found.append(file.read_text(encoding="utf-8", errors="replace"))
        return found[:most]
    except (OSError, ValueError):
        return []


def _some_files(folder: Path) -> list[Path]:
    """Files of a folder and of those in it, few enough that a mounted home costs nothing."""
    below = sorted(islice(folder.iterdir(), _MOST_ENTRIES))
    deeper = [each for one in below if one.is_dir() for each in sorted(islice(one.iterdir(), _MOST_ENTRIES // 4))]
    return [each for each in [*below, *deeper] if each.is_file()]


def _is_of_compose_1(value: Mapping[str, Any]) -> bool:
    inside = [mapping(each) for each in value.values()]
    return bool(inside) and all("image" in each or "build" in each for each in inside)


def _with_folder(service: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Relative paths as seen from their own file's folder, before another file's are merged over them."""
    service = dict(service)
    if service.get("build"):
        said = service["build"]
        if not isinstance(said, dict):
            said = {"context": text_of(said)}
        context = text_of(said.get("context")) or "."
        if not _is_remote(context):
            context = str(folder / context)
        service["build"] = {**said, "context": context}
    if service.get("env_file"):
        listed = sequence(service["env_file"]) or [service["env_file"]]
        paths = [text_of(mapping(each).get("path")) or text_of(each) for each in listed]
        service["env_file"] = [str(folder / path) for path in paths if path]
    return service


def _is_remote(context: str) -> bool:
    return "://" in context or context.startswith(("git@", "github.com/"))


def _filled(value: Any, variables: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        return interpolated(value, variables)
    if isinstance(value, dict):
        return {key: _filled(each, variables) for key, each in value.items()}
    if isinstance(value, list):
        return [_filled(each, variables) for each in value]
    if isinstance(value, Tagged):
        return Tagged(value.tag, _filled(value.value, variables))
    return value


def _merged(low: Any, high: Any, key: str = "") -> Any:
    """Two layers as Compose merges them: mappings by key, most lists one behind the other."""
    if isinstance(high, Tagged):
        return None if high.tag == "reset" else high.value
    if key in _BY_NAME and isinstance(low, (dict, list)) and isinstance(high, (dict, list)):
        low, high = _as_mapping(low), _as_mapping(high)
    if isinstance(low, dict) and isinstance(high, dict):
        found = dict(low)
        for name, value in high.items():
            found[name] = _merged(low.get(name), value, text_of(name))
        return found
    if isinstance(low, list) and isinstance(high, list) and key not in _REPLACED:
        return low + [each for each in high if each not in low]
    return low if high is None and key != "command" else high


def _as_mapping(value: Any) -> dict[Any, Any]:
    if isinstance(value, dict):
        return value
    pairs = [text_of(each).partition("=") for each in value if text_of(each)]
    return {name: (text if equals else None) for name, equals, text in pairs}


def _environment(said: Any, variables: Mapping[str, str]) -> dict[str, str]:
    """`environment` in both forms; a name alone takes the shell's value."""
    listed = _as_mapping(said) if isinstance(said, (dict, list)) else {}
    return {
        text_of(name): variables.get(text_of(name), "") if value is None else text_of(value)
        for name, value in listed.items()
        if text_of(name)
    }


def _build(said: Any, folder: Path) -> tuple[Path | None, Path | None]:
    context = text_of(mapping(said).get("context")) if isinstance(said, dict) else text_of(said)
    if not said or _is_remote(context):
        return None, None
    base = folder / (context or ".")
    named = text_of(mapping(said).get("dockerfile"))
    return base, base / (named or "Dockerfile")


def _words(said: Any) -> list[str]:
    if isinstance(said, list):
        return [text_of(each) for each in said]
    return [each.strip("\"'") for each in _SHELL.findall(text_of(said))]


def _ports(said: Mapping[str, Any]) -> tuple[list[int], dict[int, int]]:
    ports: list[int] = []
    published: dict[int, int] = {}
    for each in [*sequence(said.get("ports")), *sequence(said.get("expose"))]:
        entry = mapping(each)
        target = text_of(entry.get("target")) if entry else text_of(each).replace("${", "").replace("}", "")
        match = _PORTS.match(target)
        if not match or not 0 < int(match.group(1)) < 65536:
            continue
        port = int(match.group(1))
        ports.append(port)
        before = text_of(entry.get("published")) if entry else target.rpartition(":")[0].rpartition(":")[2]
        if before.isdigit():
            published[int(before)] = port
    return list(dict.fromkeys(ports)), published


def _needs(said: Mapping[str, Any], links: Sequence[str]) -> list[str]:
    depends = said.get("depends_on")
    names = [text_of(each) for each in depends] if isinstance(depends, list) else list(mapping(depends))
    external = [text_of(each) for each in sequence(said.get("external_links"))]
    return list(dict.fromkeys([*names, *(each.partition(":")[0] for each in [*links, *external])]))
