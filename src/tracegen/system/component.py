"""Components: what runs, told once and printed by every target. Nothing here is unset or a default."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Secret:
    """A reference to a secret (ruling 3).

    `variable` is the environment variable that carries it in compose; `name` and `key` the Secret and its key
    on Kubernetes; `file` the path of a file that is mounted, when the reference is one.
    """

    variable: str
    name: str
    key: str
    file: str = ""


def variable_of(name: str, key: str) -> str:
    """The variable in which Compose hands on a key of a Secret."""
    variable = re.sub(r"[^A-Za-z0-9]", "_", f"{name}_{key}").upper()
    return f"_{variable}" if variable[0].isdigit() else variable


def key_of_file(path: str) -> str:
    """The key of the project's Secret of files that holds a file."""
    return re.sub(r"[^-._a-zA-Z0-9]", "-", path.strip("./"))


#: A value of an environment variable: texts and secrets, one after the other.
Text = tuple[str | Secret, ...]


def text(*parts: str | Secret) -> Text:
    """A value of an environment variable from its parts."""
    return parts


class Publish(StrEnum):
    """The groups of ports that `compose.publish` names."""

    UI = "ui"
    ENTRY = "entry"
    OTLP = "otlp"
    ZIPKIN = "zipkin"
    JAEGER = "jaeger"
    GRAFANA = "grafana"


@dataclass(frozen=True, slots=True)
class Port:
    """A port that a component listens on; `publish` is the group under which the host may reach it."""

    name: str
    number: int
    publish: Publish | None = None
    protocol: str = "tcp"


@dataclass(frozen=True, slots=True)
class Health:
    """How to tell that a component works.

    `command` runs inside the container and uses only what the image has; `path` and `port` are the HTTP probe
    (an empty path: the port only has to be open), over TLS where `https` says so. Times are seconds:
    `start_interval` until it is healthy for the first time, at most for `start_period`, and `interval` from then on.
    """

    command: tuple[str, ...]
    port: int
    path: str
    https: bool = False
    start_period: int = 60
    start_interval: int = 2
    interval: int = 15
    timeout: int = 5
    retries: int = 4


@dataclass(frozen=True, slots=True)
class FileMount:
    """A rendered file inside a container: `source` is its path in the output, `target` where it is mounted.

    `live`: the program reads it again while it runs. A file that is mounted alone would stay the old one, since
    a render puts another in its place: its folder has to be mounted.
    """

    source: str
    target: str
    live: bool = False


@dataclass(frozen=True, slots=True)
class SecretMount:
    """A secret that is a file inside a container."""

    secret: Secret
    target: str


@dataclass(frozen=True, slots=True)
class Volume:
    """A volume of a component: name, mount path, size such as `2Gi`, and why it is there."""

    name: str
    path: str
    size: str
    why: str


@dataclass(frozen=True, slots=True)
class Resources:
    """Limits of one replica: cores, and bytes of memory."""

    cpu: float
    memory: int


@dataclass(frozen=True, slots=True)
class Call:
    """A port that a component connects to: of another component, or of a host that somebody else runs."""

    host: str
    port: int


class Wait(StrEnum):
    """What a component waits for in another."""

    HEALTHY = "healthy"
    COMPLETED = "completed"


@dataclass(frozen=True, slots=True)
class Metrics:
    """Where a component tells of itself in Prometheus's format: at `/metrics` of a port, over TLS where `https`."""

    port: int
    https: bool = False


class PodsRead(StrEnum):
    """The pods that something reads from the API server of its cluster: none, its namespace's, or all."""

    NONE = "none"
    NAMESPACE = "namespace"
    CLUSTER = "cluster"


@dataclass(frozen=True, slots=True)
class Component:
    """Something that runs in one container: a program, or a job that ends.

    build         the folder of the output that the image is built from; empty when it is pulled
    user          0 is root, for jobs that change owners only; None is the image's own
    writable      paths kept in memory when the root is read-only; `why_writable` says why it cannot be
    resources     None is no limit, for images that tracegen knows nothing of
    metrics       where it tells of itself; None where it does not, and for collectors, which are asked by their tiers
    calls         whom it connects to, names of the cluster's DNS aside
    headless      its name leads to the addresses of all replicas that are ready, not to one address before them
    most          replicas that it may grow to when load does; 0: it must not grow by itself
    per_node      one on each machine, reached from that machine
    all_name      a second name, for the addresses of all replicas, where its own leads to the nearest; empty: none
    ordinals      each replica has a host name of its own that ends in its number, from 0
    login         False: it asks nobody who they are, so only those that call it may reach it
    gossips       it tells others its address, and is found there: those that do share all networks
    copies        a name for components that keep the same data, so that one may be away; empty: no other has its data
    lingers       seconds that it works on once another took its place, and sends what waits in its memory
    grace         seconds between SIGTERM and SIGKILL
    every         seconds between the runs of a job that comes again; 0: it runs once
    ui            the port at which people look at traces; empty where they do not
    attributes    resource attributes of its spans, by commas, which a cluster completes with those of the pod
    pods          the pods that it reads from the API server, with a token; none where it has no cluster
    platform      False for services of the team
    production    False marks what tracegen runs for trying things out
    why           one line for the reader of the files
    """

    name: str
    image: str
    why: str
    build: str = ""
    args: tuple[str, ...] = ()
    entrypoint: tuple[str, ...] = ()
    ports: tuple[Port, ...] = ()
    health: Health | None = None
    files: tuple[FileMount, ...] = ()
    secret_files: tuple[SecretMount, ...] = ()
    volumes: tuple[Volume, ...] = ()
    environment: Mapping[str, Text] = field(default_factory=dict)
    environment_file: str = ""
    resources: Resources | None = None
    needs: Mapping[str, Wait] = field(default_factory=dict)
    user: int | None = 10001
    read_only: bool = True
    why_writable: str = ""
    writable: tuple[str, ...] = ()
    capabilities: tuple[str, ...] = ()
    metrics: Metrics | None = None
    calls: tuple[Call, ...] = ()
    headless: bool = False
    most: int = 0
    per_node: bool = False
    all_name: str = ""
    replicas: int = 1
    ordinals: bool = False
    login: bool = True
    gossips: bool = False
    copies: str = ""
    lingers: int = 0
    grace: int = 30
    job: bool = False
    every: int = 0
    ui: str = ""
    attributes: str = ""
    pods: PodsRead = PodsRead.NONE
    platform: bool = True
    production: bool = True
    comments: Mapping[str, str] = field(default_factory=dict)

    def port(self, name: str) -> int:
        """The number of a named port; KeyError when the component has none of that name."""
        return {port.name: port.number for port in self.ports}[name]

    @property
    def secrets(self) -> Iterator[Secret]:
        """Every secret that it refers to, by a variable or a file; one that several refer to comes as often."""
        for value in self.environment.values():
            yield from (part for part in value if isinstance(part, Secret))
        yield from (mount.secret for mount in self.secret_files)

    @property
    def about(self) -> str:
        """`why`, with a warning where it is for trying things out."""
        return self.why if self.production else f"{self.why}\nOne node, for trying things out: not for production."


def user_interface(components: Iterable[Component]) -> tuple[Component, Port] | None:
    """The component that shows traces to people, and its port; None where none does."""
    found = [(each, port) for each in components for port in each.ports if port.name == each.ui]
    assert len(found) <= 1, "one component shows the user interface"
    return found[0] if found else None
