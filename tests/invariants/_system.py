"""A rendered system as the invariants look at it: its files as data, and what runs them."""

import json
import re
from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import yaml

from invariants._manifests import Manifests, manifests
from tracegen.compiler import Rendered
from tracegen.system import Component, Unit

#: A finding: the file, and what is wrong there.
Finding = tuple[str, str]

_LOADER: type[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class NoKeyTwice(_LOADER):  # type: ignore[misc]
    """Reads YAML, and refuses a mapping that has a key twice."""

    def construct_mapping(self, node: Any, deep: bool = False) -> Any:
        seen: set[Any] = set()
        for key, _ in node.value:
            name = self.construct_object(key, deep=True)
            if name in seen:
                raise yaml.constructor.ConstructorError(None, None, f"{name!r} stands there twice", key.start_mark)
            seen.add(name)
        return super().construct_mapping(node, deep)


@dataclass(frozen=True)
class System:
    """One rendered spec. `name` says which; `said` is the spec's data.

    `said_for` is the environment of the spec, None for the base. `components` is what the system says runs, `units`
    how Compose runs it, and `cluster` what Kubernetes does.
    """

    name: str
    said: Mapping[str, Any]
    components: Mapping[str, Component]
    tree: Mapping[str, str]
    cluster: Mapping[str, Component]
    units: Mapping[str, Unit]
    said_for: str | None

    @staticmethod
    def of(name: str, rendered: Rendered) -> "System":
        """The system of a compiled spec."""
        tree = {path: content.decode() for path, content in rendered.tree.items()}
        system = rendered.system
        units = {unit.name: unit for unit in system.compose.units}
        said, cluster = rendered.settings.said.value, system.cluster.components
        return System(name, said, system.components, tree, cluster, units, system.environment)

    def callees(self, name: str) -> list[str]:
        """Whom a service calls, as the spec says it: by name, or with what is expected."""
        said = self.said["services"][name].get("calls") or []
        return [each["service"] if isinstance(each, dict) else each for each in said]

    def get(self, *path: str) -> Any:
        """What the spec says at a path, or None."""
        value: Any = self.said
        for part in path:
            value = value.get(part) if isinstance(value, dict) else None
        return value

    @cached_property
    def texts_said(self) -> frozenset[str]:
        """Every text of the spec, in any place."""
        return frozenset(_texts(self.said))

    @property
    def yaml_files(self) -> list[str]:
        """The paths of all YAML files."""
        return [path for path in self.tree if path.endswith((".yaml", ".yml"))]

    def data(self, path: str) -> Any:
        """A YAML or JSON file as data; free to read, not to change."""
        return _parsed(self.tree[path])

    @property
    def collectors(self) -> dict[str, dict[str, Any]]:
        """The configurations of all programs that are built on the Collector, Jaeger among them."""
        files = {path: self.data(path) for path in self.yaml_files if path.startswith(("collector/", "jaeger/"))}
        return {path: data for path, data in files.items() if "pipelines" in data.get("service", {})}

    @cached_property
    def manifests(self) -> Manifests:
        """What kubernetes/ brings to a cluster; nothing when it is not rendered."""
        return manifests(self.tree, self.data)

    @property
    def compose(self) -> dict[str, Any]:
        """compose.yaml; empty when it is not rendered."""
        found: dict[str, Any] = self.data("compose.yaml") if "compose.yaml" in self.tree else {}
        return found

    @property
    def containers(self) -> dict[str, dict[str, Any]]:
        """The services of compose.yaml."""
        found: dict[str, dict[str, Any]] = self.compose.get("services", {})
        return found

    @property
    def own_containers(self) -> dict[str, dict[str, Any]]:
        """Those whose image is tracegen's choice: all but the services that have an image in the spec."""
        return {name: each for name, each in self.containers.items() if not self.get("services", name, "image")}

    @property
    def platform(self) -> dict[str, dict[str, Any]]:
        """Those that are no service of the spec: backend, collectors, storage, jobs."""
        return {name: each for name, each in self.containers.items() if not self.get("services", name)}

    def environment(self, name: str) -> dict[str, str]:
        """The variables of a service of compose.yaml, from its files and its own; references stand as written."""
        found: dict[str, str] = {}
        for path in self.containers[name].get("env_file", []):
            found |= variables_of(self.tree.get(path.removeprefix("./"), ""))
        own = self.containers[name].get("environment", {})
        return found | {variable: str(value).replace("$$", "$") for variable, value in own.items()}

    def component_of(self, container: str) -> str:
        """The component that a service of compose.yaml runs; of replicas all but the first are numbered."""
        return container if container in self.components else container.rpartition("-")[0]

    def runners(self, path: str) -> list[Component]:
        """The components into which a rendered file is mounted."""
        return [
            component
            for component in self.components.values()
            if any(mount.source == path for mount in component.files)
        ]

    def containers_with(self, path: str) -> dict[str, dict[str, Any]]:
        """The services of compose.yaml into which a rendered file is mounted."""
        return {name: each for name, each in self.containers.items() if is_mounted(path, bind_sources(each))}


class Draft:
    """A tree to be damaged: `draft["compose.yaml"]` is the file as data, `draft.texts` holds the files as text.

    `draft.said` is the spec and `draft.cluster` the system: more may be asked for than the tree gives.
    """

    def __init__(self, system: System) -> None:
        self.good = system
        self._changed: dict[str, Any] = {}
        self.texts = dict(system.tree)
        self.said: dict[str, Any] = deepcopy(dict(system.said))
        self.cluster = dict(system.cluster)

    def __getitem__(self, path: str) -> Any:
        return self._changed.setdefault(path, deepcopy(self.good.data(path)))

    def put(self, path: str, data: Any) -> None:
        """A file in place of the one that is there, or beside the others."""
        self._changed[path] = data

    def container(self, name: str) -> dict[str, Any]:
        """A service of compose.yaml."""
        found: dict[str, Any] = self["compose.yaml"]["services"][name]
        return found

    def system(self) -> System:
        """The damaged system."""
        dumped = {path: yaml.safe_dump(data, sort_keys=False) for path, data in self._changed.items()}
        good, tree = self.good, {**self.texts, **dumped}
        return System("broken", self.said, good.components, tree, self.cluster, good.units, good.said_for)


def is_mounted(path: str, sources: list[str]) -> bool:
    """Whether a file is among what is mounted; a file of strategies comes with its folder, to be read again."""
    folder, _, name = path.rpartition("/")
    return path in sources or (name == "sampling.json" and folder in sources)


def bind_sources(container: Mapping[str, Any]) -> list[str]:
    """The files that are mounted into a service of compose.yaml, as paths in the output."""
    return [each["source"].removeprefix("./") for each in container.get("volumes", []) if each["type"] == "bind"]


def volumes_of(container: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The named volumes of a service of compose.yaml."""
    return [each for each in container.get("volumes", []) if each["type"] == "volume"]


def networks_of(container: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The networks of a service of compose.yaml, each with what is said of it."""
    said = container.get("networks") or ["default"]
    return {name: (said[name] if isinstance(said, dict) else None) or {} for name in said}


def is_job(container: Mapping[str, Any]) -> bool:
    """Whether a service of compose.yaml ends by itself, once and for all."""
    return container.get("restart") in ("no", "on-failure")


def is_loop(container: Mapping[str, Any]) -> bool:
    """Whether a service of compose.yaml is a job that comes again: it has nothing that could be asked."""
    return any("while :" in word for word in container.get("entrypoint", []))


def copies_a_secret(container: Mapping[str, Any], compose: Mapping[str, Any]) -> bool:
    """Whether Compose has to write a secret into the container, since it is no file of the host."""
    sources = [compose.get("secrets", {}).get(each["source"], {}) for each in container.get("secrets", [])]
    return any("file" not in source for source in sources)


def repository_of(image: str) -> str:
    """The image without its tag."""
    head, _, tail = image.rpartition("/")
    return f"{head}/{tail.partition(':')[0]}" if head else tail.partition(":")[0]


def megabytes(text: str) -> float:
    """The MiB in `512M`, `512Mi`, `512MiB` or `2G`, as Docker, Kubernetes and Go mean them."""
    match = re.fullmatch(r"([0-9.]+)([KMGT]?)(i?B|i)?", text)
    assert match, text
    return float(match[1]) * {"": 2**-20, "K": 2**-10, "M": 1, "G": 2**10, "T": 2**20}[match[2]]


def variables_of(text: str) -> dict[str, str]:
    """The variables of an environment file."""
    lines = (line.partition("=") for line in text.splitlines() if line and not line.startswith("#"))
    return {name: value for name, _, value in lines}


def leaves(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every scalar with its path."""
    if isinstance(value, dict):
        for key, below in value.items():
            yield from leaves(below, (*path, str(key)))
    elif isinstance(value, list):
        for index, below in enumerate(value):
            yield from leaves(below, (*path, str(index)))
    else:
        yield path, value


@lru_cache(maxsize=512)
def _parsed(text: str) -> Any:
    return json.loads(text) if text.startswith(("{", "[")) else yaml.load(text, _LOADER)


def _texts(value: Any) -> Iterator[str]:
    return (each for _, each in leaves(value) if isinstance(each, str))
