"""What runs by the files of one target: containers, and who reaches whom."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tracegen.doctor.documents import Document
from tracegen.doctor.finding import Finding, Mark

#: A variable of a container, and where it is set; None: its value is not known here.
Variables = Mapping[str, tuple[str | None, Mark]]


@dataclass(frozen=True, slots=True)
class Mount:
    """Something in a container's file system: `kind` is bind, volume, memory, secret or config."""

    kind: str
    source: str = ""
    mark: Mark = field(default_factory=lambda: Mark(""))
    read_only: bool = False


@dataclass(frozen=True, slots=True)
class Unit:
    """A container, or several that are the same.

    config    what its program reads; None for a service of the team
    program   collector, jaeger, tempo, or empty
    mounts    by path
    owned     volumes whose owner is set to the user that runs here
    memory    limit in MiB, 0 without one
    mark      where it is described
    labels    of its pod on Kubernetes; `networks` of Compose
    stopped   what keeps it from being started, and `why_stopped` in words
    """

    name: str
    mark: Mark
    config: Document | None = None
    program: str = ""
    environment: Variables = field(default_factory=dict)
    command: str = ""
    mounts: Mapping[str, Mount] = field(default_factory=dict)
    user: str = ""
    user_mark: Mark | None = None
    read_only: bool = False
    owned: frozenset[str] = frozenset()
    memory: int = 0
    labels: Mapping[str, str] = field(default_factory=dict)
    networks: Mapping[str, Mark] = field(default_factory=dict)
    ports: Mapping[str, int] = field(default_factory=dict)
    annotations: Mapping[str, tuple[str, Mark]] = field(default_factory=dict)
    host_network: bool = False
    stopped: Mark | None = None
    why_stopped: str = ""

    def mount_of(self, path: str) -> tuple[str, Mount] | None:
        """The mount in which a path lies, the innermost of several."""
        inside = [
            (where, each) for where, each in self.mounts.items() if path == where or path.startswith(f"{where}/")
        ]
        return max(inside, key=lambda pair: len(pair[0])) if inside else None


@dataclass(frozen=True, slots=True)
class Route:
    """Where a connection ends: at a port of a unit; outside (no unit); or nowhere, and `broken` says why."""

    unit: Unit | None = None
    port: int = 0
    broken: Finding | None = None


class World:
    """The containers of one target."""

    target = ""

    def __init__(self, folder: Path, units: Mapping[str, Unit], unreadable: list[Finding]) -> None:
        """`folder` holds the files; `unreadable` are those that nobody can read."""
        self.folder, self.units, self.unreadable = folder, units, unreadable

    def route(self, source: Unit, host: str, port: int, hop: str, mark: Mark) -> Route:
        """From a container to a host and port; `hop` and `mark` are of what names the address."""
        raise NotImplementedError

    def hosts(self) -> set[str]:
        """Names that lead to something here."""
        raise NotImplementedError
