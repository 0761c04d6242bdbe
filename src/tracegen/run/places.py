"""Where things are on this machine that a container has at its own place: the one map of hosts, ports and paths.

- A host of the rendered files, `payment:8080`, is 127.0.0.1 with a free port; `0.0.0.0:8080` in a component's own
  file is its own port. The port is the rendered one where `usual` asks for that and it is free.
- A path in a container, `/data/keys` of jaeger, is that path below a folder of its own: FOLDER/jaeger/data/keys.
- What is rendered for a server that runs elsewhere already is named in `outside`.

All else is read from the rendered files as it is.
"""

import json
import re
import socket
from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

from tracegen.system import Component, Secret, Text

LOOPBACK = "127.0.0.1"


def free_port(wanted: int = 0) -> int:
    """A port of this machine that nobody has at the moment: the wanted one if that is so."""
    for port in (wanted, 0):
        with socket.socket() as tried:
            try:
                tried.bind((LOOPBACK, port))
            except OSError:
                continue
            return int(tried.getsockname()[1])
    raise OSError("no port is free")


class Places:
    """The map of one rendered system; `tree` are the rendered files by path."""

    def __init__(
        self,
        components: Mapping[str, Component],
        tree: Mapping[str, bytes],
        folder: Path,
        secrets: Mapping[str, str] | None = None,
        *,
        files: Mapping[str, Path] | None = None,
        outside: Mapping[str, str] | None = None,
        adapt: Callable[[Any], Any] | None = None,
        usual: bool = False,
    ) -> None:
        """`secrets` by variable, `files` by the path that a reference names; `outside` says which server of this
        machine, as `127.0.0.1:n`, stands for a `host:port` of the rendered files; `adapt` puts what is rendered for
        a pinned version into the words of another one that runs here.
        """
        self.components = components
        self.folder = folder
        self._tree = tree
        self._adapt = adapt or (lambda content: content)
        self._files = files or {}
        self._outside = outside or {}
        self._secrets = secrets or {}
        self._usual = usual
        self._ports: dict[tuple[str, int], int] = {}

    def address(self, component: str, port: int | str, replica: int = 1) -> str:
        """`127.0.0.1:n` for a port of a component, by number or name."""
        number = self.components[component].port(port) if isinstance(port, str) else port
        if stands := self._outside.get(f"{component}:{number}"):
            return stands
        key = (self.own_name(component, replica), number)
        if key not in self._ports:
            is_given = number in self._ports.values()  # though nobody may listen there yet
            self._ports[key] = free_port(number if self._usual and not is_given else 0)
        return f"{LOOPBACK}:{self._ports[key]}"

    def own_name(self, component: str, replica: int = 1) -> str:
        """What a replica is called here."""
        return component if replica == 1 else f"{component}-{replica}"

    def arguments(self, component: str, replica: int = 1) -> list[str]:
        """The arguments of a component's program, as this machine has them."""
        part = self.components[component]
        return [self._local_text(argument, part, replica) for argument in part.args]

    def environment(self, component: str, replica: int = 1) -> dict[str, str]:
        """The variables of a component, as this machine has them. Raises KeyError with a secret that is not known."""
        part = self.components[component]
        return {name: self.text(value, component, replica) for name, value in part.environment.items()}

    def text(self, value: Text, component: str, replica: int = 1) -> str:
        """A value with its secrets, as this machine has it. Raises KeyError."""
        whole = "".join(self._secrets[part.variable] if isinstance(part, Secret) else part for part in value)
        return self._local_text(whole, self.components[component], replica)

    def write_files(self, component: str, replica: int = 1) -> None:
        """Write the files of a component and make the folders that it writes into, /tmp aside."""
        part = self.components[component]
        for mount in part.files:
            content = self._tree[mount.source].decode()
            target = self.path(component, mount.target, replica)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(self._local_file(mount.source, content, part, replica), encoding="utf-8")
        for secret in part.secret_files:
            if secret.secret.file in self._files:
                target = self.path(component, secret.target, replica)
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(self._files[secret.secret.file].read_bytes())
        for path in _folders(part):
            self.path(component, path, replica).mkdir(parents=True, exist_ok=True)

    def path(self, component: str, path: str, replica: int = 1) -> Path:
        """Where a path in a component's container is here."""
        return self.folder / self.own_name(component, replica) / path.lstrip("/")

    def local_text(self, text: str, component: str) -> str:
        """A text in which hosts and paths of containers may stand, as this machine has them."""
        return self._local_text(text, self.components[component], 1)

    @cached_property
    def _hosts(self) -> re.Pattern[str]:
        known = {*self.components, *(address.rpartition(":")[0] for address in self._outside)}
        names = "|".join(sorted(map(re.escape, known), key=len, reverse=True))
        return re.compile(rf"(?<![\w.-])(0\.0\.0\.0|127\.0\.0\.1|localhost|{names}):(\d+)(?![\w.])")

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
        for path in _container_paths(part):
            here = str(self.path(part.name, path, replica))
            text = re.sub(rf"(?<![\w/.-]){re.escape(path)}(?=/|$)", lambda _, here=here: here, text)  # type: ignore[misc]
        return text

    def _mapped(self, match: re.Match[str], part: Component, replica: int) -> str:
        host, port = match.group(1), int(match.group(2))
        if match.group() in self._outside:
            return self._outside[match.group()]
        if host in self.components and host != part.name:
            return self.address(host, port)
        own = host in ("0.0.0.0", "127.0.0.1", "localhost", part.name)
        return self.address(part.name, port, replica) if own else match.group()


def _folders(part: Component) -> list[str]:
    return [*(volume.path for volume in part.volumes), *(path for path in part.writable if path != "/tmp")]


def _container_paths(part: Component) -> list[str]:
    files = [mount.target for mount in part.files]
    secrets = [mount.target for mount in part.secret_files]
    return sorted([*files, *secrets, *_folders(part)], key=len, reverse=True)
