"""The world of Docker Compose: `compose.yaml` with what is laid over it, and the files that it names."""

import posixpath
import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from tracegen.doctor.documents import (
    Document,
    Unreadable,
    environment_of,
    interpolated,
    merged,
    read_variables,
    read_yaml,
)
from tracegen.doctor.finding import Finding, Mark
from tracegen.doctor.program import config_flag, first_hop, program_of, unreadable
from tracegen.doctor.world import Mount, Route, Unit, Variables, World
from tracegen.source.words import did_you_mean

FILE = "compose.yaml"
OVERRIDES = ("compose.override.yaml", "compose.override.yml")
_DEFAULT = "default"


class Compose(World):
    """Containers find each other by name in the networks that they share."""

    target = "compose"

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        """`environment` is that of the process that would start the containers."""
        self.file, problems = _file(folder)
        dotenv = _dotenv(folder)
        self._variables = {**{name: value for name, (value, _) in dotenv.items()}, **environment}
        self.dotenv = dotenv
        units = {}
        owned = _owned(self.file)
        for name in self.file.table("services"):
            unit, found = self._unit(folder, name)
            units[name] = replace(unit, owned=frozenset(owned.get(unit.user, ())))
            problems += found
        problems += self._without_value(folder)
        super().__init__(folder, units, problems)
        self._hosts = {host: unit for unit in units.values() for host in self._names(unit.name)}

    def _without_value(self, folder: Path) -> Iterator[Finding]:
        """Variables that the file asks for; where nobody wrote a `.env` yet, they may be set elsewhere."""
        if not (folder / ".env").is_file():
            return
        text = (folder / FILE).read_text(encoding="utf-8", errors="replace")
        for name in dict.fromkeys(re.findall(r"\$\{(\w+):\?", text)):
            if not self._variables.get(name):
                mark = self.dotenv[name][1] if name in self.dotenv else Mark(".env")
                words = f"{name} has no value: docker compose starts nothing"
                command = f'echo "{name}=$(openssl rand -hex 32)" >> .env'
                yield Finding("environment", mark, words, command, self.target)

    def hosts(self) -> set[str]:
        """Names of services, containers and aliases."""
        return set(self._hosts)

    def published(self, unit: str, port: int) -> str:
        """Where this machine reaches a port of a container; empty when it does not."""
        for each in self.file.at("services", unit, "ports") or []:
            host, there = _published(each)
            if there == port:
                return host
        return ""

    def route(self, source: Unit, host: str, port: int, hop: str, mark: Mark) -> Route:
        """By name, in a network that both are in."""
        if host in ("localhost", "127.0.0.1", "::1") and not source.host_network:
            # Jaeger may talk with itself, and a service with a sidecar that shares its network.
            if source.config is not None:
                return Route(source, port)
            words = f"{host} is {source.name}'s own container, where nothing takes spans"
            return Route(broken=self._broken(hop, mark, words))
        target = self._hosts.get(host)
        if target is not None and (apart := self._apart(source, host, hop)):
            return Route(broken=apart)
        if target is not None and target.stopped:
            words = f"{target.name} is not started: {target.why_stopped}"
            there = first_hop(target.program) if target.program else hop
            return Route(broken=self._broken(there, target.stopped, words))
        if target is None and host in ("localhost", "127.0.0.1", "::1"):
            return Route()  # what this machine has there is not in these files
        if target is None:
            return self._outside(host, hop, mark)
        if not set(source.networks) & set(target.networks) and not source.host_network:
            where = next((each for each in source.networks.values() if each.file != FILE), source.mark)
            where = next((each for each in target.networks.values() if each.file != FILE), where)
            words = (
                f"{source.name} is in the networks {', '.join(source.networks)}, "
                f"{target.name} in {', '.join(target.networks)}: they do not reach each other"
            )
            return Route(broken=self._broken(hop, where, words))
        return Route(target, port)

    def _apart(self, source: Unit, host: str, hop: str) -> Finding | None:
        """What keeps a container from finding another by its name."""
        at = ("services", source.name)
        mode = str(self.file.at(*at, "network_mode") or "")
        if mode in ("none", "host"):
            why = "it reaches nobody" if mode == "none" else f"nothing is called {host} there"
            return self._broken(hop, self.file.mark(*at, "network_mode"), f"{source.name} has network {mode}: {why}")
        hosts = self.file.at(*at, "extra_hosts")
        entries = (
            [(f"{name}={address}", name) for name, address in hosts.items()]
            if isinstance(hosts, dict)
            else [(str(each), number) for number, each in enumerate(hosts or [])]
        )
        for text, place in entries:
            if text.partition("=" if "=" in text else ":")[0] == host:
                words = f"extra_hosts of {source.name} leads {host} elsewhere: {text}"
                return self._broken(hop, self.file.mark(*at, "extra_hosts", place), words)
        return None

    def _outside(self, host: str, hop: str, mark: Mark) -> Route:
        if "." in host or ":" in host:
            return Route()
        likely = did_you_mean(host, self.hosts())
        words = f"nothing is called {host!r} in {FILE}" + (f"; {likely}" if likely else "")
        return Route(broken=self._broken(hop, mark, words))

    def _broken(self, hop: str, mark: Mark, words: str) -> Finding:
        return Finding(hop, mark, words, "", self.target)

    def _names(self, unit: str) -> Iterator[str]:
        yield unit
        if name := self.file.at("services", unit, "container_name"):
            yield str(name)
        if name := self.file.at("services", unit, "hostname"):
            yield str(name)
        for network in self.file.table("services", unit, "networks").values():
            if isinstance(network, dict):
                yield from map(str, network.get("aliases") or [])

    def _unit(self, folder: Path, name: str) -> tuple[Unit, list[Finding]]:
        at = ("services", name)
        mounts = dict(_mounts(self.file, name))
        words = [*_words(self.file.at(*at, "entrypoint")), *_words(self.file.at(*at, "command"))]
        problems: list[Finding] = []
        stopped = self._stopped(name)
        config = None
        program = program_of(str(self.file.at(*at, "image") or ""))
        where = config_flag(words)
        entry = self.file.mark(*at, "entrypoint")
        if program and self.file.at(*at, "entrypoint") and entry.file != FILE:
            started = next(iter(_words(self.file.at(*at, "entrypoint"))), "nothing")
            problems.append(
                unreadable(program, entry, f"{name} starts {started} instead of its program", self.target)
            )
        if where and program:
            mount = mounts.get(where)
            mark = self.file.mark(*at, "command")
            if mount is None or mount.kind != "bind":
                problems.append(
                    unreadable(program, mark, f"{name} reads {where}, and nothing is mounted there", self.target)
                )
            else:
                config, more = _config(folder, mount.source, program, self.target)
                problems += more
        return (
            Unit(
                name=name,
                mark=self.file.mark(*at),
                config=config,
                program=program if where else "",
                environment=self._environment(folder, name, problems),
                command=" ".join(words),
                mounts=mounts,
                user=str(self.file.at(*at, "user") or ""),
                user_mark=self.file.mark(*at, "user"),
                read_only=bool(self.file.at(*at, "read_only")),
                memory=_mebibytes(self.file.at(*at, "deploy", "resources", "limits", "memory")),
                networks=_networks(self.file, name),
                host_network=self.file.at(*at, "network_mode") == "host",
                stopped=stopped[0],
                why_stopped=stopped[1],
            ),
            problems,
        )

    def _stopped(self, name: str) -> tuple[Mark | None, str]:
        """What keeps the engine from starting a service with the others."""
        at = ("services", name)
        profiles = {str(each) for each in self.file.at(*at, "profiles") or []}
        active = {each.strip() for each in self._variables.get("COMPOSE_PROFILES", "").split(",")}
        if profiles and not profiles & active and "*" not in active:
            return self.file.mark(*at, "profiles"), f"it is of the profile {', '.join(sorted(profiles))} alone"
        for key in (("scale",), ("deploy", "replicas")):
            if self.file.at(*at, *key) in (0, "0"):
                return self.file.mark(*at, *key), f"{key[-1]} is 0"
        return None, ""

    def _environment(self, folder: Path, name: str, problems: list[Finding]) -> Variables:
        found: dict[str, tuple[str | None, Mark]] = {}
        at = ("services", name)
        for number, each in enumerate(self.file.at(*at, "env_file") or []):
            path = each.get("path", "") if isinstance(each, dict) else str(each)
            try:
                found.update(read_variables(folder, posixpath.normpath(path)))
            except Unreadable as error:
                required = each.get("required", True) if isinstance(each, dict) else True
                if required:
                    mark = self.file.mark(*at, "env_file", number)
                    problems.append(
                        Finding("environment", mark, f"{path}: {error.why}", _restored(path), self.target, (name,))
                    )
        for key, (value, mark) in environment_of(self.file, *at, "environment").items():
            text = self._variables.get(key) if value is None else interpolated(value, self._variables)
            found[key] = (text, self._source(value, text) or mark)
        return found

    def _source(self, value: str | None, text: str | None) -> Mark | None:
        """A value that `.env` spoils stands there."""
        for name, (content, mark) in self.dotenv.items():
            if value and text and f"${{{name}" in value and content and content in text and "+" in content:
                return mark
        return None


def _restored(path: str) -> str:
    return f"{{render}} --restore {shlex.quote(posixpath.normpath(path))}"


def _file(folder: Path) -> tuple[Document, list[Finding]]:
    problems: list[Finding] = []
    document = Document(FILE, {})
    for file in (FILE, *OVERRIDES):
        if not (folder / file).is_file():
            continue
        try:
            found = next(iter(read_yaml(folder, file)), Document(file, {}))
            document = merged(document, found)
        except Unreadable as error:
            problems.append(Finding("environment", error.mark, error.why, "", "compose"))
    return document, problems


def _dotenv(folder: Path) -> dict[str, tuple[str, Mark]]:
    try:
        return read_variables(folder, ".env")
    except Unreadable:
        return {}


def _config(folder: Path, file: str, program: str, target: str) -> tuple[Document | None, list[Finding]]:
    try:
        return next(iter(read_yaml(folder, file)), Document(file, {})), []
    except Unreadable as error:
        return None, [unreadable(program, error.mark, error.why, target)]


def _mounts(file: Document, name: str) -> Iterator[tuple[str, Mount]]:
    at = ("services", name)
    for number, each in enumerate(file.at(*at, "volumes") or []):
        mark = file.mark(*at, "volumes", number)
        if isinstance(each, dict):
            kind = "memory" if each.get("type") == "tmpfs" else str(each.get("type"))
            source = posixpath.normpath(str(each.get("source", "")))
            yield str(each.get("target", "")), Mount(kind, source, mark, bool(each.get("read_only")))
        else:
            source, _, rest = str(each).partition(":")
            kind = "bind" if source.startswith((".", "/", "~")) else "volume"
            target, _, mode = rest.partition(":")
            yield target or source, Mount(kind, posixpath.normpath(source), mark, "ro" in mode.split(","))
    for number, path in enumerate(_words(file.at(*at, "tmpfs"))):
        yield path.partition(":")[0], Mount("memory", "", file.mark(*at, "tmpfs", number))
    for kind in ("secrets", "configs"):
        for number, each in enumerate(file.at(*at, kind) or []):
            source = each.get("source", "") if isinstance(each, dict) else str(each)
            target = (each.get("target") if isinstance(each, dict) else None) or f"/run/secrets/{source}"
            path = file.at(kind, source, "file") or ""
            yield str(target), Mount("secret", posixpath.normpath(str(path)), file.mark(*at, kind, number))


def _owned(file: Document) -> dict[str, set[str]]:
    """Volumes by the user that they are handed to: `chown 10001:10001 /volumes/<name>`, in a container of its own."""
    found: dict[str, set[str]] = {}
    for service in file.table("services").values():
        words = " ".join(_words(service.get("command") if isinstance(service, dict) else None)).split()
        for number, word in enumerate(words[:-2]):
            if word == "chown":
                user, path = words[number + 1], words[number + 2]
                found.setdefault(user, set()).add(posixpath.basename(path))
    return found


def _networks(file: Document, name: str) -> Mapping[str, Mark]:
    at = ("services", name, "networks")
    value = file.at(*at)
    if isinstance(value, list):
        return {str(each): file.mark(*at, number) for number, each in enumerate(value)}
    if isinstance(value, dict) and value:
        return {key: file.mark(*at, key) for key in value}
    return {_DEFAULT: file.mark("services", name)}


def _words(value: Any) -> list[str]:
    if isinstance(value, str):
        return value.split()
    return [str(each) for each in value] if isinstance(value, list) else []


def _published(port: Any) -> tuple[str, int]:
    """The address on this machine, empty where the engine chooses, and the port in the container."""
    if isinstance(port, dict):
        host = port.get("host_ip") or "127.0.0.1"
        there = int(port.get("target") or 0)
        return (f"{host}:{port['published']}" if port.get("published") else ""), there
    parts = str(port).partition("/")[0].split(":")
    there = int(parts[-1]) if parts[-1].isdecimal() else 0
    if len(parts) == 1 or not parts[-2]:
        return "", there
    host = parts[0] if len(parts) == 3 else "127.0.0.1"
    return f"{'127.0.0.1' if host == '0.0.0.0' else host}:{parts[-2]}", there


def _mebibytes(value: Any) -> int:
    """`512M` of a Compose file."""
    text = str(value or "").upper().removesuffix("B").removesuffix("I")
    factors = {"K": 1 / 1024, "M": 1, "G": 1024}
    number = text.rstrip("KMG")
    try:
        return round(float(number) * factors.get(text[len(number) :], 1 / 1024 / 1024))
    except ValueError:
        return 0
