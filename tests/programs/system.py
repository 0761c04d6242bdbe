"""A rendered system, started from its rendered files on this machine: hosts, ports and paths are mapped here only.

Every port of every component gets a free port of 127.0.0.1; every folder and file that a component has in its
container gets one below a temporary folder. All else is read from the rendered files as it is.
"""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

from programs.running import LOOPBACK, Running, free_port
from tracegen.compiler import Rendered
from tracegen.system import Component, Secret, Text


class System:
    """The components of a rendered spec, ready to be started with real programs."""

    def __init__(
        self,
        rendered: Rendered,
        folder: Path,
        secrets: Mapping[str, str] | None = None,
        *,
        files: Mapping[str, Path] | None = None,
        outside: Mapping[str, str] | None = None,
        adapt: Callable[[Any], Any] | None = None,
    ) -> None:
        """`secrets` by variable, `files` by the path that a reference names; `outside` says which server of this
        machine, as `127.0.0.1:n`, stands for a `host:port` of the rendered files; `adapt` puts what is rendered for
        a pinned version into the words of the older one that runs here."""
        self._adapt = adapt or (lambda content: content)
        self._files = files or {}
        self._outside = outside or {}
        self.rendered = rendered
        folder.mkdir(exist_ok=True)
        self.folder = folder
        self.components = rendered.system.components
        self._secrets = secrets or {}
        self._ports: dict[tuple[str, int], int] = {}

    def address(self, component: str, port: int | str, replica: int = 1) -> str:
        """`127.0.0.1:n` for a port of a component, by number or name."""
        number = self.components[component].port(port) if isinstance(port, str) else port
        key = (self._own_name(component, replica), number)
        return f"{LOOPBACK}:{self._ports.setdefault(key, 0) or self._give(key)}"

    def prepare(self, component: str, program: Path, replica: int = 1) -> Running:
        """The component's program with the arguments and files it was rendered with, not yet started."""
        part = self.components[component]
        arguments = [self._local_text(argument, part, replica) for argument in part.args]
        self._write_files(part, replica)
        for path in self._folders(part):
            self._path(part, path, replica).mkdir(parents=True, exist_ok=True)
        return Running(
            program,
            arguments,
            self.folder,
            name=self._own_name(component, replica),
            environment={name: self._value(value) for name, value in part.environment.items()},
        )

    def start(self, component: str, program: Path, replica: int = 1) -> Running:
        """Start a component and wait until its rendered health check says that it works."""
        running = self.prepare(component, program, replica)
        running.start()
        self.wait_healthy(component, running, replica)
        return running

    @contextmanager
    def up(self, component: str, program: Path, replica: int = 1) -> Iterator[Running]:
        """A component that runs as long as the block does."""
        running = self.start(component, program, replica)
        try:
            yield running
        finally:
            running.stop()

    def wait_healthy(self, component: str, running: Running, replica: int = 1, seconds: float = 30) -> None:
        """Wait for the HTTP answer that the component's health check looks at."""
        health = self.components[component].health
        assert health is not None, f"{component} has no health check"
        running.wait_until(f"http://{self.address(component, health.port, replica)}{health.path}", seconds)

    def run_health_command(self, component: str, program: Path) -> int:
        """The exit code of the component's health check command, run with a program that stands for its image."""
        part = self.components[component]
        assert part.health is not None
        command = [self._local_text(word, part, 1) for word in part.health.command]
        done = subprocess.run([str(program), *command[1:]], capture_output=True, timeout=20, check=False)
        return done.returncode

    def config_path(self, component: str, replica: int = 1) -> Path:
        """The mapped configuration of a component, written now."""
        part = self.components[component]
        self._write_files(part, replica)
        return self._path(part, part.files[0].target, replica)

    @cached_property
    def _hosts(self) -> re.Pattern[str]:
        known = {*self.components, *(address.rpartition(":")[0] for address in self._outside)}
        names = "|".join(sorted(map(re.escape, known), key=len, reverse=True))
        return re.compile(rf"(?<![\w.-])(0\.0\.0\.0|127\.0\.0\.1|localhost|{names}):(\d+)(?![\w.])")

    def _give(self, key: tuple[str, int]) -> int:
        self._ports[key] = free_port()
        return self._ports[key]

    def _own_name(self, component: str, replica: int) -> str:
        return component if replica == 1 else f"{component}-{replica}"

    def _write_files(self, part: Component, replica: int) -> None:
        for mount in part.files:
            content = self.rendered.tree[mount.source].decode()
            target = self._path(part, mount.target, replica)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(self._local_file(mount.source, content, part, replica), encoding="utf-8")
        for secret in part.secret_files:
            if secret.secret.file in self._files:
                target = self._path(part, secret.target, replica)
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(self._files[secret.secret.file].read_bytes())

    def _local_file(self, source: str, content: str, part: Component, replica: int) -> str:
        if source.endswith((".yaml", ".yml")):
            return yaml.safe_dump(self._local(self._adapt(yaml.safe_load(content)), part, replica), sort_keys=False)
        if source.endswith(".json"):
            return json.dumps(self._local(json.loads(content), part, replica))
        return content

    def _local(self, value: Any, part: Component, replica: int) -> Any:
        if isinstance(value, dict):
            mapped = {key: self._local_entry(key, each, part, replica) for key, each in value.items()}
            if isinstance(value.get("host"), str) and isinstance(value.get("port"), int):
                mapped["host"], port = self.address(part.name, value["port"], replica).split(":")
                mapped["port"] = int(port)
            return mapped
        if isinstance(value, list):
            return [self._local(each, part, replica) for each in value]
        return self._local_text(value, part, replica) if isinstance(value, str) else value

    def _local_entry(self, key: str, value: Any, part: Component, replica: int) -> Any:
        """Tempo names its ports alone, as `…_port`."""
        if key.endswith("_port") and isinstance(value, int) and value in {port.number for port in part.ports}:
            return int(self.address(part.name, value, replica).split(":")[1])
        return self._local(value, part, replica)

    def _local_text(self, text: str, part: Component, replica: int) -> str:
        text = self._hosts.sub(lambda match: self._mapped(match, part, replica), text)
        for path in self._container_paths(part):
            text = re.sub(rf"(?<![\w/.-]){re.escape(path)}(?=/|$)", str(self._path(part, path, replica)), text)
        return text

    def _mapped(self, match: re.Match[str], part: Component, replica: int) -> str:
        host, port = match.group(1), int(match.group(2))
        if match.group() in self._outside:
            return self._outside[match.group()]
        if host in self.components and host != part.name:
            return self.address(host, port)
        own = host in ("0.0.0.0", "127.0.0.1", "localhost", part.name)
        return self.address(part.name, port, replica) if own else match.group()

    def _folders(self, part: Component) -> list[str]:
        """Where the component writes, /tmp aside."""
        return [*(volume.path for volume in part.volumes), *(path for path in part.writable if path != "/tmp")]

    def _container_paths(self, part: Component) -> list[str]:
        files = [mount.target for mount in part.files]
        secrets = [mount.target for mount in part.secret_files]
        return sorted([*files, *secrets, *self._folders(part)], key=len, reverse=True)

    def _path(self, part: Component, path: str, replica: int) -> Path:
        return self.folder / self._own_name(part.name, replica) / path.lstrip("/")

    def _value(self, value: Text) -> str:
        return "".join(self._secrets[part.variable] if isinstance(part, Secret) else part for part in value)
